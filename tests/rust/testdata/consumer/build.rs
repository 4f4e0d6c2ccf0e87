//! As jitdebug-sys's README has it, and what else it tells a build.

fn main() {
    for name in ["LIB_DIR", "INCLUDE"] {
        let told = std::env::var(format!("DEP_JITDEBUG_{name}")).unwrap_or_default();
        println!("cargo::rustc-env={name}={told}");
    }
    if let Ok(directory) = std::env::var("DEP_JITDEBUG_LIB_DIR") {
        println!("cargo::rustc-link-arg=-Wl,-rpath,{directory}");
    }
}
