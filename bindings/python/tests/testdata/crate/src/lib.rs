//! A runtime written in Rust, loaded into a Python process.

use std::sync::Mutex;

use jitdebug::Registration;

static KEPT: Mutex<Vec<Registration>> = Mutex::new(Vec::new());

/// Registers a copy of the image; 0 if that fails.
///
/// # Safety
/// The image has so many bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn add(image: *const u8, size: usize) -> bool {
    // SAFETY: the caller's word.
    let image = unsafe { std::slice::from_raw_parts(image, size) };
    Registration::register_copy(image).map(|kept| KEPT.lock().unwrap().push(kept)).is_ok()
}

/// Unregisters what was added.
#[unsafe(no_mangle)]
pub extern "C" fn take() {
    KEPT.lock().unwrap().clear();
}
