use jitdebug::{Function, Line, Registration, Section};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let object = std::fs::read(std::env::var("OBJECT")?)?;
    let elf = object.clone();
    let code = [0x90u8; 16];
    let (address, size) = (code.as_ptr(), code.len());
    let lines = [Line { offset: 0, line: 1, column: 1 }];
    let cfi = [0x0eu8, 8];
    // BLOCK
    drop(registration);
    Ok(())
}
