//! The interface is that of wasmtime's crate: the same uses compile with each, and
//! the same calls write the same file.
#![cfg(all(feature = "gdb_jit_int", feature = "perf_jitdump", target_os = "linux"))]

use std::fs;
use std::path::PathBuf;

macro_rules! uses {
    ($module:ident, $of:ident) => {
        mod $module {
            use std::fmt::Debug;
            use std::fs::File;
            use std::io;
            use std::path::{Path, PathBuf};

            use object::Pod;
            use $of::gdb_jit_int::GdbJitImageRegistration;
            use $of::perf_jitdump::*;

            fn shared<T: Send + Sync + 'static>() {}
            fn record<T: Clone + Copy + Debug + Default + Pod>() {}

            pub fn interface() {
                let _: fn(Vec<u8>) -> GdbJitImageRegistration = GdbJitImageRegistration::register;
                let _: fn(&GdbJitImageRegistration) -> &[u8] = GdbJitImageRegistration::file;
                shared::<GdbJitImageRegistration>();

                let _: fn(PathBuf, u32) -> io::Result<JitDumpFile> = JitDumpFile::new;
                let _: fn(&'static Path, u32) -> io::Result<JitDumpFile> = JitDumpFile::new;
                let _: fn(&JitDumpFile) -> u64 = JitDumpFile::get_time_stamp;
                let _: fn(&mut JitDumpFile) -> u64 = JitDumpFile::next_code_index;
                let _: fn(&JitDumpFile) -> &File = JitDumpFile::file;
                let _: fn(&mut JitDumpFile) -> &mut File = JitDumpFile::file_mut;
                let _: fn(&mut JitDumpFile, &str, &[u8], u64, u32, u32) -> io::Result<()> =
                    JitDumpFile::dump_code_load_record;
                shared::<JitDumpFile>();

                (record::<RecordHeader>(), record::<CodeLoadRecord>());
                (record::<DebugInfoRecord>(), record::<FileHeader>());
                let header = RecordHeader { id: 1_u32, record_size: 2_u32, timestamp: 3_u64 };
                let RecordHeader { id: _, record_size: _, timestamp: _ } = header;
                let load = CodeLoadRecord {
                    header,
                    pid: 1_u32,
                    tid: 2_u32,
                    virtual_address: 3_u64,
                    address: 4_u64,
                    size: 5_u64,
                    index: 6_u64,
                };
                let debug = DebugInfoRecord { header: load.header, address: 1_u64, count: 2_u64 };
                let _ = debug.header.id + load.tid;
                let file = FileHeader {
                    magic: 1_u32,
                    version: 2_u32,
                    size: 3_u32,
                    e_machine: 4_u32,
                    pad1: 5_u32,
                    pid: 6_u32,
                    timestamp: 7_u64,
                    flags: 8_u64,
                };
                let _: fn() -> DebugEntry = DebugEntry::default;
                let entry = DebugEntry {
                    address: 1_u64,
                    line: 2_u32,
                    discriminator: 3_u32,
                    filename: String::new(),
                };
                let _ = (format!("{entry:?}"), file.size);
            }

            /// The numbers and the sizes that the format is made of.
            pub fn numbers() -> Vec<usize> {
                let mut numbers: Vec<_> = [
                    RecordId::JitCodeLoad,
                    RecordId::JitCodeMove,
                    RecordId::JitCodeDebugInfo,
                    RecordId::JitCodeClose,
                    RecordId::JitCodeUnwindingInfo,
                ]
                .into_iter()
                .map(|id| id as u32 as usize)
                .collect();
                numbers.push(size_of::<RecordHeader>());
                numbers.push(size_of::<CodeLoadRecord>());
                numbers.push(size_of::<DebugInfoRecord>());
                numbers.push(size_of::<FileHeader>());
                numbers
            }

            /// Two agents and three functions.
            pub fn write(path: &Path, code: &[u8]) -> io::Result<()> {
                let mut first = JitDumpFile::new(path, 62)?;
                let mut second = JitDumpFile::new(path, 62)?;
                first.dump_code_load_record("wasm[0]::first", code, 11, 22, 33)?;
                second.dump_code_load_record("", code, 44, 55, 66)?;
                assert_eq!(first.next_code_index(), 1);
                first.dump_code_load_record("third", &[], 77, 88, 99)?;
                drop(first);
                assert!(second.get_time_stamp() <= second.get_time_stamp());
                assert!(second.file_mut().metadata()?.len() == second.file().metadata()?.len());
                Ok(())
            }
        }
    };
}

uses!(ours, wasmtime_internal_jit_debug);
uses!(theirs, seed);

#[test]
fn both_have_one_interface() {
    ours::interface();
    theirs::interface();
    assert_eq!(ours::numbers(), theirs::numbers());
}

#[test]
fn both_write_one_file() {
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR"));
    let code = [0xc3; 100];
    let written = [ours::write, theirs::write].map(|write| {
        let path = directory.join(format!("jit-{}.dump", std::process::id()));
        write(&path, &code).expect("a file");
        let mut bytes = fs::read(&path).expect("the file");
        fs::remove_file(&path).expect("the file");
        let begun = u64::from_ne_bytes(bytes[24..32].try_into().expect("a time"));
        bytes[24..32].fill(0);
        (begun, bytes)
    });
    let [(began, ours), (later, theirs)] = written;
    assert_eq!(ours, theirs);
    assert!(began <= later, "{began} is no time of the same clock as {later}");
}
