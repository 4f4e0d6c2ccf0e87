// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//! Code that a JIT generates is invisible: gdb and lldb print `??`. This crate puts
//! it on the process's one list for the GDB JIT interface, and the debuggers print
//! names, lines and backtraces, stop at lines and step through them.
//!
//! A JIT that has names, addresses and perhaps lines says so with [`Function`]s:
//!
//! ```
//! use jitdebug::{Function, Line, Registration};
//!
//! # let code = [0x55, 0x48, 0x89, 0xe5, 0x8d, 0x47, 0x01, 0x5d, 0xc3];
//! let lines = [Line { offset: 0, line: 3, column: 1 }, Line { offset: 4, line: 4, column: 1 }];
//! let function = Function::new("fib", code.as_ptr(), code.len()).source("/src/fib.js", lines);
//! // SAFETY: the code is in place, and stays as it is while it is registered.
//! let function = unsafe { function.frame_pointer() };
//! let registration = Registration::register_functions(&[function])?;
//! // ... the code runs, and is debugged ...
//! drop(registration); // before the code's memory is used for something else
//! # Ok::<(), jitdebug::Error>(())
//! ```
//!
//! One that has an object file, as a compiler wrote it, names the places to which
//! it has loaded the [`Section`]s:
//!
//! ```no_run
//! # fn compile() -> (Vec<u8>, &'static [u8]) { (Vec::new(), &[]) }
//! use jitdebug::{Registration, Section};
//!
//! let (object, text) = compile();
//! let sections = [Section::named(".text", text.as_ptr())];
//! let registration = Registration::register_object(&object, &sections)?;
//! # Ok::<(), jitdebug::Error>(())
//! ```
//!
//! And one that makes ELF images hands them over, with the addresses at which they
//! were loaded:
//!
//! ```no_run
//! # fn elf_image_of_my_code() -> Vec<u8> { Vec::new() }
//! use jitdebug::Registration;
//!
//! let registration = Registration::register(elf_image_of_my_code())?; // not copied
//! # Ok::<(), jitdebug::Error>(())
//! ```
//!
//! All runtimes of a process, whichever language they are in, share the list and
//! its lock by way of one C library, libjitdebug. By default a program is linked
//! with it; with the feature `dlopen` it is looked for at the first registration,
//! and where it is missing that fails with [`Status::Unsupported`] and the program
//! goes on. [`jitdebug_sys`] says how it is found.
//!
//! # Threads, panics, forks
//!
//! Everything here may be called from any thread. The library keeps the lock, so a
//! panic of the host cannot poison it, and nothing here panics.
//!
//! A forked child in which the library cannot run gets [`Status::Forked`]. What is
//! dropped there stays on the child's list, and its memory is kept for as long as
//! the child lives.
#![no_std]
#![deny(missing_docs)]

extern crate alloc;

mod error;
mod function;
mod images;
mod library;
mod registration;
mod section;
mod text;

pub use error::{Error, Status};
pub use function::{Function, Line};
pub use library::{Version, notice, version};
pub use registration::{Options, Registration};
pub use section::Section;
