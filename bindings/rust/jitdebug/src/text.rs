// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//! Text on its way to C.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::ffi::c_char;
use core::fmt;

/// Bytes that are handed over with a NUL behind them.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Text(Vec<u8>);

impl Text {
    pub(crate) fn new(bytes: impl Into<Vec<u8>>) -> Self {
        let mut bytes = bytes.into();
        bytes.push(0);
        Self(bytes)
    }

    fn bytes(&self) -> &[u8] {
        &self.0[..self.0.len() - 1]
    }

    /// For as long as `self` lives; or what is wrong with it, as the `what` of
    /// something.
    pub(crate) fn as_c(&self, what: &str) -> Result<*const c_char, String> {
        match self.bytes().iter().position(|&byte| byte == 0) {
            None => Ok(self.0.as_ptr().cast()),
            Some(at) => {
                let begin = self.bytes()[at.saturating_sub(60)..at].escape_ascii();
                Err(format!("{what} has a NUL at byte {at}, after \"{begin}\""))
            }
        }
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.bytes().escape_ascii())
    }
}
