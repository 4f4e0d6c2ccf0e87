// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//! The C functions of libjitdebug, which shows code generated at run time to gdb
//! and lldb. What is promised stands in the library's header, `jitdebug.h`; the
//! crate [`jitdebug`](https://docs.rs/jitdebug) is the safe way to them.
//!
//! By default the library is linked. The build looks for it in the directory that
//! the environment variable `JITDEBUG_LIB_DIR` names, then asks pkg-config for
//! `jitdebug`, and in a checkout of libjitdebug builds it with Go. Build scripts of
//! crates that depend on this one directly read `DEP_JITDEBUG_LIB_DIR`, the
//! directory that the library is in, and `DEP_JITDEBUG_INCLUDE`, that of the
//! header.
//!
//! With the feature `dlopen` a build needs no library. The first call that needs it
//! looks for a copy that is loaded already, then for the file that the environment
//! variable `JITDEBUG_LIBRARY` names, then for `libjitdebug.so.1` where the dynamic
//! linker looks. Without a library the functions answer
//! [`JITDEBUG_E_UNSUPPORTED`], [`jitdebug_version`] 0, and
//! [`jitdebug_last_error`] says what was tried; so they do on systems other than
//! Linux, whichever the features.
#![no_std]
#![allow(non_camel_case_types)]

#[cfg(not(all(target_os = "linux", not(feature = "dlopen"))))]
extern crate alloc;

use core::ffi::{c_char, c_void};
use core::marker::{PhantomData, PhantomPinned};

#[cfg(all(target_os = "linux", not(feature = "dlopen")))]
#[path = "linked.rs"]
mod functions;
#[cfg(not(all(target_os = "linux", not(feature = "dlopen"))))]
#[path = "dlopen.rs"]
mod functions;

pub use functions::*;

/// One or more images that were registered together: a handle, never followed.
#[repr(C)]
pub struct jitdebug_registration {
    _opaque: [u8; 0],
    _marker: PhantomData<(*mut u8, PhantomPinned)>,
}

/// An ELF image in memory.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct jitdebug_image {
    /// Its first byte.
    pub data: *const c_void,
    /// Its size in bytes.
    pub size: usize,
}

/// Where a line of source begins in a function's code.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct jitdebug_line {
    /// In bytes from the function's address.
    pub offset: u64,
    /// The line, from 1.
    pub line: u32,
    /// The column, or 0.
    pub column: u32,
}

/// A function that was generated. Zero it, set `struct_size`, then what there is to
/// say.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct jitdebug_function {
    /// `size_of::<jitdebug_function>()`.
    pub struct_size: u32,
    /// How its frame is unwound: [`JITDEBUG_UNWIND_NONE`] and the like.
    pub unwind: u32,
    /// What debuggers show, byte for byte.
    pub name: *const c_char,
    /// The first byte of the code.
    pub address: *const c_void,
    /// The size of the code in bytes.
    pub size: usize,
    /// The path of the source file, or NULL.
    pub file: *const c_char,
    /// Where lines begin, by ascending offsets.
    pub lines: *const jitdebug_line,
    /// How many lines.
    pub line_count: usize,
    /// With [`JITDEBUG_UNWIND_CFI`]: DW_CFA instructions.
    pub cfi: *const c_void,
    /// Their size in bytes.
    pub cfi_size: usize,
}

/// Where a section of an object file was loaded.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct jitdebug_section {
    /// `size_of::<jitdebug_section>()`.
    pub struct_size: u32,
    /// Of the section header; 0: find it by name.
    pub index: u32,
    /// NULL: by index alone; with both, they must agree.
    pub name: *const c_char,
    /// Of its first byte in this process.
    pub address: *const c_void,
}

/// Nothing is said about a function's frame.
pub const JITDEBUG_UNWIND_NONE: u32 = 0;
/// The function keeps the frame pointer.
pub const JITDEBUG_UNWIND_FRAME_POINTER: u32 = 1;
/// The caller's own call frame instructions.
pub const JITDEBUG_UNWIND_CFI: u32 = 2;

/// A flag: no copy, the caller keeps the buffer alive, readable and unchanged until
/// the registration is unregistered.
pub const JITDEBUG_BORROW: u32 = 1;
/// A flag: never wait for another thread that is changing the list.
pub const JITDEBUG_NOWAIT: u32 = 2;
/// A flag: do not look inside the image.
pub const JITDEBUG_OPAQUE: u32 = 4;

/// A status: success.
pub const JITDEBUG_OK: i32 = 0;
/// A status: NULL where a value is needed, a size or a count of 0, an index past
/// the end, an unknown flag.
pub const JITDEBUG_E_ARGUMENT: i32 = -1;
/// A status: not a handle that the library gave out.
pub const JITDEBUG_E_HANDLE: i32 = -2;
/// A status: a handle that is unregistered already.
pub const JITDEBUG_E_STALE: i32 = -3;
/// A status: no debugger could read this image.
pub const JITDEBUG_E_IMAGE: i32 = -4;
/// A status: out of memory; nothing changed, and a later call can succeed.
pub const JITDEBUG_E_MEMORY: i32 = -5;
/// A status: [`JITDEBUG_NOWAIT`] was given, and the list was being changed.
pub const JITDEBUG_E_BUSY: i32 = -6;
/// A status: this process was forked, and the library cannot run in it.
pub const JITDEBUG_E_FORKED: i32 = -7;
/// A status: an image at this borrowed address is registered already.
pub const JITDEBUG_E_DUPLICATE: i32 = -8;
/// A status: known, but not on this platform or in this build.
pub const JITDEBUG_E_UNSUPPORTED: i32 = -9;
/// A status: a defect of the library, caught at its boundary.
pub const JITDEBUG_E_INTERNAL: i32 = -10;
