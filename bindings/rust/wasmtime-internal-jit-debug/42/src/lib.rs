//! In place of wasmtime's crate of this name and version.
#![no_std]

pub use jitdebug_wasmtime::*;
