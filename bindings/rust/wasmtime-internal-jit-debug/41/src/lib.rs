// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//! In place of wasmtime's crate of this name and version.
#![no_std]

#[allow(unused_imports, reason = "without a feature there is nothing")]
pub use jitdebug_wasmtime::*;
