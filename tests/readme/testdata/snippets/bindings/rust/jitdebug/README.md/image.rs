use jitdebug::Registration;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let image = std::fs::read(std::env::var("OBJECT")?)?;
    // BLOCK
    drop(registration);
    Ok(())
}
