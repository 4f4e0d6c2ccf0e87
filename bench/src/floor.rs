// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//! A list as a few lines of C would keep it: the least that copying an image and
//! putting it on a list costs.

use std::ffi::c_void;
use std::ptr::null_mut;
use std::sync::Mutex;

struct Entry {
    next: *mut Entry,
    prev: *mut Entry,
    symfile: *mut c_void,
    #[expect(dead_code, reason = "for a debugger")]
    size: u64,
}

unsafe extern "C" {
    // The crate's: an empty function.
    fn __jit_debug_register_code();
}

pub struct List {
    first: Mutex<*mut Entry>,
}

impl Default for List {
    fn default() -> Self {
        Self { first: Mutex::new(null_mut()) }
    }
}

pub struct Registered(*mut Entry);

impl List {
    pub fn register(&self, image: &[u8]) -> Registered {
        unsafe {
            let symfile = libc::malloc(image.len());
            let entry = libc::malloc(size_of::<Entry>()).cast::<Entry>();
            assert!(!symfile.is_null() && !entry.is_null());
            libc::memcpy(symfile, image.as_ptr().cast(), image.len());
            let mut first = self.first.lock().unwrap();
            entry.write(Entry {
                next: *first,
                prev: null_mut(),
                symfile,
                size: image.len() as u64,
            });
            if let Some(next) = first.as_mut() {
                next.prev = entry;
            }
            *first = entry;
            __jit_debug_register_code();
            Registered(entry)
        }
    }

    pub fn unregister(&self, Registered(entry): Registered) {
        unsafe {
            {
                let mut first = self.first.lock().unwrap();
                match (*entry).prev.as_mut() {
                    Some(prev) => prev.next = (*entry).next,
                    None => *first = (*entry).next,
                }
                if let Some(next) = (*entry).next.as_mut() {
                    next.prev = (*entry).prev;
                }
                __jit_debug_register_code();
            }
            libc::free((*entry).symfile);
            libc::free(entry.cast());
        }
    }
}
