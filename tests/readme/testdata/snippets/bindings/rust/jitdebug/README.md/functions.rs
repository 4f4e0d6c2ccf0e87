fn main() -> Result<(), Box<dyn std::error::Error>> {
    let code = [0x55u8, 0x48, 0x89, 0xe5, 0x90, 0x90, 0x90, 0x90];
    let (address, size) = (code.as_ptr(), code.len());
    // BLOCK
    Ok(())
}
