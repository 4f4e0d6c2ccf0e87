// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//! Sections of an object file.

use alloc::string::String;
use alloc::vec::Vec;
use core::ptr::{null, without_provenance};

use jitdebug_sys::jitdebug_section;

use crate::text::Text;

/// Where a section of an object file was loaded. The address is a number: what is
/// there is not read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Section {
    name: Option<Text>,
    index: u32,
    address: usize,
}

impl Section {
    /// The section of this name. Where several have it, such as those of functions
    /// that were each compiled into a `.text` of its own, take
    /// [`indexed`](Self::indexed).
    #[must_use]
    pub fn named(name: impl Into<Vec<u8>>, address: *const u8) -> Self {
        Self { name: Some(Text::new(name)), index: 0, address: address.addr() }
    }

    /// The section with this number in the file's table of sections, from 1.
    #[must_use]
    pub fn indexed(index: u32, address: *const u8) -> Self {
        Self { name: None, index, address: address.addr() }
    }

    /// For as long as `self` lives; or what is wrong with it.
    pub(crate) fn as_c(&self) -> Result<jitdebug_section, String> {
        let name = match &self.name {
            None => null(),
            Some(name) => name.as_c("name")?,
        };
        Ok(jitdebug_section {
            struct_size: size_of::<jitdebug_section>() as u32,
            index: self.index,
            name,
            address: without_provenance(self.address),
        })
    }
}
