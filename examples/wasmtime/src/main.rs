// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//! Runs a function of a wasm module, from i32 to i32. wasmtime is as it comes from
//! the registry; by the patch in Cargo.toml its code is on libjitdebug's list.

use wasmtime::{Config, Engine, Instance, Module, OptLevel, Result, Store};

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().collect();
    let [_, path, function, number] = &arguments[..] else {
        eprintln!("usage: wasmtime-example MODULE.wasm FUNCTION NUMBER");
        std::process::exit(2);
    };
    run(path, function, number.parse()?)?;
    dropped();
    Ok(())
}

fn run(path: &str, function: &str, number: i32) -> Result<()> {
    let mut config = Config::new();
    config.debug_info(true).cranelift_opt_level(OptLevel::None);
    let engine = Engine::new(&config)?;
    let module = Module::from_file(&engine, path)?; // a debugger knows it from here
    let mut store = Store::new(&engine, ());
    let instance = Instance::new(&mut store, &module, &[])?;
    let function = instance.get_typed_func::<i32, i32>(&mut store, function)?;
    println!("the wasm function returns {}", function.call(&mut store, number)?);
    Ok(()) // to here
}

/// Where the sessions look whether the code is gone.
#[inline(never)]
fn dropped() {
    println!("the module is dropped");
}
