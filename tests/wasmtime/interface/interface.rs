// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//! The interface of each stand-in is that of wasmtime's crate: the same uses compile
//! with each, and the same calls write the same file.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// What every version offers.
macro_rules! uses {
    ($of:ident, $more:ident) => {
        use std::fmt::Debug;
        use std::io;
        use std::path::{Path, PathBuf};

        use $of::gdb_jit_int::GdbJitImageRegistration;
        use $of::perf_jitdump::*;

        fn shared<T: Send + Sync + 'static>() {}
        fn record<T: Clone + Copy + Debug + Default>() {}

        pub fn interface() {
            let _: fn(Vec<u8>) -> GdbJitImageRegistration = GdbJitImageRegistration::register;
            let _: fn(&GdbJitImageRegistration) -> &[u8] = GdbJitImageRegistration::file;
            shared::<GdbJitImageRegistration>();

            let _: fn(PathBuf, u32) -> io::Result<JitDumpFile> = JitDumpFile::new;
            let _: fn(&'static Path, u32) -> io::Result<JitDumpFile> = JitDumpFile::new;
            let _: fn(&JitDumpFile) -> u64 = JitDumpFile::get_time_stamp;
            let _: fn(&mut JitDumpFile) -> u64 = JitDumpFile::next_code_index;
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
            vec![
                RecordId::JitCodeLoad as usize,
                RecordId::JitCodeDebugInfo as usize,
                size_of::<RecordHeader>(),
                size_of::<CodeLoadRecord>(),
                size_of::<DebugInfoRecord>(),
                size_of::<FileHeader>(),
            ]
        }

        $more!();
    };
}

/// What only the versions up to 38 do.
macro_rules! until_38 {
    () => {
        /// One agent: a second would begin the file anew.
        pub fn write(path: &Path, code: &[u8]) -> io::Result<()> {
            let mut file = JitDumpFile::new(path, 62)?;
            file.dump_code_load_record("wasm[0]::first", code, 11, 22, 33)?;
            let header = RecordHeader { id: 2, record_size: 70, timestamp: 44 };
            file.write_debug_info_record(DebugInfoRecord { header, address: 55, count: 2 })?;
            let entry = |line, name: &str| DebugEntry {
                address: 66,
                line,
                discriminator: 77,
                filename: name.to_string(),
            };
            file.write_debug_info_entries(vec![entry(8, "/a.c"), entry(9, "")])?;
            let header = RecordHeader { id: 0, record_size: 56 + 7 + 100, timestamp: 88 };
            let index = file.next_code_index();
            let record = CodeLoadRecord { header, index, ..CodeLoadRecord::default() };
            file.write_code_load_record("second", record, code)?;
            assert!(file.get_time_stamp() <= file.get_time_stamp());
            let _: fn(&mut JitDumpFile) -> io::Result<()> = JitDumpFile::write_file_header;
            Ok(())
        }
    };
}

/// What only the later ones do.
macro_rules! since_39 {
    () => {
        use std::fs::File;

        /// Two agents and three functions.
        pub fn write(path: &Path, code: &[u8]) -> io::Result<()> {
            let mut first = JitDumpFile::new(path, 62)?;
            let mut second = JitDumpFile::new(path, 62)?;
            first.dump_code_load_record("wasm[0]::first", code, 11, 22, 33)?;
            second.dump_code_load_record("", code, 44, 55, 66)?;
            assert!(first.next_code_index() < first.next_code_index());
            first.dump_code_load_record("third", &[], 77, 88, 99)?;
            drop(first);
            assert!(second.get_time_stamp() <= second.get_time_stamp());
            let _: fn(&JitDumpFile) -> &File = JitDumpFile::file;
            assert!(second.file_mut().metadata()?.len() == second.file().metadata()?.len());
            let ids =
                [RecordId::JitCodeMove, RecordId::JitCodeClose, RecordId::JitCodeUnwindingInfo];
            assert_eq!(ids.map(|id| id as u32), [1, 3, 4]);
            Ok(())
        }
    };
}

/// A test that compares two crates.
macro_rules! same {
    ($name:ident, $ours:ident, $theirs:ident, $more:ident) => {
        #[test]
        fn $name() {
            mod ours {
                uses!($ours, $more);
            }
            mod theirs {
                uses!($theirs, $more);
            }
            ours::interface();
            theirs::interface();
            assert_eq!(ours::numbers(), theirs::numbers());
            compare(stringify!($name), ours::write, theirs::write);
        }
    };
}

/// Both write the same, but for the time and the functions' numbers, of which ours
/// are different in all of the process.
fn compare(name: &str, ours: Write, theirs: Write) {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.dump"));
    let written = [ours, theirs].map(|write| {
        let _ = fs::remove_file(&path);
        write(&path, &[0xc3; 100]).expect("a file");
        fs::read(&path).expect("the file")
    });
    let [(began, indices, ours), (later, _, theirs)] = written.map(parts);
    assert_eq!(ours, theirs);
    assert!(began <= later, "{began} is no time of the same clock as {later}");
    let different: BTreeSet<_> = indices.iter().collect();
    assert!(indices.len() >= 2 && different.len() == indices.len(), "{indices:?}");
}

type Write = fn(&Path, &[u8]) -> std::io::Result<()>;

/// When a file was begun, the functions' numbers, and the bytes without these.
fn parts(mut bytes: Vec<u8>) -> (u64, Vec<u64>, Vec<u8>) {
    let (begun, mut indices, mut at) = (take(&mut bytes[24..32]), Vec::new(), 40);
    while at < bytes.len() {
        let word = |from| u32::from_ne_bytes(bytes[from..from + 4].try_into().expect("four"));
        let (id, size) = (word(at), word(at + 4) as usize);
        if id == 0 {
            indices.push(take(&mut bytes[at + 48..at + 56]));
        }
        at += size;
    }
    assert_eq!(at, bytes.len());
    (begun, indices, bytes)
}

/// A number, which is then 0.
fn take(place: &mut [u8]) -> u64 {
    let number = u64::from_ne_bytes((&*place).try_into().expect("eight"));
    place.fill(0);
    number
}

same!(v50, ours_50, theirs_50, since_39);
same!(v48, ours_48, theirs_48, since_39);
same!(v42, ours_42, theirs_42, since_39);
same!(v41, ours_41, theirs_41, since_39);
same!(v36, ours_36, theirs_36, until_38);
