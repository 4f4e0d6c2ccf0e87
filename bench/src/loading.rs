// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//! Loading the library, each time into a fresh process: this program, started
//! again with other arguments.

use std::error::Error;
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use wasmtime_internal_jit_debug::gdb_jit_int::GdbJitImageRegistration;

use crate::image;
use crate::library::Library;
use crate::rounds::{median, progress};

const PROCESSES: usize = 20;

/// More than this many, and the library's oldest retired handles serve again.
pub const QUARANTINE: usize = 65_536;

/// The first pairs of a process: all but those take new handles.
pub const COLD_PAIRS: usize = QUARANTINE - 1;

const FIGURES: usize = 13;

pub struct Loading {
    pub dlopen_us: f64,
    pub empty_us: f64,
    pub first_call_us: f64,
    pub forked_call_us: f64,
    pub rss_kib: [f64; 3],
    pub anonymous_kib: [f64; 3],
    pub threads: [f64; 2],
    pub cold: f64,
    pub peer_cold: f64,
}

/// Medians of what the fresh processes measured.
pub fn measure(library: &Path, empty: &Path) -> Result<Loading, Box<dyn Error>> {
    let mut figures = [const { Vec::new() }; FIGURES];
    let mut of_empty = Vec::new();
    for i in 1..=PROCESSES {
        progress(&format!("loading, {i} of {PROCESSES}"));
        for (figures, number) in figures.iter_mut().zip(numbers::<FIGURES>("--load", library)?) {
            figures.push(number);
        }
        of_empty.extend(numbers::<1>("--load-empty", empty)?);
    }
    let [dlopen_us, first_call_us, r0, r1, r2, a0, a1, a2, t0, t1, cold, peer_cold, forked_call_us] =
        figures.map(median);
    Ok(Loading {
        dlopen_us,
        empty_us: median(of_empty),
        first_call_us,
        forked_call_us,
        rss_kib: [r0, r1, r2],
        anonymous_kib: [a0, a1, a2],
        threads: [t0, t1],
        cold,
        peer_cold,
    })
}

/// What a fresh process prints.
fn numbers<const COUNT: usize>(how: &str, library: &Path) -> Result<[f64; COUNT], Box<dyn Error>> {
    let output = Command::new(std::env::current_exe()?).arg(how).arg(library).output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    let numbers: Vec<f64> = text.split_whitespace().filter_map(|n| n.parse().ok()).collect();
    match numbers.try_into() {
        Ok(numbers) if output.status.success() => Ok(numbers),
        _ => Err(String::from_utf8_lossy(&output.stderr).trim().into()),
    }
}

/// What a fresh process does that loads an empty library.
pub fn child_with_empty(path: &Path) -> Result<(), Box<dyn Error>> {
    let start = Instant::now();
    // SAFETY: it has no code.
    let library = unsafe { libloading::Library::new(path)? };
    println!("{}", start.elapsed().as_secs_f64() * 1e6);
    drop(library);
    Ok(())
}

/// What the fresh process does.
pub fn child(path: &Path) -> Result<(), Box<dyn Error>> {
    let image = image::build();
    let (rss0, anonymous0) = memory();
    let threads0 = threads();

    let start = Instant::now();
    let library = Library::load(path)?;
    let dlopen = start.elapsed();
    let start = Instant::now();
    let handle = library.register(&image, 0);
    let first_call = start.elapsed();
    library.unregister(handle);
    let (rss1, anonymous1) = memory();
    let threads1 = threads();

    let cold = pairs(|| library.unregister(library.register(&image, 0)));
    let (rss2, anonymous2) = memory();
    let peer_cold = pairs(|| drop(GdbJitImageRegistration::register(image.clone())));

    println!("{} {}", dlopen.as_secs_f64() * 1e6, first_call.as_secs_f64() * 1e6);
    println!("{rss0} {rss1} {rss2} {anonymous0} {anonymous1} {anonymous2}");
    println!("{threads0} {threads1} {cold} {peer_cold}");
    // Last: the child prints this figure in the parent's place.
    std::io::stdout().flush()?;
    // SAFETY: the child does nothing but what the library allows, and ends.
    match unsafe { fork() } {
        -1 => Err("no child".into()),
        0 => {
            let start = Instant::now();
            library.unregister(library.register(&image, 0));
            println!("{}", start.elapsed().as_secs_f64() * 1e6);
            std::process::exit(0)
        }
        // SAFETY: waits for a child of this process.
        child => match unsafe { waitpid(child, std::ptr::null_mut(), 0) } {
            ended if ended == child => Ok(()),
            _ => Err("the child is lost".into()),
        },
    }
}

unsafe extern "C" {
    fn fork() -> i32;
    fn waitpid(process: i32, status: *mut i32, options: i32) -> i32;
}

fn pairs(mut once: impl FnMut()) -> f64 {
    let start = Instant::now();
    for _ in 0..COLD_PAIRS {
        once();
    }
    start.elapsed().as_nanos() as f64 / COLD_PAIRS as f64
}

/// Resident memory in KiB: all of it, and the part that no file stands behind.
fn memory() -> (u64, u64) {
    let rollup = std::fs::read_to_string("/proc/self/smaps_rollup").unwrap_or_default();
    let field = |name| {
        let line = rollup.lines().find(|line| line.starts_with(name));
        line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok()).unwrap_or(0)
    };
    (field("Rss:"), field("Anonymous:"))
}

fn threads() -> usize {
    std::fs::read_dir("/proc/self/task").map_or(0, Iterator::count)
}
