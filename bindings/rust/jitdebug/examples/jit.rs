//! A JIT in miniature: it loads machine code that was made for an address, shows it
//! to the debugger, runs it, and takes it back. Here a compiler and a linker left an
//! ELF file; a real JIT has the same bytes in memory.
//!     gcc -g -O0 -nostdlib -static -Wl,-Ttext-segment=0x10000000 \
//!       -Wl,-esum_of_squares -o generated.elf examples/demo/generated.c
//!     cargo run --example jit generated.elf

use std::error::Error;

use jitdebug::Registration;
use object::elf::{FileHeader64, PT_LOAD};
use object::read::elf::{FileHeader, ProgramHeader};

type Function = extern "C" fn(i32) -> i32;

/// Puts the code where the linker was told that it would be. The addresses in an
/// image that is registered are those at which the code runs.
fn load(image: &[u8]) -> Result<Function, Box<dyn Error>> {
    let header = FileHeader64::<object::Endianness>::parse(image)?;
    let endian = header.endian()?;
    for segment in header.program_headers(endian, image)? {
        if segment.p_type(endian) != PT_LOAD {
            continue;
        }
        let (start, end) =
            (segment.p_vaddr(endian), segment.p_vaddr(endian) + segment.p_memsz(endian));
        let page = start & !4095;
        let content = segment.data(endian, image).map_err(|()| "the image is cut off")?;
        // SAFETY: the kernel refuses a place that is taken.
        unsafe {
            let place = page as *mut libc::c_void;
            let size = (end - page) as usize;
            let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_FIXED_NOREPLACE;
            if libc::mmap(place, size, libc::PROT_READ | libc::PROT_WRITE, flags, -1, 0) != place {
                return Err(std::io::Error::last_os_error().into());
            }
            std::ptr::copy_nonoverlapping(content.as_ptr(), start as *mut u8, content.len());
            libc::mprotect(place, size, libc::PROT_READ | libc::PROT_EXEC);
        }
    }
    // SAFETY: the code at the entry is what the user promises it to be.
    Ok(unsafe { std::mem::transmute::<usize, Function>(header.e_entry(endian) as usize) })
}

#[inline(never)]
fn call(function: Function) {
    println!("jit: the generated code returns {}", function(10));
}

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("usage: jit IMAGE")?;
    let image = std::fs::read(path)?;
    let function = load(&image)?;
    // When the code is in place and before it runs.
    let registration = Registration::register(image)?;
    call(function);
    drop(registration); // before the code's memory is used for something else
    call(function);
    Ok(())
}
