// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//! What the figures depend on.

use std::path::Path;
use std::process::Command;

/// The crate's version, as cargo resolved it.
pub fn crate_version() -> &'static str {
    let lock = include_str!("../Cargo.lock");
    lock.split_once("name = \"wasmtime-internal-jit-debug\"\nversion = \"")
        .and_then(|(_, rest)| rest.split_once('"'))
        .map_or("of unknown version", |(version, _)| version)
}

/// The Go that built the library.
pub fn go(library: &Path) -> String {
    let output = first_line(Command::new("go").arg("version").arg(library));
    output.rsplit(' ').next().unwrap_or_default().to_string()
}

pub fn rustc() -> String {
    let output = first_line(Command::new("rustc").arg("--version"));
    output.split(' ').take(2).collect::<Vec<_>>().join(" ")
}

pub fn describe() -> String {
    let cpus = read("/proc/cpuinfo");
    let model = cpus
        .lines()
        .find(|line| line.starts_with("model name"))
        .and_then(|line| line.split(": ").nth(1))
        .unwrap_or(std::env::consts::ARCH);
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let kernel = read("/proc/sys/kernel/osrelease");
    let load = read("/proc/loadavg");
    let load = load.split(' ').next().unwrap_or_default();
    format!("{model}, {cores} cores, Linux {}; load at the start {load}", kernel.trim())
}

fn read(path: &str) -> String {
    std::fs::read_to_string(path).unwrap_or_default()
}

fn first_line(command: &mut Command) -> String {
    let output = command.output().map(|output| output.stdout).unwrap_or_default();
    String::from_utf8_lossy(&output).lines().next().unwrap_or_default().to_string()
}
