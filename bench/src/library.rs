// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//! The library under measurement, through its C ABI.

use std::ffi::{CStr, c_char, c_void};
use std::path::Path;
use std::ptr::null_mut;

pub const BORROW: u32 = 1;
pub const OPAQUE: u32 = 4;

/// A `jitdebug_image`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Image {
    data: *const c_void,
    size: usize,
}

impl Image {
    pub fn of(bytes: &[u8]) -> Self {
        Self { data: bytes.as_ptr().cast(), size: bytes.len() }
    }
}

/// A `jitdebug_registration *`.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct Handle(*mut c_void);

impl Handle {
    pub const NULL: Self = Self(null_mut());
}

type Register = unsafe extern "C" fn(*const c_void, usize, u32, *mut Handle) -> i32;
type RegisterBatch = unsafe extern "C" fn(*const Image, usize, u32, *mut Handle) -> i32;
type Unregister = unsafe extern "C" fn(Handle) -> i32;
type Version = unsafe extern "C" fn() -> u32;
type LastError = unsafe extern "C" fn() -> *const c_char;

#[repr(C)]
struct CodeEntry {
    next: *const CodeEntry,
    prev: *const CodeEntry,
    symfile: *const u8,
    size: u64,
}

#[repr(C)]
struct Descriptor {
    version: u32,
    action: u32,
    relevant: *const CodeEntry,
    first: *const CodeEntry,
}

#[derive(Clone, Copy)]
pub struct Library {
    register: Register,
    register_batch: RegisterBatch,
    unregister: Unregister,
    version: Version,
    last_error: LastError,
    descriptor: *const Descriptor,
}

// The functions may be called from any thread; the descriptor is read while
// nobody registers.
unsafe impl Send for Library {}
unsafe impl Sync for Library {}

impl Library {
    pub fn load(path: &Path) -> Result<Self, libloading::Error> {
        unsafe {
            let library = libloading::Library::new(path)?;
            // The crate gives this program a pair of its own, so the library uses the
            // one of the object beside it.
            let object = libloading::Library::new(path.with_file_name("libjitdebug-local.so.1"))?;
            let pair: *const *const Descriptor = *object.get("jitdebug_local_pair")?;
            let loaded = Self {
                register: *library.get("jitdebug_register")?,
                register_batch: *library.get("jitdebug_register_batch")?,
                unregister: *library.get("jitdebug_unregister")?,
                version: *library.get("jitdebug_version")?,
                last_error: *library.get("jitdebug_last_error")?,
                descriptor: *pair,
            };
            std::mem::forget((library, object));
            Ok(loaded)
        }
    }

    pub fn register(&self, image: &[u8], flags: u32) -> Handle {
        let mut handle = Handle::NULL;
        let status =
            unsafe { (self.register)(image.as_ptr().cast(), image.len(), flags, &mut handle) };
        self.succeeded(status);
        handle
    }

    pub fn register_batch(&self, images: &[Image], flags: u32) -> Handle {
        let mut handle = Handle::NULL;
        let status =
            unsafe { (self.register_batch)(images.as_ptr(), images.len(), flags, &mut handle) };
        self.succeeded(status);
        handle
    }

    pub fn unregister(&self, handle: Handle) {
        let status = unsafe { (self.unregister)(handle) };
        self.succeeded(status);
    }

    pub fn version(&self) -> String {
        let version = unsafe { (self.version)() };
        format!("{}.{}.{}", version >> 16, version >> 8 & 0xff, version & 0xff)
    }

    /// What the newest entry of the library's list shows to a debugger.
    pub fn newest(&self) -> Option<Vec<u8>> {
        unsafe {
            let entry = self.descriptor.as_ref()?.first.as_ref()?;
            Some(std::slice::from_raw_parts(entry.symfile, entry.size as usize).to_vec())
        }
    }

    fn succeeded(&self, status: i32) {
        if status != 0 {
            let text = unsafe { CStr::from_ptr((self.last_error)()) };
            panic!("status {status}: {}", text.to_string_lossy());
        }
    }
}
