// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//! The images that are registered: ELF files of exactly 1 KiB, as a small JIT
//! would write them. Four functions with code and symbols, and as a rule with
//! unwind information.

pub const SIZE: usize = 1024;

const FUNCTIONS: [&str; 4] = ["parse", "evaluate", "allocate", "collect"];
const ADDRESS: u64 = 0x7f00_0000_0000;

const ELF_HEADER: usize = 64;
const SECTION_HEADER: usize = 64;
const SYMBOL: usize = 24;

const PROGBITS: u32 = 1;
const SYMTAB: u32 = 2;
const STRTAB: u32 = 3;

struct Section {
    name: &'static str,
    kind: u32,
    flags: u64,
    address: u64,
    link: u32,
    info: u32,
    align: u64,
    entry_size: u64,
    bytes: Vec<u8>,
}

/// An image with unwind information. What is left of the 1 KiB is code.
pub fn build() -> Vec<u8> {
    fill_up(true)
}

/// An image without it.
pub fn symbols_only() -> Vec<u8> {
    fill_up(false)
}

fn fill_up(unwind: bool) -> Vec<u8> {
    let rest = assemble(0, unwind).len();
    let image = assemble((SIZE - rest) / FUNCTIONS.len(), unwind);
    assert_eq!(image.len(), SIZE);
    image
}

fn assemble(code_size: usize, unwind: bool) -> Vec<u8> {
    let (symbols, names) = symbols(code_size as u64);
    let plain = |name, kind, align, bytes| Section {
        name,
        kind,
        align,
        bytes,
        flags: 0,
        address: 0,
        link: 0,
        info: 0,
        entry_size: 0,
    };
    let mut sections = vec![
        plain("", 0, 0, Vec::new()),
        Section {
            flags: 2 | 4, // SHF_ALLOC, SHF_EXECINSTR
            address: ADDRESS,
            ..plain(".text", PROGBITS, 16, vec![0xc3; code_size * FUNCTIONS.len()])
        },
        Section {
            link: 3,
            info: 1, // the first global symbol
            entry_size: SYMBOL as u64,
            ..plain(".symtab", SYMTAB, 8, symbols)
        },
        plain(".strtab", STRTAB, 1, names),
    ];
    if unwind {
        sections.push(plain(".debug_frame", PROGBITS, 8, debug_frame(code_size as u64)));
    }
    sections.push(plain(".shstrtab", STRTAB, 1, Vec::new()));

    let mut section_names = Vec::new();
    let mut name_offsets = Vec::new();
    for section in &sections {
        name_offsets.push(section_names.len() as u32);
        section_names.extend(section.name.as_bytes());
        section_names.push(0);
    }
    sections.last_mut().unwrap().bytes = section_names;

    let mut file = vec![0; ELF_HEADER];
    let mut headers = Vec::new();
    for (section, name) in sections.iter().zip(name_offsets) {
        pad(&mut file, section.align as usize);
        put4(&mut headers, &[name, section.kind]);
        put8(&mut headers, &[section.flags, section.address]);
        let offset = if section.kind == 0 { 0 } else { file.len() as u64 };
        put8(&mut headers, &[offset, section.bytes.len() as u64]);
        put4(&mut headers, &[section.link, section.info]);
        put8(&mut headers, &[section.align, section.entry_size]);
        file.extend(&section.bytes);
    }
    pad(&mut file, 32);

    let mut header = Vec::from(*b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0");
    put2(&mut header, &[2, MACHINE]); // ET_EXEC: its addresses are final
    put4(&mut header, &[1]);
    put8(&mut header, &[0, 0, file.len() as u64]);
    put4(&mut header, &[0]);
    put2(&mut header, &[ELF_HEADER as u16, 0, 0]);
    put2(&mut header, &[SECTION_HEADER as u16, sections.len() as u16, sections.len() as u16 - 1]);
    file[..ELF_HEADER].copy_from_slice(&header);
    file.extend(headers);
    file
}

#[cfg(target_arch = "x86_64")]
const MACHINE: u16 = 62;
#[cfg(target_arch = "aarch64")]
const MACHINE: u16 = 183;

fn symbols(code_size: u64) -> (Vec<u8>, Vec<u8>) {
    let mut symbols = vec![0; SYMBOL];
    let mut names = vec![0];
    for (i, function) in FUNCTIONS.iter().enumerate() {
        put4(&mut symbols, &[names.len() as u32]);
        symbols.extend([0x12, 0]); // STB_GLOBAL, STT_FUNC
        put2(&mut symbols, &[1]);
        put8(&mut symbols, &[ADDRESS + i as u64 * code_size, code_size]);
        names.extend(function.as_bytes());
        names.push(0);
    }
    (symbols, names)
}

/// One CIE, and an FDE for each function.
fn debug_frame(code_size: u64) -> Vec<u8> {
    let mut frame = Vec::new();
    put4(&mut frame, &[20, u32::MAX]);
    // Version 1, no augmentation, alignments 1 and -8, return address in 16;
    // DW_CFA_def_cfa 7 8, DW_CFA_offset 16 1, and DW_CFA_nop to fill up.
    frame.extend([1, 0, 1, 0x78, 16, 0x0c, 7, 8, 0x90, 1, 0, 0, 0, 0, 0, 0]);
    for i in 0..FUNCTIONS.len() as u64 {
        put4(&mut frame, &[20 + 8, 0]);
        put8(&mut frame, &[ADDRESS + i * code_size, code_size]);
        // DW_CFA_advance_loc 1, DW_CFA_def_cfa_offset 16, DW_CFA_offset 6 2.
        frame.extend([0x41, 0x0e, 16, 0x86, 2, 0, 0, 0]);
    }
    frame
}

fn pad(bytes: &mut Vec<u8>, align: usize) {
    bytes.resize(bytes.len().next_multiple_of(align.max(1)), 0);
}

fn put2(bytes: &mut Vec<u8>, values: &[u16]) {
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
}

fn put4(bytes: &mut Vec<u8>, values: &[u32]) {
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
}

fn put8(bytes: &mut Vec<u8>, values: &[u64]) {
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
}
