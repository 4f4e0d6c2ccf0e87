// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//! Small images, and the list that a debugger reads.
#![allow(dead_code, reason = "each test uses what it needs")]

use std::ptr::null_mut;
use std::slice;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// One test at a time looks at the process's list.
pub fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An ELF file that a debugger reads: one function, named after its serial number,
/// where nothing is mapped.
pub fn image(serial: u64) -> Vec<u8> {
    const SECTIONS: u64 = 64;
    const SYMBOLS: u64 = SECTIONS + 4 * 64;
    const NAMES: u64 = SYMBOLS + 2 * 24;
    const NAMES_SIZE: u64 = 24;
    let mut image = Vec::from(*b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0");
    let mut put = |size: usize, value: u64| image.extend_from_slice(&value.to_le_bytes()[..size]);
    let machine = if cfg!(target_arch = "x86_64") { 62 } else { 183 };
    // The type ET_REL, the machine, the version; no entry, no segments; sections.
    let header = [(2, 1), (2, machine), (4, 1), (8, 0), (8, 0), (8, SECTIONS), (4, 0), (2, 64)];
    let counts = [(2, 0), (2, 0), (2, 64), (2, 4), (2, 3)];
    header.into_iter().chain(counts).for_each(|(size, value)| put(size, value));
    let mut section = |kind, flags, address, offset, size, link: u64, info, align, entry| {
        [(4, 0), (4, kind), (8, flags), (8, address), (8, offset), (8, size)]
            .into_iter()
            .chain([(4, link), (4, info), (8, align), (8, entry)])
            .for_each(|(size, value)| put(size, value));
    };
    section(0, 0, 0, 0, 0, 0, 0, 0, 0);
    section(8, 2 | 4, 0x2000_0000_0000 + serial * 16, 0, 16, 0, 0, 16, 0); // NOBITS, code
    section(2, 0, 0, SYMBOLS, 48, 3, 1, 8, 24);
    section(3, 0, 0, NAMES, NAMES_SIZE, 0, 0, 1, 0);
    put(8, 0);
    put(8, 0);
    put(8, 0);
    let function = [(4, 1), (1, 1 << 4 | 2), (1, 0), (2, 1), (8, 0), (8, 16)];
    function.into_iter().for_each(|(size, value)| put(size, value));
    let mut names = format!("\0f{serial}").into_bytes();
    names.resize(NAMES_SIZE as usize, 0);
    image.extend(names);
    image
}

#[repr(C)]
struct Entry {
    next: *const Entry,
    prev: *const Entry,
    symfile: *const u8,
    size: u64,
}

#[repr(C)]
struct Descriptor {
    version: u32,
    action: u32,
    relevant: *const Entry,
    first: *const Entry,
}

/// The images on the list, the newest first, and where they lie. The list is whole,
/// or this panics. Nobody may register meanwhile.
pub fn list() -> Vec<(*const u8, Vec<u8>)> {
    // SAFETY: the symbol is what the GDB JIT interface says, and the library's; what
    // is on the list can be read.
    unsafe {
        let flags = libc::RTLD_NOW | libc::RTLD_NOLOAD;
        let library = libc::dlopen(c"libjitdebug.so.1".as_ptr(), flags);
        if library.is_null() {
            return Vec::new(); // not loaded yet
        }
        let found = libc::dlsym(library, c"__jit_debug_descriptor".as_ptr());
        let descriptor = &*found.cast::<Descriptor>();
        assert_eq!((descriptor.version, descriptor.action), (1, 0));
        assert!(descriptor.relevant.is_null());
        let (mut images, mut prev, mut entry) =
            (Vec::new(), null_mut::<Entry>() as _, descriptor.first);
        while let Some(at) = entry.as_ref() {
            assert_eq!(at.prev, prev, "the list back is not the list forth");
            images.push((at.symfile, slice::from_raw_parts(at.symfile, at.size as usize).to_vec()));
            (prev, entry) = (entry, at.next);
        }
        images
    }
}

/// Without their places.
pub fn shown() -> Vec<Vec<u8>> {
    list().into_iter().map(|(_, image)| image).collect()
}
