// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//! Why a registration failed.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::images::Images;
use crate::library::text;

/// What kind of failure it is, one for each status of the C library.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Status {
    /// An image without bytes, a batch without images, a function or a section that
    /// cannot be as it is said to be.
    Argument,
    /// Not a handle of the library.
    Handle,
    /// A handle that is unregistered already.
    Stale,
    /// No debugger could read this image.
    Image,
    /// Out of memory; a later call can succeed.
    Memory,
    /// Another thread is changing the list, and the call was not to wait.
    Busy,
    /// A forked child in which the library cannot run.
    Forked,
    /// An image at this address is registered already.
    Duplicate,
    /// Not on this platform, or the library is missing (feature `dlopen`).
    Unsupported,
    /// A defect of the library.
    Internal,
    /// A status of a library that is newer than this crate.
    Other(i32),
}

impl Status {
    fn from_code(code: i32) -> Self {
        match code {
            jitdebug_sys::JITDEBUG_E_ARGUMENT => Self::Argument,
            jitdebug_sys::JITDEBUG_E_HANDLE => Self::Handle,
            jitdebug_sys::JITDEBUG_E_STALE => Self::Stale,
            jitdebug_sys::JITDEBUG_E_IMAGE => Self::Image,
            jitdebug_sys::JITDEBUG_E_MEMORY => Self::Memory,
            jitdebug_sys::JITDEBUG_E_BUSY => Self::Busy,
            jitdebug_sys::JITDEBUG_E_FORKED => Self::Forked,
            jitdebug_sys::JITDEBUG_E_DUPLICATE => Self::Duplicate,
            jitdebug_sys::JITDEBUG_E_UNSUPPORTED => Self::Unsupported,
            jitdebug_sys::JITDEBUG_E_INTERNAL => Self::Internal,
            other => Self::Other(other),
        }
    }

    /// The number that it has in C.
    #[must_use]
    pub fn code(self) -> i32 {
        match self {
            Self::Argument => jitdebug_sys::JITDEBUG_E_ARGUMENT,
            Self::Handle => jitdebug_sys::JITDEBUG_E_HANDLE,
            Self::Stale => jitdebug_sys::JITDEBUG_E_STALE,
            Self::Image => jitdebug_sys::JITDEBUG_E_IMAGE,
            Self::Memory => jitdebug_sys::JITDEBUG_E_MEMORY,
            Self::Busy => jitdebug_sys::JITDEBUG_E_BUSY,
            Self::Forked => jitdebug_sys::JITDEBUG_E_FORKED,
            Self::Duplicate => jitdebug_sys::JITDEBUG_E_DUPLICATE,
            Self::Unsupported => jitdebug_sys::JITDEBUG_E_UNSUPPORTED,
            Self::Internal => jitdebug_sys::JITDEBUG_E_INTERNAL,
            Self::Other(code) => code,
        }
    }
}

/// In a few words, the library's.
impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // SAFETY: takes any number, answers with static text.
        f.write_str(unsafe { text(jitdebug_sys::jitdebug_status_string(self.code())) })
    }
}

/// A status, and the sentence with it; where memory is out, the status must do.
pub(crate) struct Failure {
    pub(crate) status: Status,
    pub(crate) sentence: String,
}

impl Failure {
    /// This thread's latest, which was answered with this number.
    pub(crate) fn latest(code: i32) -> Self {
        let mut sentence = String::new();
        // SAFETY: the text is good until this thread's next failing call.
        let latest = unsafe { text(jitdebug_sys::jitdebug_last_error()) };
        if sentence.try_reserve_exact(latest.len()).is_ok() {
            sentence.push_str(latest);
        }
        Self { status: Status::from_code(code), sentence }
    }

    pub(crate) fn memory() -> Self {
        Self { status: Status::Memory, sentence: String::new() }
    }
}

/// Nothing was registered. Shown as the library's sentence, which names what is at
/// fault.
///
/// The images that were handed over come back with [`into_image`](Self::into_image)
/// and [`into_images`](Self::into_images).
pub struct Error {
    status: Status,
    sentence: String,
    images: Images,
}

impl Error {
    pub(crate) fn new(failure: Failure, images: Images) -> Self {
        Self { status: failure.status, sentence: failure.sentence, images }
    }

    /// What kind of failure it is.
    #[must_use]
    pub fn status(&self) -> Status {
        self.status
    }

    /// The image that [`Registration::register`](crate::Registration::register) or
    /// [`try_register`](crate::Registration::try_register) was given, the same
    /// buffer. `None` after the other functions.
    #[must_use]
    pub fn into_image(self) -> Option<Vec<u8>> {
        match self.images {
            Images::One(image) => Some(image),
            Images::Batch(_) | Images::Copied => None,
        }
    }

    /// The images that were handed over, in their order. None where they were only
    /// lent, to be copied.
    #[must_use]
    pub fn into_images(self) -> Vec<Vec<u8>> {
        match self.images {
            Images::One(image) => Vec::from([image]),
            Images::Batch(images) => images,
            Images::Copied => Vec::new(),
        }
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("status", &self.status)
            .field("sentence", &self.sentence)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.sentence.is_empty() { self.status.fmt(f) } else { f.write_str(&self.sentence) }
    }
}

impl core::error::Error for Error {}
