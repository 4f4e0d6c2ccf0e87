//! Code that a JIT generates is invisible: gdb and lldb print `??`. This crate puts
//! its images on the process's one list for the GDB JIT interface, and the
//! debuggers print names, lines and locals.
//!
//! ```no_run
//! # fn elf_image_of_my_code() -> Vec<u8> { Vec::new() }
//! use jitdebug::Registration;
//!
//! let image = elf_image_of_my_code(); // with the addresses at which it was loaded
//! let registration = Registration::register(image)?;
//! // ... the code runs, and is debugged ...
//! drop(registration); // before the code's memory is used for something else
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
mod library;
mod registration;

pub use error::{Error, Status};
pub use library::{Version, notice, version};
pub use registration::{Options, Registration};
