// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//! Images of generated code, for gdb and lldb.

extern crate alloc;

use alloc::vec::Vec;

use jitdebug::{Options, Registration};

/// An image that debuggers are shown for as long as this lives.
pub struct GdbJitImageRegistration(Result<Registration, Vec<u8>>);

impl GdbJitImageRegistration {
    /// Registers an image, whatever is in it. Waits while another thread changes
    /// the list.
    ///
    /// This cannot fail, and what cannot be registered is not shown: an image
    /// without bytes; where memory is out; in a forked child in which the library
    /// cannot run; and, with the feature `dlopen` of [`jitdebug`], where there is
    /// no library.
    pub fn register(file: Vec<u8>) -> Self {
        // The library's copy is quicker for gdb than the image; but it takes only
        // what a debugger can read.
        let registered = Registration::register_copy(&file)
            .or_else(|_| Options::new().opaque(true).register(file));
        Self(registered.map_err(|error| error.into_image().unwrap_or_default()))
    }

    /// The image.
    pub fn file(&self) -> &[u8] {
        match &self.0 {
            Ok(registration) => registration.image(),
            Err(file) => file,
        }
    }
}
