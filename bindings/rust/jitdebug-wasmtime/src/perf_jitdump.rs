// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//! Files in perf's jitdump format, which `perf inject --jit` reads: the generated
//! code of a process with its names and the time of its making.
//!
//! The format is that of `tools/perf/Documentation/jitdump-specification.txt` in the
//! sources of Linux. Record with `perf record -k 1`: the times are those of
//! `CLOCK_MONOTONIC`.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::path::Path;
use std::string::String;
use std::sync::atomic::{AtomicU64, Ordering};
use std::vec::Vec;
use std::{mem, process, ptr, slice};

/// "JiTD" as a number in the machine's byte order, by which a reader knows that.
const MAGIC: u32 = 0x4A69_5444;

/// The one version of the format.
const VERSION: u32 = 1;

/// How much of the file is mapped, in bytes. No more than the mapping itself counts.
const MAPPED: usize = 1024;

/// How many functions of this process have a number. perf takes two of one number for
/// one, and versions of wasmtime write to one file.
static NUMBERED: AtomicU64 = AtomicU64::new(0);

/// What a record is about.
#[repr(u32)]
pub enum RecordId {
    /// Code that was made.
    JitCodeLoad = 0,
    /// Code that was moved.
    JitCodeMove = 1,
    /// The source lines of the code that the next load record is about.
    JitCodeDebugInfo = 2,
    /// The end of the process's code.
    JitCodeClose = 3,
    /// How the code is unwound that the next load record is about.
    JitCodeUnwindingInfo = 4,
}

/// What each record begins with.
#[derive(Debug, Default, Clone, Copy)]
#[repr(C)]
pub struct RecordHeader {
    /// A [`RecordId`].
    pub id: u32,
    /// The size of the record in bytes, this header included.
    pub record_size: u32,
    /// When it was written: see [`JitDumpFile::get_time_stamp`].
    pub timestamp: u64,
}

// SAFETY: integers without padding between them.
unsafe impl Plain for RecordHeader {}

/// A function that was made. Its name, which ends in NUL, and its code follow.
#[derive(Debug, Default, Clone, Copy)]
#[repr(C)]
pub struct CodeLoadRecord {
    /// The header.
    pub header: RecordHeader,
    /// The process.
    pub pid: u32,
    /// The thread that made it.
    pub tid: u32,
    /// Where the code runs.
    pub virtual_address: u64,
    /// Where the code lies.
    pub address: u64,
    /// Its size in bytes.
    pub size: u64,
    /// A number that no other function of the file has.
    pub index: u64,
}

// SAFETY: integers without padding between them.
unsafe impl Plain for CodeLoadRecord {}

/// A row of a function's source lines.
#[derive(Debug, Default)]
#[repr(C)]
pub struct DebugEntry {
    /// Where the code of the line begins.
    pub address: u64,
    /// The line, from 1.
    pub line: u32,
    /// Which of several blocks on the line, or 0.
    pub discriminator: u32,
    /// The source file.
    pub filename: String,
}

/// The source lines of a function. Its rows follow.
#[derive(Debug, Default, Clone, Copy)]
#[repr(C)]
pub struct DebugInfoRecord {
    /// The header.
    pub header: RecordHeader,
    /// The address of the function.
    pub address: u64,
    /// How many rows follow.
    pub count: u64,
}

// SAFETY: integers without padding between them.
unsafe impl Plain for DebugInfoRecord {}

/// What the file begins with.
#[derive(Debug, Default, Clone, Copy)]
#[repr(C)]
pub struct FileHeader {
    /// 0x4A695444.
    pub magic: u32,
    /// The version of the format, 1.
    pub version: u32,
    /// The size of this header in bytes.
    pub size: u32,
    /// The machine that the code is for, as in an ELF header.
    pub e_machine: u32,
    /// 0.
    pub pad1: u32,
    /// The process.
    pub pid: u32,
    /// When the file was begun.
    pub timestamp: u64,
    /// 0: no flags.
    pub flags: u64,
}

// SAFETY: integers without padding between them.
unsafe impl Plain for FileHeader {}

/// A jitdump file that is being written.
///
/// Several JITs of a process write to one file, for perf reads one a process: each
/// record is appended in one write.
pub struct JitDumpFile {
    file: File,
    _mapping: Mapping,
    machine: u32,
}

impl JitDumpFile {
    /// Opens or makes the file, and begins it unless somebody has. perf finds one by
    /// the name `jit-PID.dump`.
    pub fn new(filename: impl AsRef<Path>, e_machine: u32) -> io::Result<Self> {
        let file = OpenOptions::new().create(true).read(true).append(true).open(filename)?;
        let mapping = Mapping::new(&file)?;
        let dump = Self { file, _mapping: mapping, machine: e_machine };
        dump.begin()?;
        Ok(dump)
    }

    fn begin(&self) -> io::Result<()> {
        if self.file.metadata()?.len() == 0 {
            self.append(bytes_of(&self.header()))?;
        }
        Ok(())
    }

    fn header(&self) -> FileHeader {
        FileHeader {
            magic: MAGIC,
            version: VERSION,
            size: mem::size_of::<FileHeader>() as u32,
            e_machine: self.machine,
            pad1: 0,
            pid: process::id(),
            timestamp: self.get_time_stamp(),
            flags: 0,
        }
    }

    fn append(&self, bytes: &[u8]) -> io::Result<()> {
        (&self.file).write_all(bytes)
    }

    /// The time for a record: nanoseconds of `CLOCK_MONOTONIC`.
    pub fn get_time_stamp(&self) -> u64 {
        let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
        // SAFETY: the place is ours. It cannot fail: there is such a clock.
        unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &raw mut time) };
        time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
    }

    /// A number for a function, another one each time in this process.
    pub fn next_code_index(&mut self) -> u64 {
        NUMBERED.fetch_add(1, Ordering::Relaxed)
    }

    /// The file.
    pub fn file(&self) -> &File {
        &self.file
    }

    /// The file, to be written to.
    pub fn file_mut(&mut self) -> &mut File {
        &mut self.file
    }

    /// Appends a function: its name, and its code in the place where it runs.
    pub fn dump_code_load_record(
        &mut self,
        method_name: &str,
        code: &[u8],
        timestamp: u64,
        pid: u32,
        tid: u32,
    ) -> io::Result<()> {
        let size = mem::size_of::<CodeLoadRecord>() + method_name.len() + 1 + code.len();
        let too_large = |_| io::Error::new(io::ErrorKind::InvalidInput, "code of 4 GiB and more");
        let record = CodeLoadRecord {
            header: RecordHeader {
                id: RecordId::JitCodeLoad as u32,
                record_size: size.try_into().map_err(too_large)?,
                timestamp,
            },
            pid,
            tid,
            virtual_address: code.as_ptr() as u64,
            address: code.as_ptr() as u64,
            size: code.len() as u64,
            index: self.next_code_index(),
        };
        self.write_code_load_record(method_name, record, code)
    }

    /// Begins the file, unless somebody has. [`JitDumpFile::new`] does so.
    pub fn write_file_header(&mut self) -> io::Result<()> {
        self.begin()
    }

    /// Appends a function by its record, whose sizes and numbers are the caller's.
    pub fn write_code_load_record(
        &mut self,
        record_name: &str,
        cl_record: CodeLoadRecord,
        code_buffer: &[u8],
    ) -> io::Result<()> {
        let record = bytes_of(&cl_record);
        let mut bytes =
            Vec::with_capacity(record.len() + record_name.len() + 1 + code_buffer.len());
        bytes.extend_from_slice(record);
        bytes.extend_from_slice(record_name.as_bytes());
        bytes.push(0);
        bytes.extend_from_slice(code_buffer);
        self.append(&bytes)
    }

    /// Appends the head of a function's source lines, in front of the function's own
    /// record. The lines follow.
    pub fn write_debug_info_record(&mut self, dir_record: DebugInfoRecord) -> io::Result<()> {
        self.append(bytes_of(&dir_record))
    }

    /// Appends the lines that the record before is about.
    pub fn write_debug_info_entries(&mut self, die_entries: Vec<DebugEntry>) -> io::Result<()> {
        let mut bytes = Vec::new();
        for entry in &die_entries {
            bytes.extend_from_slice(&entry.address.to_ne_bytes());
            bytes.extend_from_slice(&entry.line.to_ne_bytes());
            bytes.extend_from_slice(&entry.discriminator.to_ne_bytes());
            bytes.extend_from_slice(entry.filename.as_bytes());
            bytes.push(0);
        }
        self.append(&bytes)
    }
}

/// A record that is written as it lies in memory.
///
/// # Safety
///
/// Every byte of it has a value: there is no padding.
unsafe trait Plain: Copy {}

fn bytes_of<T: Plain>(record: &T) -> &[u8] {
    // SAFETY: its bytes have values, and are borrowed as it is.
    unsafe { slice::from_raw_parts(ptr::from_ref(record).cast(), mem::size_of::<T>()) }
}

/// The file's beginning in executable memory: perf records such a mapping, and by
/// that finds the file.
struct Mapping(*mut libc::c_void);

// SAFETY: it is never read or written, only given back, and any thread may.
unsafe impl Send for Mapping {}
// SAFETY: as above.
unsafe impl Sync for Mapping {}

impl Mapping {
    fn new(file: &File) -> io::Result<Self> {
        // SAFETY: the kernel chooses a place that is free.
        let address = unsafe {
            libc::mmap(
                ptr::null_mut(),
                MAPPED,
                libc::PROT_READ | libc::PROT_EXEC,
                libc::MAP_PRIVATE,
                file.as_raw_fd(),
                0,
            )
        };
        if address == libc::MAP_FAILED {
            Err(io::Error::last_os_error())
        } else {
            Ok(Self(address))
        }
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: ours, and nobody looks into it.
        unsafe { libc::munmap(self.0, MAPPED) };
    }
}
