// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//! Runs wasm modules, each in a version of wasmtime of its own.
//!
//!     host list|jitdump|perfmap MODULE.wasm...
//!
//! One module for each version, the newest first; its function has the file's name.

use std::env;
use std::path::Path;
use std::process;

/// A function of a module, in whichever version.
trait Loaded {
    fn call(&mut self, number: i32) -> i32;
}

/// How a version loads a function.
type Load = fn(&Path, Profiler) -> Box<dyn Loaded>;

#[derive(Clone, Copy)]
enum Profiler {
    None,
    JitDump,
    PerfMap,
}

/// The same for each version, whose types are others.
macro_rules! version {
    ($wasmtime:ident) => {{
        use $wasmtime::*;

        struct Function {
            store: Store<()>,
            function: TypedFunc<i32, i32>,
        }

        impl Loaded for Function {
            fn call(&mut self, number: i32) -> i32 {
                self.function.call(&mut self.store, number).expect("no trap")
            }
        }

        fn load(path: &Path, profiler: Profiler) -> Box<dyn Loaded> {
            let mut config = Config::new();
            config.debug_info(true).cranelift_opt_level(OptLevel::None).profiler(match profiler {
                Profiler::None => ProfilingStrategy::None,
                Profiler::JitDump => ProfilingStrategy::JitDump,
                Profiler::PerfMap => ProfilingStrategy::PerfMap,
            });
            let engine = Engine::new(&config).expect("an engine");
            let module = Module::from_file(&engine, path).expect("a module");
            let mut store = Store::new(&engine, ());
            let instance = Instance::new(&mut store, &module, &[]).expect("an instance");
            let name = path.file_stem().and_then(|stem| stem.to_str()).expect("a name");
            let function = instance.get_typed_func(&mut store, name).expect(name);
            Box::new(Function { store, function })
        }

        (stringify!($wasmtime), load as Load)
    }};
}

fn main() {
    let versions = [version!(wasmtime_50), version!(wasmtime_48), version!(wasmtime_36)];
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [what, modules @ ..] = &arguments[..] else { panic!("usage: see the source") };
    assert_eq!(modules.len(), versions.len(), "a module for each version");
    let profiler = match what.as_str() {
        "list" => Profiler::None,
        "jitdump" => Profiler::JitDump,
        "perfmap" => Profiler::PerfMap,
        _ => panic!("usage: see the source"),
    };
    let mut loaded: Vec<_> = versions
        .iter()
        .zip(modules)
        .map(|((name, load), module)| (name, load(Path::new(module), profiler)))
        .collect();
    println!("process {}", process::id());
    while !loaded.is_empty() {
        for (name, function) in &mut loaded {
            println!("{name} returns {}", function.call(10));
        }
        let (name, first) = loaded.remove(0);
        drop(first);
        dropped(name);
    }
}

/// Where the sessions look what is left.
#[inline(never)]
fn dropped(name: &str) {
    println!("{name} is dropped");
}
