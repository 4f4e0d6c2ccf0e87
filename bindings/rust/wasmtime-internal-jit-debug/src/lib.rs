//! The interface of wasmtime's crate `wasmtime-internal-jit-debug` on libjitdebug:
//! an unmodified wasmtime that is patched with this crate shares the process's one
//! list with all other JITs. The README says how.
#![no_std]

#[cfg(feature = "std")]
extern crate std;

#[cfg(feature = "gdb_jit_int")]
pub mod gdb_jit_int;

#[cfg(all(feature = "perf_jitdump", target_os = "linux"))]
pub mod perf_jitdump;
