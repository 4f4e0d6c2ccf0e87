// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//! What there is to know about the library.

use core::ffi::{CStr, c_char};
use core::fmt;

/// A version of the library.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// Changes never: the ABI only grows.
    pub major: u16,
    /// Grows with new functions.
    pub minor: u8,
    /// Grows with mended ones.
    pub patch: u8,
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.patch)
    }
}

/// The version of the library in this process, or `None` where there is none
/// (feature `dlopen`): then a runtime can spare itself making images.
#[must_use]
pub fn version() -> Option<Version> {
    // SAFETY: takes nothing, may be called any time.
    let version = unsafe { jitdebug_sys::jitdebug_version() };
    let [_, major, minor, patch] = version.to_be_bytes();
    (version != 0).then_some(Version { major: major.into(), minor, patch })
}

/// What debuggers cannot see in this process although it is registered, and why, in
/// a sentence: a program that has a `__jit_debug_descriptor` of its own keeps lldb,
/// and some versions of gdb, from the library's. Empty if there is nothing of the
/// kind, and before the first registration.
#[must_use]
pub fn notice() -> &'static str {
    // SAFETY: takes nothing, may be called any time, answers with static text.
    unsafe { text(jitdebug_sys::jitdebug_notice()) }
}

/// A text of the library's.
///
/// # Safety
///
/// It ends in NUL and lives for `'a`.
pub(crate) unsafe fn text<'a>(text: *const c_char) -> &'a str {
    // SAFETY: the caller's promise. The library's texts are UTF-8 and never NULL.
    unsafe { CStr::from_ptr(text) }.to_str().unwrap_or_default()
}
