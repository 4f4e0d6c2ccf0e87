// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//! A JIT in sixty lines. Each line of a program is `add N`, `mul N` or `print`; all of
//! it becomes machine code, and debuggers stop at its lines.
//!     printf 'add 6\nmul 7\nprint\n' >answer.calc
//!     cargo build --example jit
//!     export LD_LIBRARY_PATH=../../lib # unless the library is installed
//!     gdb -ex 'set breakpoint pending on' -ex 'break answer.calc:2' -ex run \
//!         --args target/debug/examples/jit answer.calc

use std::{env, error::Error, fs, io};

use jitdebug::{Function, Line, Registration};

extern "C" fn print(value: i64) -> i64 {
    println!("jit: {value}");
    value
}

fn compile(program: &str) -> Result<(Vec<u8>, Vec<Line>), Box<dyn Error>> {
    let mut code = vec![0x55, 0x48, 0x89, 0xe5, 0x31, 0xc0]; // push %rbp; mov %rsp, %rbp; xor %eax, %eax
    let mut lines = vec![Line { offset: 0, line: 1, column: 1 }];
    for (line, text) in (1..).zip(program.lines()) {
        lines.push(Line { offset: code.len() as u64, line, column: 1 });
        let (operation, operand) = text.split_once(' ').unwrap_or((text, "0"));
        let operand = operand.parse::<i32>()?.to_le_bytes();
        match operation {
            "add" => code.extend([0x48, 0x05].iter().chain(&operand)), // add $N, %rax
            "mul" => code.extend([0x48, 0x69, 0xc0].iter().chain(&operand)), // imul $N, %rax, %rax
            "print" => {
                code.extend([0x48, 0x89, 0xc7, 0x48, 0xb8]); // mov %rax, %rdi; mov $print, %rax
                code.extend((print as *const () as usize).to_le_bytes());
                code.extend([0xff, 0xd0]); // call *%rax
            }
            _ => return Err(format!("line {line}: what is {operation}?").into()),
        }
    }
    code.extend([0x5d, 0xc3]); // pop %rbp; ret
    Ok((code, lines))
}

/// Puts code to where it can run, for good.
fn load(code: &[u8]) -> io::Result<*const u8> {
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
    // SAFETY: the memory is new, and large enough.
    unsafe {
        let memory = libc::mmap(std::ptr::null_mut(), code.len(), libc::PROT_WRITE, flags, -1, 0);
        if memory == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        memory.copy_from_nonoverlapping(code.as_ptr().cast(), code.len());
        libc::mprotect(memory, code.len(), libc::PROT_READ | libc::PROT_EXEC);
        Ok(memory.cast())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let path = fs::canonicalize(env::args_os().nth(1).ok_or("usage: jit PROGRAM")?)?;
    let (code, lines) = compile(&fs::read_to_string(&path)?)?;
    let address = load(&code)?;
    let file = path.as_os_str().as_encoded_bytes();
    let function = Function::new("program", address, code.len()).source(file, lines);
    // SAFETY: the code is in place, and stays as it is.
    let registration = Registration::register_functions(&[unsafe { function.frame_pointer() }])?;
    // SAFETY: the code is a function of this type.
    let run = unsafe { std::mem::transmute::<*const u8, extern "C" fn()>(address) };
    run();
    drop(registration); // before the code's memory is used for something else
    run(); // without a name
    Ok(())
}
