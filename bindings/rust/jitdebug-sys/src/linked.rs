// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//! The functions of a library that is linked.

use core::ffi::{c_char, c_void};

use crate::{jitdebug_function, jitdebug_image, jitdebug_registration, jitdebug_section};

unsafe extern "C" {
    /// Registers one ELF image. `image` is readable for `size` bytes, and stays so
    /// with [`JITDEBUG_BORROW`](crate::JITDEBUG_BORROW); `registration` receives the
    /// handle on success.
    pub fn jitdebug_register(
        image: *const c_void,
        size: usize,
        flags: u32,
        registration: *mut *mut jitdebug_registration,
    ) -> i32;

    /// Registers `count` images under one handle, all or none. `images` itself is
    /// free again on return.
    pub fn jitdebug_register_batch(
        images: *const jitdebug_image,
        count: usize,
        flags: u32,
        registration: *mut *mut jitdebug_registration,
    ) -> i32;

    /// Registers `count` functions of which there is no image: the library writes one.
    /// Elements are `functions[0].struct_size` bytes apart; all of it is copied.
    pub fn jitdebug_register_functions(
        functions: *const jitdebug_function,
        count: usize,
        flags: u32,
        registration: *mut *mut jitdebug_registration,
    ) -> i32;

    /// Registers an object file as a compiler wrote it, by where its sections were
    /// loaded: elements are `sections[0].struct_size` bytes apart; all of it is copied.
    pub fn jitdebug_register_object(
        object: *const c_void,
        size: usize,
        sections: *const jitdebug_section,
        count: usize,
        flags: u32,
        registration: *mut *mut jitdebug_registration,
    ) -> i32;

    /// Unregisters: borrowed buffers and the code's memory are the caller's again.
    /// Stale, foreign and invented handles get a status, NULL is fine.
    pub fn jitdebug_unregister(registration: *mut jitdebug_registration) -> i32;

    /// Tells what a debugger is shown as the image of this index, good until the
    /// handle is unregistered.
    pub fn jitdebug_registration_image(
        registration: *const jitdebug_registration,
        index: usize,
        image: *mut *const c_void,
        size: *mut usize,
    ) -> i32;

    /// Names a status in a few words: static text, never NULL.
    pub fn jitdebug_status_string(status: i32) -> *const c_char;

    /// Why this thread's latest failing call failed: never NULL, good until the
    /// thread's next failing call.
    pub fn jitdebug_last_error() -> *const c_char;

    /// What debuggers cannot see in this process, and why: static text, never NULL.
    pub fn jitdebug_notice() -> *const c_char;

    /// The version of the library: `major << 16 | minor << 8 | patch`.
    pub fn jitdebug_version() -> u32;
}
