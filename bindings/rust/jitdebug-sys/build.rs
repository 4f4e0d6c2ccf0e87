// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//! Finds libjitdebug, or builds it of its sources.

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
    let named = env::var_os("JITDEBUG_LIB_DIR").filter(|directory| !directory.is_empty());
    if let Some(directory) = named.map(PathBuf::from) {
        let shown = directory.display();
        if directory.is_relative() {
            return Err(format!("JITDEBUG_LIB_DIR: {shown} is not an absolute path").into());
        }
        if !directory.join(LIBRARY).exists() {
            return Err(format!("JITDEBUG_LIB_DIR: there is no {LIBRARY} in {shown}").into());
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
        Err(error) => why(&error),
    };
    let unbuilt = if env::var("TARGET")? != env::var("HOST")? {
        format!("Go builds it for this machine, not for {}", env::var("TARGET")?)
    } else {
        match build() {
            Ok(found) => return Ok(found),
            Err(error) => format!("it could not be built with Go from its sources ({error})"),
        }
    };
    Err(format!(
        "libjitdebug was not found: JITDEBUG_LIB_DIR is not set, {missing}, and {unbuilt}. Install \
         it, or name the directory that it is in in JITDEBUG_LIB_DIR, or choose the feature dlopen, \
         which needs none to build"
    )
    .into())
}

/// Why pkg-config does not say where the library is, in a few words.
fn why(error: &pkg_config::Error) -> String {
    use pkg_config::Error::{Command, CrossCompilation, EnvNoPkgConfig, Failure, ProbeFailure};
    match error {
        Failure { .. } | ProbeFailure { .. } => "pkg-config knows no jitdebug 1.0".into(),
        Command { cause, .. } => format!("pkg-config does not run ({cause})"),
        CrossCompilation => "pkg-config is not set up for the target".into(),
        EnvNoPkgConfig(name) => format!("{name} keeps pkg-config out"),
        other => other.to_string().replace('\n', " / "),
    }
}

/// Builds the library with Go into this package's output directory. Its sources are
/// in the directory "library", whose links lead to them in a checkout.
fn build() -> Result<Found, Box<dyn Error>> {
    let library = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("library");
    let module = library.join("go.mod").canonicalize()?;
    let sources = module.parent().ok_or("no directory")?;
    for source in [
        "VERSION",
        "export.go",
        "gate.c",
        "gate.h",
        "go.mod",
        "go.sum",
        "include",
        "internal",
        "lib/go.edits",
        "lib/jitdebug.map",
        "lib/local.c",
        "scripts/build",
    ] {
        println!("cargo::rerun-if-changed={}", sources.join(source).display());
    }
    for compiler in ["GO", "CC"] {
        println!("cargo::rerun-if-env-changed={compiler}");
    }
    let directory = Path::new(&env::var("OUT_DIR")?).join("built");
    let output = Command::new("/bin/sh")
        .arg(sources.join("scripts/build"))
        .arg(directory.join(LIBRARY))
        .output()
        .map_err(|error| format!("/bin/sh: {error}"))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).trim().replace('\n', " / ").into());
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
        fs::copy(&from, to).map_err(|error| {
            format!("{} cannot be copied from where the library is: {error}", from.display())
        })?;
    }
    println!("cargo::rustc-link-search=native={}", output.display());
    println!("cargo::rustc-link-lib=dylib=jitdebug");
    println!("cargo::metadata=LIB_DIR={}", directory.display());
    if let Some(include) = found.include.as_ref().and_then(|path| path.canonicalize().ok()) {
        println!("cargo::metadata=INCLUDE={}", include.display());
    }
    Ok(())
}
