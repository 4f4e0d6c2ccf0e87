// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//! Who has the bytes of what is registered.

use alloc::vec::Vec;

/// A buffer is a `Vec` still: to make it a boxed slice could move it, which is a copy.
pub(crate) enum Images {
    One(Vec<u8>),
    Batch(Vec<Vec<u8>>),
    /// The library.
    Copied,
}
