//! Finds libjitdebug, or builds it where its sources are at hand.

use std::env;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The library, and the object that lies beside it for programs with a
/// `__jit_debug_descriptor` of their own.
const LIBRARY: &str = "libjitdebug.so.1";
const OBJECT: &str = "libjitdebug-local.so.1";

/// Where the library was found.
struct Found {
    directory: PathBuf,
    include: Option<PathBuf>,
}

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-env-changed=JITDEBUG_LIB_DIR");
    let linked = env::var_os("CARGO_FEATURE_DLOPEN").is_none()
        && env::var("CARGO_CFG_TARGET_OS").is_ok_and(|system| system == "linux");
    if !linked {
        return;
    }
    if let Err(error) = find().and_then(|found| link(&found)) {
        println!("cargo::error={error}");
        std::process::exit(1);
    }
}

fn find() -> Result<Found, Box<dyn Error>> {
    if let Some(directory) = env::var_os("JITDEBUG_LIB_DIR") {
        let directory = PathBuf::from(directory);
        if !directory.join(LIBRARY).exists() {
            let directory = directory.display();
            return Err(format!("JITDEBUG_LIB_DIR: there is no {LIBRARY} in {directory}").into());
        }
        let include = directory.join("../include");
        println!("cargo::rerun-if-changed={}", directory.join(LIBRARY).display());
        return Ok(Found { directory, include: Some(include) });
    }
    let missing = match pkg_config::Config::new()
        .atleast_version("1.0")
        .cargo_metadata(false)
        .probe("jitdebug")
    {
        Ok(package) => {
            let holds = |directory: &&PathBuf| directory.join(LIBRARY).exists();
            if let Some(directory) = package.link_paths.iter().find(holds) {
                let include = package.include_paths.first().cloned();
                println!("cargo::rerun-if-changed={}", directory.join(LIBRARY).display());
                return Ok(Found { directory: directory.clone(), include });
            }
            format!("pkg-config knows jitdebug, but there is no {LIBRARY} in its directories")
        }
        Err(pkg_config::Error::Failure { .. }) => "pkg-config knows no jitdebug 1.0".into(),
        Err(error) => error.to_string().lines().next().unwrap_or_default().into(),
    };
    let sources = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../../..");
    if sources.join("scripts/build").exists() && sources.join("gate.c").exists() {
        return build(&sources.canonicalize()?);
    }
    Err(format!(
        "libjitdebug was not found: JITDEBUG_LIB_DIR is not set, {missing}, and this is no checkout \
         of libjitdebug in which to build it. Install it, name the directory that it is in in \
         JITDEBUG_LIB_DIR, or choose the feature dlopen, which needs none to build"
    )
    .into())
}

/// Builds the library with Go into this package's output directory.
fn build(sources: &Path) -> Result<Found, Box<dyn Error>> {
    for source in [
        "VERSION",
        "export.go",
        "gate.c",
        "gate.h",
        "go.mod",
        "go.sum",
        "include",
        "internal",
        "lib/jitdebug.map",
        "lib/local.c",
        "scripts/build",
    ] {
        println!("cargo::rerun-if-changed={}", sources.join(source).display());
    }
    let directory = Path::new(&env::var("OUT_DIR")?).join("built");
    let output =
        Command::new(sources.join("scripts/build")).arg(directory.join(LIBRARY)).output()?;
    if !output.status.success() {
        let why = String::from_utf8_lossy(&output.stderr).trim().replace('\n', " / ");
        return Err(
            format!("libjitdebug could not be built with Go from its sources: {why}").into()
        );
    }
    Ok(Found { directory, include: Some(sources.join("include")) })
}

/// Links, by way of this package's output directory: cargo run and cargo test set
/// LD_LIBRARY_PATH to that, so programs start without a path of their own to the
/// library.
fn link(found: &Found) -> Result<(), Box<dyn Error>> {
    let directory = found.directory.canonicalize()?;
    let output = PathBuf::from(env::var("OUT_DIR")?);
    for (from, to) in [(LIBRARY, "libjitdebug.so"), (LIBRARY, LIBRARY), (OBJECT, OBJECT)] {
        let (from, to) = (directory.join(from), output.join(to));
        let _ = fs::remove_file(&to); // a running program keeps the one that it has
        fs::copy(&from, to).map_err(|error| format!("{}: {error}", from.display()))?;
    }
    println!("cargo::rustc-link-search=native={}", output.display());
    println!("cargo::rustc-link-lib=dylib=jitdebug");
    println!("cargo::metadata=LIB_DIR={}", directory.display());
    if let Some(include) = found.include.as_ref().and_then(|path| path.canonicalize().ok()) {
        println!("cargo::metadata=INCLUDE={}", include.display());
    }
    Ok(())
}
