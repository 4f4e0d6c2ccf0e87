//! Says which library it has, what its build was told, and how a call fails.

use std::ffi::CStr;

fn main() {
    println!("LIB_DIR={}", env!("LIB_DIR"));
    println!("INCLUDE={}", env!("INCLUDE"));
    let (image, mut registration) = (b"not ELF", std::ptr::null_mut());
    unsafe {
        let (data, size) = (image.as_ptr().cast(), image.len());
        let status = jitdebug_sys::jitdebug_register(data, size, 0, &raw mut registration);
        println!("status={status}");
        let error = CStr::from_ptr(jitdebug_sys::jitdebug_last_error());
        println!("error={}", error.to_str().unwrap());
        println!("version={:#x}", jitdebug_sys::jitdebug_version());
    }
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    let paths = maps.lines().filter_map(|line| line.find('/').map(|start| &line[start..]));
    let library = paths.into_iter().find(|path| path.contains("/libjitdebug.so.1"));
    println!("library={}", library.unwrap_or_default());
}
