// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//! Functions and object files: what becomes of them, read back by other crates.

mod common;

use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use common::{alone, list};
use gimli::{Dwarf, EndianSlice, IncompleteLineProgram, NativeEndian, Reader, Unit};
use jitdebug::{Function, Line, Options, Registration, Section, Status};
use object::read::elf::{ElfFile64, FileHeader};
use object::{Object, ObjectSection, ObjectSymbol, SymbolKind};
use proptest::collection::vec;
use proptest::prelude::*;

type Bytes<'a> = EndianSlice<'a, NativeEndian>;

/// Where nothing is mapped: addresses are numbers.
const NOWHERE: usize = 0x2000_0000_0000;

fn at(offset: usize) -> *const u8 {
    std::ptr::without_provenance(NOWHERE + offset)
}

/// What a debugger reads of a function.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Known {
    address: u64,
    size: u64,
    name: Vec<u8>,
    file: Option<Vec<u8>>,
    /// By address.
    lines: Vec<(u64, u32, u32)>,
}

/// The functions that the symbols of an image name, with the lines that its debug
/// information has, by address; and the symbols are the same as the debug
/// information's.
fn read(image: &[u8]) -> Vec<Known> {
    let file = ElfFile64::<object::Endianness>::parse(image).expect("ELF");
    let endian = file.elf_header().endian().expect("an endianness");
    let mut symbols: Vec<_> = file
        .symbols()
        .filter(|symbol| symbol.kind() == SymbolKind::Text)
        .map(|symbol| {
            let index = symbol.section_index().expect("a section");
            let section = file.section_by_index(index).expect("a section");
            let address = section.elf_section_header().sh_addr.get(endian) + symbol.address();
            (address, symbol.size(), symbol.name_bytes().expect("a name").to_vec())
        })
        .collect();
    symbols.sort();

    let mut known = Vec::new();
    let dwarf = Dwarf::load(|id| {
        let section = file.section_by_name(id.name()).map(|section| section.data());
        let bytes = section.transpose().expect("a section's bytes").unwrap_or_default();
        Ok::<_, gimli::Error>(Bytes::new(bytes, NativeEndian))
    })
    .expect("DWARF");
    let mut units = dwarf.units();
    while let Some(unit) = units.next().expect("a unit") {
        functions(&dwarf, &dwarf.unit(unit).expect("a unit"), &mut known);
    }
    known.sort();
    let described: Vec<_> = known.iter().map(|f| (f.address, f.size, f.name.clone())).collect();
    assert_eq!(symbols, described);
    known
}

fn functions(dwarf: &Dwarf<Bytes>, unit: &Unit<Bytes>, known: &mut Vec<Known>) {
    let rows = unit.line_program.clone().map(|program| rows(dwarf, unit, program));
    let mut entries = unit.entries();
    while let Some((_, entry)) = entries.next_dfs().expect("an entry") {
        if entry.tag() != gimli::DW_TAG_subprogram {
            continue;
        }
        let name = entry.attr_value(gimli::DW_AT_name).expect("DWARF").expect("a name");
        let name = dwarf.attr_string(unit, name).expect("a name").to_vec();
        let mut ranges = dwarf.die_ranges(unit, entry).expect("an address");
        let range = ranges.next().expect("DWARF").expect("an address");
        let mut function = Known {
            address: range.begin,
            size: range.end - range.begin,
            name,
            file: None,
            lines: Vec::new(),
        };
        for (address, path, line, column) in rows.iter().flatten() {
            if (range.begin..range.end).contains(address) {
                function.file = Some(path.clone());
                function.lines.push((*address, *line, *column));
            }
        }
        known.push(function);
    }
}

type Program<'a> = IncompleteLineProgram<Bytes<'a>>;
type Row = (u64, Vec<u8>, u32, u32);

fn rows(dwarf: &Dwarf<Bytes>, unit: &Unit<Bytes>, program: Program) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut program = program.rows();
    while let Some((header, row)) = program.next_row().expect("a row") {
        if row.end_sequence() {
            continue;
        }
        let file = row.file(header).expect("a file");
        let mut path = dwarf.attr_string(unit, file.path_name()).expect("a path").to_vec();
        if file.directory_index() != 0 {
            let directory = file.directory(header).expect("a directory");
            let directory = dwarf.attr_string(unit, directory).expect("a directory");
            path = [&directory.to_slice().expect("bytes"), &b"/"[..], &path].concat();
        }
        let column = match row.column() {
            gimli::ColumnType::LeftEdge => 0,
            gimli::ColumnType::Column(column) => column.get() as u32,
        };
        let line = row.line().map_or(0, |line| line.get() as u32);
        rows.push((row.address(), path, line, column));
    }
    rows
}

/// A function to register, and what is to be read of it.
fn pair(address: usize, given: Given) -> (Function, Known) {
    let Given { name, size, file, lines, frame, .. } = given;
    let mut function = Function::new(name.clone(), at(address), size);
    let mut known = Known {
        address: (NOWHERE + address) as u64,
        size: size as u64,
        name,
        file: None,
        lines: Vec::new(),
    };
    if let Some(file) = file {
        let mut lines: Vec<_> = lines
            .into_iter()
            .map(|(offset, line, column)| Line { offset: (offset % size) as u64, line, column })
            .collect();
        lines.sort_by_key(|line| line.offset);
        for Line { offset, line, column } in lines.iter().copied() {
            let row = (known.address + offset, line, column);
            match known.lines.last_mut() {
                Some(last) if last.0 == row.0 => *last = row, // the last counts
                _ => known.lines.push(row),
            }
        }
        if !lines.is_empty() {
            known.file = Some(file.clone());
        }
        function = function.source(file, lines);
    }
    function = match frame {
        0 => function,
        // SAFETY: nothing is there, and that the library sees.
        1 => unsafe { function.frame_pointer() },
        _ => function.frame_rules([0x0e, 0x10]), // DW_CFA_def_cfa_offset: 16
    };
    (function, known)
}

#[derive(Clone, Debug)]
struct Given {
    gap: usize,
    name: Vec<u8>,
    size: usize,
    file: Option<Vec<u8>>,
    lines: Vec<(usize, u32, u32)>,
    frame: u8,
}

fn given() -> impl Strategy<Value = Vec<Given>> {
    let gap = prop_oneof![4 => 0..32_usize, 1 => 0..1_usize << 33];
    let name = prop_oneof![3 => "[a-z:_<>( )]{1,20}", 1 => "\\PC{1,20}"].prop_map(Vec::from);
    let size = prop_oneof![4 => 1..300_usize, 1 => 1..1_usize << 31];
    let file = proptest::option::of("/?[a-zé ]{1,9}(/[a-z.]{1,9}){0,2}".prop_map(Vec::from));
    let line = (any::<usize>(), 0..1_u32 << 31, 0..1_000_u32);
    let function = (gap, name, size, file, vec(line, 0..30), 0..3_u8);
    vec(function, 1..30).prop_map(|functions| {
        let given =
            |(gap, name, size, file, lines, frame)| Given { gap, name, size, file, lines, frame };
        functions.into_iter().map(given).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(100) })]

    #[test]
    fn what_is_registered_reads_back(given in given(), order in any::<prop::sample::Index>()) {
        let _alone = alone();
        let mut address = 0;
        let (mut functions, known): (Vec<_>, Vec<_>) = given
            .into_iter()
            .map(|given| {
                let start = address + given.gap;
                address = start + given.size;
                pair(start, given)
            })
            .unzip();
        let middle = order.index(functions.len());
        functions.rotate_left(middle);
        let registration = Registration::register_functions(&functions).expect("good functions");
        drop(functions); // copied
        prop_assert_eq!(registration.images().len(), 1);
        prop_assert_eq!(read(registration.image()), known);
    }
}

#[test]
fn functions_are_shown_and_forgotten() {
    let _alone = alone();
    let one = Function::new("one", at(0), 16);
    let two = Function::new(String::from("two"), at(16), 16).source(b"f.js", [LINE]);
    let both = Registration::register_functions(&[one, two]).expect("good functions");
    let three = Function::new(b"three", at(32), 16).frame_rules([]);
    let third = Registration::try_register_functions(&[three]).expect("nobody else");
    let names = || {
        let mut names: Vec<_> = list().iter().flat_map(|(_, image)| read(image)).collect();
        names.sort();
        names.into_iter().map(|f| String::from_utf8(f.name).expect("UTF-8")).collect::<Vec<_>>()
    };
    assert_eq!(names(), ["one", "two", "three"]);
    assert_eq!(read(third.image()).len(), 1);
    drop(both);
    assert_eq!(names(), ["three"]);
    drop(third);
    assert_eq!(list(), []);
}

const LINE: Line = Line { offset: 0, line: 1, column: 1 };

#[test]
fn what_is_wrong_is_named() {
    let _alone = alone();
    let good = || Function::new("good", at(0), 16);
    let late = Line { offset: 16, ..LINE };
    // The last one is at fault.
    let cases = [
        (vec![], "count is 0"),
        (vec![Function::new("", at(0), 16)], "functions[0]: name is empty"),
        (
            vec![good(), Function::new("a\0b", at(16), 1)],
            "functions[1]: name has a NUL at byte 1, after \"a\"",
        ),
        (
            vec![good(), Function::new("f", at(16), 1).source("x.js\0", [])],
            "functions[1]: file has a NUL at byte 4, after \"x.js\"",
        ),
        (vec![Function::new("f", std::ptr::null(), 1)], "functions[0] \"f\": address is NULL"),
        (vec![good(), Function::new("f", at(16), 0)], "functions[1] \"f\": size is 0"),
        (vec![good().source("x.js", [late])], "lines[0].offset is 16"),
        (vec![good(), Function::new("f", at(15), 1)], "is within functions[0] \"good\""),
        (vec![good().frame_rules([0x3f])], "cfi"),
    ];
    for (functions, sentence) in cases {
        let error = Registration::register_functions(&functions).expect_err(sentence);
        assert_eq!(error.status(), Status::Argument, "{error}");
        assert!(error.to_string().contains(sentence), "{error}, without {sentence}");
        assert_eq!(error.into_image(), None);
    }
    let error = Options::new().opaque(true).register_functions(&[good()]).expect_err("for images");
    assert_eq!(error.status(), Status::Argument);
    assert_eq!(list(), []);
}

#[test]
fn a_busy_list_is_said_to_be() {
    let _alone = alone();
    let done = AtomicBool::new(false);
    let many: Vec<_> = (0..3_000).map(|i| Function::new(format!("f{i}"), at(i * 16), 16)).collect();
    let object = compile();
    let busy = |attempt: &dyn Fn() -> Result<Registration, jitdebug::Error>| {
        let end = Instant::now() + Duration::from_secs(30);
        loop {
            if let Err(error) = attempt() {
                assert_eq!(error.status(), Status::Busy, "{error}");
                break;
            }
            assert!(Instant::now() < end, "never busy");
        }
    };
    thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                drop(Registration::register_functions(&many).expect("good functions"));
            }
        });
        let mine = [Function::new("mine", at(1 << 30), 16)];
        let place = [Section::named(".text", at(1 << 30))];
        busy(&|| Registration::try_register_functions(&mine));
        busy(&|| Registration::try_register_object(&object, &place));
        done.store(true, Ordering::Relaxed);
    });
    assert_eq!(list(), []);
}

/// An object file of two functions, whose sections have one name.
fn compile() -> Vec<u8> {
    let directory = std::env::temp_dir().join(format!("jitdebug-{}", std::process::id()));
    std::fs::create_dir_all(&directory).expect("a directory");
    let (source, object) = (directory.join("two.c"), directory.join("two.o"));
    let text = r#"
        int f(int x) { return x + 1; }
        __attribute__((section(".text.g"))) int g(int x) { return x + 2; }
    "#;
    std::fs::write(&source, text).expect("a file");
    let gcc = Command::new("gcc")
        .args(["-g", "-O1", "-c", "-o"])
        .arg(&object)
        .arg(&source)
        .status()
        .expect("gcc");
    assert!(gcc.success());
    let object = std::fs::read(object).expect("an object file");
    std::fs::remove_dir_all(directory).expect("the directory");
    object
}

#[test]
fn an_object_file_is_placed() {
    let _alone = alone();
    let object = compile();
    let index = ElfFile64::<object::Endianness>::parse(&*object)
        .expect("ELF")
        .section_by_name(".text.g")
        .expect("the section")
        .index();
    let index = u32::try_from(index.0).expect("a number");
    let sections = [Section::named(".text", at(0)), Section::indexed(index, at(0x5000))];
    let registration = Registration::register_object(&object, &sections).expect("an object file");
    let known = read(registration.image());
    let names: Vec<_> = known.iter().map(|f| (f.address as usize, &*f.name)).collect();
    assert_eq!(names, [(NOWHERE, &b"f"[..]), (NOWHERE + 0x5000, &b"g"[..])]);
    for (function, line) in known.iter().zip([2, 3]) {
        assert!(function.lines.iter().all(|row| row.1 == line), "{function:?}");
        assert!(!function.lines.is_empty());
    }
    assert_eq!(list().len(), 1);
    drop(registration);
    assert_eq!(list(), []);

    let place = at(0);
    let cases = [
        (vec![], "count is 0"),
        (vec![Section::named(".text\0", place)], "sections[0]: name has a NUL at byte 5"),
        (vec![Section::named(".text", place), Section::named(".no", place)], "sections[1]"),
        (vec![Section::indexed(999, place)], "999"),
        (vec![Section::named(".text", std::ptr::null())], "sections[0]"),
    ];
    for (sections, sentence) in cases {
        let error = Registration::register_object(&object, &sections).expect_err(sentence);
        assert_eq!(error.status(), Status::Argument, "{error}");
        assert!(error.to_string().contains(sentence), "{error}, without {sentence}");
    }
    let error = Registration::register_object(&object[..100], &sections).expect_err("cut off");
    assert_eq!(error.status(), Status::Image, "{error}");
    assert_eq!(list(), []);
}
