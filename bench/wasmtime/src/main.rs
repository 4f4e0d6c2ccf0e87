// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//! Has so many modules live, each with an image, and prints how many milliseconds that
//! took.

use std::time::Instant;

use wasmtime::{Config, Engine, Module, OptLevel, Result};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, path, count] = &arguments[..] else {
        eprintln!("usage: modules MODULE.wasm COUNT");
        std::process::exit(2);
    };
    let mut config = Config::new();
    config.debug_info(true).cranelift_opt_level(OptLevel::None);
    let engine = Engine::new(&config)?;
    let compiled = Module::from_file(&engine, path)?.serialize()?;
    let begin = Instant::now();
    let modules = (0..count.parse()?)
        // SAFETY: it is what was just serialized.
        .map(|_| unsafe { Module::deserialize(&engine, &compiled) })
        .collect::<Result<Vec<_>>>()?;
    println!("{} {:.3}", modules.len(), begin.elapsed().as_secs_f64() * 1e3);
    Ok(())
}
