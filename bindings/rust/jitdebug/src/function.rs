// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//! Functions of which there is no image.

use alloc::string::String;
use alloc::vec::Vec;
use core::mem::offset_of;
use core::ptr::{null, with_exposed_provenance};

use jitdebug_sys::{
    JITDEBUG_UNWIND_CFI, JITDEBUG_UNWIND_FRAME_POINTER, JITDEBUG_UNWIND_NONE, jitdebug_function,
    jitdebug_line,
};

use crate::text::Text;

/// From this offset into its function on, code belongs to this line.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Line {
    /// In bytes from the function's address.
    pub offset: u64,
    /// From 1; 0 for code that comes from no line.
    pub line: u32,
    /// From 1; 0 for the whole line.
    pub column: u32,
}

// An array of one is an array of the other.
const _: () = assert!(
    size_of::<Line>() == size_of::<jitdebug_line>()
        && align_of::<Line>() == align_of::<jitdebug_line>()
        && offset_of!(Line, offset) == offset_of!(jitdebug_line, offset)
        && offset_of!(Line, line) == offset_of!(jitdebug_line, line)
        && offset_of!(Line, column) == offset_of!(jitdebug_line, column)
);

/// A function in memory, as debuggers are to show it.
///
/// ```
/// use jitdebug::{Function, Line, Registration};
///
/// let code = [0x8d, 0x47, 0x01, 0xc3]; // lea 1(%rdi), %eax; ret
/// let function = Function::new("js:app.js:3 (anonymous)", code.as_ptr(), code.len())
///     .source("/src/app.js", [
///         Line { offset: 0, line: 3, column: 5 },
///         Line { offset: 3, line: 4, column: 1 },
///     ])
///     .frame_rules([]); // nothing is pushed
/// let registration = Registration::register_functions(&[function])?;
/// # Ok::<(), jitdebug::Error>(())
/// ```
///
/// What is wrong with one, such as a NUL in its name, is said when it is registered.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[must_use = "functions are shown when they are registered"]
pub struct Function {
    name: Text,
    address: usize,
    size: usize,
    file: Option<Text>,
    lines: Vec<Line>,
    frame: Frame,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Frame {
    Unknown,
    Pointer,
    Rules(Vec<u8>),
}

impl Function {
    /// A function of this name, whose code is `size` bytes from `address`: at least
    /// one, and below 4 GiB.
    ///
    /// The name is shown byte for byte, and taken in breakpoints. Any text without a
    /// NUL is one, of up to 65,535 bytes; what is mangled stays so.
    ///
    /// The address is a number here: neither the crate nor the library reads what is
    /// there, unless by [`frame_pointer`](Self::frame_pointer).
    pub fn new(name: impl Into<Vec<u8>>, address: *const u8, size: usize) -> Self {
        Self {
            name: Text::new(name),
            address: address.expose_provenance(),
            size,
            file: None,
            lines: Vec::new(),
            frame: Frame::Unknown,
        }
    }

    /// The path of its source file, of up to 4,095 bytes, and where lines begin in
    /// its code: by offsets that do not descend, of equal ones the last counts. What
    /// is in front of the first has no line.
    ///
    /// As with a compiler, a debugger looks for a relative path where it runs. A
    /// [`Path`](https://doc.rust-lang.org/std/path/struct.Path.html)'s bytes are
    /// `path.as_os_str().as_encoded_bytes()`.
    pub fn source(mut self, file: impl Into<Vec<u8>>, lines: impl Into<Vec<Line>>) -> Self {
        self.file = Some(Text::new(file));
        self.lines = lines.into();
        self
    }

    /// It keeps the frame pointer (x86-64: `rbp`), by which debuggers find the frame
    /// of its caller. The library reads the code for where it does not hold yet or
    /// no longer.
    ///
    /// # Safety
    ///
    /// Whenever the function is being registered, its code is in place: mapped, and
    /// not written to by another thread. Code that may not be read is none to worry
    /// about: the rule holds for all of it then.
    pub unsafe fn frame_pointer(mut self) -> Self {
        self.frame = Frame::Pointer;
        self
    }

    /// Its frames are found by these `DW_CFA` instructions (DWARF, "Call Frame
    /// Information"). They go on from the state at the entry (x86-64: the CFA is
    /// `rsp` + 8, the return address at CFA - 8), so that none will do for a function
    /// that never moves the stack pointer. The code alignment factor is 1, the data
    /// alignment factor -8.
    ///
    /// Of this and [`frame_pointer`](Self::frame_pointer) the last counts. Without
    /// either debuggers look at the code, and guess.
    pub fn frame_rules(mut self, instructions: impl Into<Vec<u8>>) -> Self {
        self.frame = Frame::Rules(instructions.into());
        self
    }

    /// For as long as `self` lives; or what is wrong with it.
    pub(crate) fn as_c(&self) -> Result<jitdebug_function, String> {
        let file = match &self.file {
            None => null(),
            Some(file) => file.as_c("file")?,
        };
        let (unwind, cfi) = match &self.frame {
            Frame::Unknown => (JITDEBUG_UNWIND_NONE, None),
            Frame::Pointer => (JITDEBUG_UNWIND_FRAME_POINTER, None),
            Frame::Rules(instructions) => (JITDEBUG_UNWIND_CFI, Some(instructions)),
        };
        Ok(jitdebug_function {
            struct_size: size_of::<jitdebug_function>() as u32,
            unwind,
            name: self.name.as_c("name")?,
            address: with_exposed_provenance(self.address),
            size: self.size,
            file,
            lines: self.lines.as_ptr().cast(),
            line_count: self.lines.len(),
            cfi: cfi.map_or(null(), |instructions| instructions.as_ptr().cast()),
            cfi_size: cfi.map_or(0, Vec::len),
        })
    }
}
