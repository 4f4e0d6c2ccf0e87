//! Runs functions of wasm modules in two versions of wasmtime.
//!
//!     host both NEW.wasm FUNCTION OLD.wasm FUNCTION
//!     host jitdump|perfmap NEW.wasm FUNCTION

/// The same for each version, whose types are others.
macro_rules! version {
    ($module:ident, $wasmtime:ident) => {
        mod $module {
            use $wasmtime::*;

            pub use $wasmtime::ProfilingStrategy;

            pub struct Loaded {
                store: Store<()>,
                function: TypedFunc<i32, i32>,
            }

            impl Loaded {
                pub fn new(path: &str, function: &str, profiler: ProfilingStrategy) -> Self {
                    let mut config = Config::new();
                    config.debug_info(true).cranelift_opt_level(OptLevel::None).profiler(profiler);
                    let engine = Engine::new(&config).expect("an engine");
                    let module = Module::from_file(&engine, path).expect(path);
                    let mut store = Store::new(&engine, ());
                    let instance = Instance::new(&mut store, &module, &[]).expect(path);
                    let function = instance.get_typed_func(&mut store, function).expect(function);
                    Self { store, function }
                }

                pub fn call(&mut self, number: i32) -> i32 {
                    self.function.call(&mut self.store, number).expect("no trap")
                }
            }
        }
    };
}

version!(new, wasmtime);
version!(old, wasmtime_41);

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["both", new, new_function, old, old_function] => {
            let mut new = new::Loaded::new(new, new_function, new::ProfilingStrategy::None);
            let mut old = old::Loaded::new(old, old_function, old::ProfilingStrategy::None);
            println!("42 returns {}", new.call(10));
            println!("41 returns {}", old.call(10));
            drop(new);
            one_dropped();
            println!("41 returns {}", old.call(10));
            drop(old);
            both_dropped();
        }
        ["jitdump", path, function] => profiled(path, function, new::ProfilingStrategy::JitDump),
        ["perfmap", path, function] => profiled(path, function, new::ProfilingStrategy::PerfMap),
        _ => panic!("usage: see the source"),
    }
}

fn profiled(path: &str, function: &str, profiler: new::ProfilingStrategy) {
    println!("42 returns {}", new::Loaded::new(path, function, profiler).call(10));
    println!("process {}", std::process::id());
}

#[inline(never)]
fn one_dropped() {
    println!("one is dropped");
}

#[inline(never)]
fn both_dropped() {
    println!("both are dropped");
}
