// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//! The functions of a library that is found at run time, if it is: they are as
//! those of `linked.rs`, and do what the header `jitdebug_dl.h` does for C.

use alloc::boxed::Box;
use alloc::ffi::CString;
use core::ffi::{c_char, c_void};
use core::ptr::null_mut;
use core::sync::atomic::{AtomicPtr, Ordering};

use crate::{
    JITDEBUG_E_UNSUPPORTED, JITDEBUG_OK, jitdebug_function, jitdebug_image, jitdebug_registration,
    jitdebug_section,
};

/// The library's functions.
struct Functions {
    register:
        unsafe extern "C" fn(*const c_void, usize, u32, *mut *mut jitdebug_registration) -> i32,
    register_batch: unsafe extern "C" fn(
        *const jitdebug_image,
        usize,
        u32,
        *mut *mut jitdebug_registration,
    ) -> i32,
    register_functions: unsafe extern "C" fn(
        *const jitdebug_function,
        usize,
        u32,
        *mut *mut jitdebug_registration,
    ) -> i32,
    register_object: unsafe extern "C" fn(
        *const c_void,
        usize,
        *const jitdebug_section,
        usize,
        u32,
        *mut *mut jitdebug_registration,
    ) -> i32,
    unregister: unsafe extern "C" fn(*mut jitdebug_registration) -> i32,
    registration_image: unsafe extern "C" fn(
        *const jitdebug_registration,
        usize,
        *mut *const c_void,
        *mut usize,
    ) -> i32,
    status_string: unsafe extern "C" fn(i32) -> *const c_char,
    last_error: unsafe extern "C" fn() -> *const c_char,
    notice: unsafe extern "C" fn() -> *const c_char,
    version: unsafe extern "C" fn() -> u32,
}

/// What a search came to; the text says why there is no library.
type Search = Result<Functions, CString>;

static FOUND: AtomicPtr<Search> = AtomicPtr::new(null_mut());

/// What was found, if somebody has looked.
fn found() -> Option<&'static Search> {
    // SAFETY: what is published is never freed.
    unsafe { FOUND.load(Ordering::Acquire).as_ref() }
}

/// Looks for the library, once. Threads that are the first together look each for
/// themselves, for a lock could be held for ever in a forked child; one of them is
/// believed.
fn library() -> Option<&'static Functions> {
    let search = found().unwrap_or_else(|| {
        let mine = Box::into_raw(Box::new(search::search()));
        match FOUND.compare_exchange(null_mut(), mine, Ordering::AcqRel, Ordering::Acquire) {
            // SAFETY: it is published, and so never freed.
            Ok(_) => unsafe { &*mine },
            // SAFETY: ours was not published; theirs was.
            Err(theirs) => unsafe {
                drop(Box::from_raw(mine));
                &*theirs
            },
        }
    });
    search.as_ref().ok()
}

#[cfg(not(target_os = "linux"))]
mod search {
    /// There is none.
    pub fn search() -> super::Search {
        Err(c"libjitdebug is for Linux".into())
    }
}

#[cfg(target_os = "linux")]
mod search {
    use alloc::ffi::CString;
    use alloc::vec::Vec;
    use core::ffi::{CStr, c_int, c_void};
    use core::ptr::null;

    use super::{Functions, Search};

    const SONAME: &CStr = c"libjitdebug.so.1";

    /// A copy that is loaded already, then the file that the environment names,
    /// then the dynamic linker's choice.
    pub fn search() -> Search {
        let mut tried = Vec::from(*b"libjitdebug is not loaded in this process, and cannot be");
        // SAFETY: errno is this thread's; the environment is read as C code does.
        let (saved, named) = unsafe {
            (
                *libc::__errno_location(),
                match libc::getauxval(libc::AT_SECURE) {
                    0 => libc::getenv(c"JITDEBUG_LIBRARY".as_ptr()),
                    _ => null(),
                },
            )
        };
        // SAFETY: getenv answers with a string, or NULL.
        let named = (!named.is_null()).then(|| unsafe { CStr::from_ptr(named) });
        let functions = load(SONAME, libc::RTLD_NOLOAD, &mut tried)
            .or_else(|| load(named.filter(|path| !path.is_empty())?, 0, &mut tried))
            .or_else(|| load(SONAME, 0, &mut tried));
        // SAFETY: as above.
        unsafe { *libc::__errno_location() = saved };
        functions.ok_or_else(|| CString::new(tried).unwrap_or_default())
    }

    fn load(path: &CStr, flags: c_int, tried: &mut Vec<u8>) -> Option<Functions> {
        // SAFETY: loading the library has no precondition, and what the user names
        // in its place is the user's.
        let handle = unsafe { libc::dlopen(path.as_ptr(), libc::RTLD_NOW | flags) };
        if handle.is_null() {
            if flags & libc::RTLD_NOLOAD == 0 {
                say_why(tried);
            }
            return None;
        }
        let functions = functions(handle);
        if functions.is_none() {
            say_why(tried);
            // SAFETY: the handle is open, and nothing of it is used.
            unsafe { libc::dlclose(handle) };
        }
        functions
    }

    #[allow(clippy::missing_transmute_annotations, reason = "the field has the type")]
    fn functions(handle: *mut c_void) -> Option<Functions> {
        // A function of the type that the field has.
        macro_rules! find {
            ($name:literal) => {{
                // SAFETY: the handle is open.
                let function = unsafe { libc::dlsym(handle, $name.as_ptr()) };
                if function.is_null() {
                    return None;
                }
                // SAFETY: the header gives the function of this name this type.
                unsafe { core::mem::transmute::<*mut c_void, _>(function) }
            }};
        }
        Some(Functions {
            register: find!(c"jitdebug_register"),
            register_batch: find!(c"jitdebug_register_batch"),
            register_functions: find!(c"jitdebug_register_functions"),
            register_object: find!(c"jitdebug_register_object"),
            unregister: find!(c"jitdebug_unregister"),
            registration_image: find!(c"jitdebug_registration_image"),
            status_string: find!(c"jitdebug_status_string"),
            last_error: find!(c"jitdebug_last_error"),
            notice: find!(c"jitdebug_notice"),
            version: find!(c"jitdebug_version"),
        })
    }

    /// Adds what the dynamic linker says, and it names the file.
    fn say_why(tried: &mut Vec<u8>) {
        // SAFETY: the answer is a string, or NULL, good until this thread's next
        // call of the dynamic linker.
        unsafe {
            let why = libc::dlerror();
            if !why.is_null() {
                tried.extend_from_slice(b"; ");
                tried.extend_from_slice(CStr::from_ptr(why).to_bytes());
            }
        }
    }
}

/// Registers one ELF image. `image` is readable for `size` bytes, and stays so
/// with [`JITDEBUG_BORROW`](crate::JITDEBUG_BORROW); `registration` receives the
/// handle on success.
///
/// # Safety
///
/// As the header says.
pub unsafe extern "C" fn jitdebug_register(
    image: *const c_void,
    size: usize,
    flags: u32,
    registration: *mut *mut jitdebug_registration,
) -> i32 {
    match library() {
        // SAFETY: the caller's.
        Some(library) => unsafe { (library.register)(image, size, flags, registration) },
        None => JITDEBUG_E_UNSUPPORTED,
    }
}

/// Registers `count` images under one handle, all or none. `images` itself is
/// free again on return.
///
/// # Safety
///
/// As the header says.
pub unsafe extern "C" fn jitdebug_register_batch(
    images: *const jitdebug_image,
    count: usize,
    flags: u32,
    registration: *mut *mut jitdebug_registration,
) -> i32 {
    match library() {
        // SAFETY: the caller's.
        Some(library) => unsafe { (library.register_batch)(images, count, flags, registration) },
        None => JITDEBUG_E_UNSUPPORTED,
    }
}

/// Registers `count` functions of which there is no image: the library writes one.
/// Elements are `functions[0].struct_size` bytes apart; all of it is copied.
///
/// # Safety
///
/// As the header says.
pub unsafe extern "C" fn jitdebug_register_functions(
    functions: *const jitdebug_function,
    count: usize,
    flags: u32,
    registration: *mut *mut jitdebug_registration,
) -> i32 {
    match library() {
        // SAFETY: the caller's.
        Some(library) => unsafe {
            (library.register_functions)(functions, count, flags, registration)
        },
        None => JITDEBUG_E_UNSUPPORTED,
    }
}

/// Registers an object file as a compiler wrote it, by where its sections were
/// loaded: elements are `sections[0].struct_size` bytes apart; all of it is copied.
///
/// # Safety
///
/// As the header says.
pub unsafe extern "C" fn jitdebug_register_object(
    object: *const c_void,
    size: usize,
    sections: *const jitdebug_section,
    count: usize,
    flags: u32,
    registration: *mut *mut jitdebug_registration,
) -> i32 {
    match library() {
        // SAFETY: the caller's.
        Some(library) => unsafe {
            (library.register_object)(object, size, sections, count, flags, registration)
        },
        None => JITDEBUG_E_UNSUPPORTED,
    }
}

/// Unregisters: borrowed buffers and the code's memory are the caller's again.
/// Stale, foreign and invented handles get a status, NULL is fine.
///
/// # Safety
///
/// As the header says.
pub unsafe extern "C" fn jitdebug_unregister(registration: *mut jitdebug_registration) -> i32 {
    if registration.is_null() {
        return JITDEBUG_OK; // without a search
    }
    match library() {
        // SAFETY: the caller's.
        Some(library) => unsafe { (library.unregister)(registration) },
        None => JITDEBUG_E_UNSUPPORTED,
    }
}

/// Tells what a debugger is shown as the image of this index, good until the
/// handle is unregistered.
///
/// # Safety
///
/// As the header says.
pub unsafe extern "C" fn jitdebug_registration_image(
    registration: *const jitdebug_registration,
    index: usize,
    image: *mut *const c_void,
    size: *mut usize,
) -> i32 {
    match library() {
        // SAFETY: the caller's.
        Some(library) => unsafe { (library.registration_image)(registration, index, image, size) },
        None => JITDEBUG_E_UNSUPPORTED,
    }
}

/// Names a status in a few words: static text, never NULL. Does not look for the
/// library.
///
/// # Safety
///
/// None is needed.
pub unsafe extern "C" fn jitdebug_status_string(status: i32) -> *const c_char {
    match found() {
        // SAFETY: takes any number.
        Some(Ok(library)) => unsafe { (library.status_string)(status) },
        _ if status == JITDEBUG_OK => c"success".as_ptr(),
        _ => c"libjitdebug is not loaded".as_ptr(),
    }
}

/// Why this thread's latest failing call failed: never NULL, good until the
/// thread's next failing call. Without the library why it is missing, whichever
/// thread asks.
///
/// # Safety
///
/// None is needed.
pub unsafe extern "C" fn jitdebug_last_error() -> *const c_char {
    match found() {
        // SAFETY: takes nothing.
        Some(Ok(library)) => unsafe { (library.last_error)() },
        Some(Err(missing)) => missing.as_ptr(),
        None => c"".as_ptr(),
    }
}

/// What debuggers cannot see in this process, and why: static text, never NULL.
///
/// # Safety
///
/// None is needed.
pub unsafe extern "C" fn jitdebug_notice() -> *const c_char {
    match found() {
        // SAFETY: takes nothing.
        Some(Ok(library)) => unsafe { (library.notice)() },
        _ => c"".as_ptr(),
    }
}

/// The version of the library: `major << 16 | minor << 8 | patch`. 0 without one:
/// then a runtime can spare itself making images.
///
/// # Safety
///
/// None is needed.
pub unsafe extern "C" fn jitdebug_version() -> u32 {
    match library() {
        // SAFETY: takes nothing.
        Some(library) => unsafe { (library.version)() },
        None => 0,
    }
}
