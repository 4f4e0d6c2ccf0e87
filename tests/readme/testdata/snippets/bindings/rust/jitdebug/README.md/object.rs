use jitdebug::{Registration, Section};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let object = std::fs::read(std::env::var("OBJECT")?)?;
    let code = [0x90u8; 64];
    let address = code.as_ptr();
    // BLOCK
    drop(registration);
    Ok(())
}
