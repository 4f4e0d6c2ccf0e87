// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//! The interface of wasmtime's crate `wasmtime-internal-jit-debug`, of every version
//! from 30 on, on libjitdebug: an unmodified wasmtime whose crate of that name is
//! patched with one made of this shares the process's one list with all other JITs.
//! The README says how.
#![no_std]

#[cfg(feature = "std")]
extern crate std;

#[cfg(feature = "gdb_jit_int")]
pub mod gdb_jit_int;

#[cfg(all(feature = "perf_jitdump", target_os = "linux"))]
pub mod perf_jitdump;
