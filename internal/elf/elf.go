// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Package elf is the format of ELF files: System V gABI, 64 bits, little-endian. It
// finds things in a file and does not judge them: a caller checks what it relies on.
//
// Names are the gABI's; those of structs and their fields are those of debug/elf in
// Go's standard library, which imports fmt, and reads a file by copying it.
package elf

// The ELF header: e_ident, e_type, e_machine.
const (
	ELFMAG = "\x7fELF"

	EI_CLASS   = 4
	EI_DATA    = 5
	EI_VERSION = 6
	EI_OSABI   = 7

	ELFCLASS64  = 2
	ELFDATA2LSB = 1
	EV_CURRENT  = 1

	ELFOSABI_NONE    = 0
	ELFOSABI_NETBSD  = 2
	ELFOSABI_GNU     = 3
	ELFOSABI_SOLARIS = 6
	ELFOSABI_FREEBSD = 9
	ELFOSABI_OPENVMS = 13

	ET_REL  = 1
	ET_EXEC = 2
	ET_DYN  = 3

	EM_386     = 3
	EM_ARM     = 40
	EM_X86_64  = 62
	EM_AARCH64 = 183
	EM_RISCV   = 243

	PN_XNUM = 0xffff
)

// Section indexes.
const (
	SHN_UNDEF     = 0
	SHN_LORESERVE = 0xff00
	SHN_BEFORE    = 0xff00
	SHN_AFTER     = 0xff01
	SHN_ABS       = 0xfff1
	SHN_XINDEX    = 0xffff
)

// Section types.
const (
	SHT_NULL          = 0
	SHT_PROGBITS      = 1
	SHT_SYMTAB        = 2
	SHT_STRTAB        = 3
	SHT_RELA          = 4
	SHT_NOBITS        = 8
	SHT_REL           = 9
	SHT_DYNSYM        = 11
	SHT_INIT_ARRAY    = 14
	SHT_GROUP         = 17
	SHT_SYMTAB_SHNDX  = 18
	SHT_RELR          = 19
	SHT_CREL          = 0x40000014
	SHT_LOOS          = 0x60000000
	SHT_HIOS          = 0x6fffffff
	SHT_X86_64_UNWIND = 0x70000001
	SHT_LOUSER        = 0x80000000
)

// Section flags.
const (
	SHF_WRITE            = 1 << 0
	SHF_ALLOC            = 1 << 1
	SHF_EXECINSTR        = 1 << 2
	SHF_MERGE            = 1 << 4
	SHF_STRINGS          = 1 << 5
	SHF_INFO_LINK        = 1 << 6
	SHF_LINK_ORDER       = 1 << 7
	SHF_OS_NONCONFORMING = 1 << 8
	SHF_GROUP            = 1 << 9
	SHF_TLS              = 1 << 10
	SHF_COMPRESSED       = 1 << 11
)

// Symbols: bindings and types.
const (
	STB_LOCAL  = 0
	STB_GLOBAL = 1
	STB_WEAK   = 2
	STB_LOOS   = 10

	STT_FUNC    = 2
	STT_SECTION = 3
	STT_FILE    = 4
	STT_TLS     = 6
)

// Sizes of headers and of entries, in bytes.
const (
	HeaderSize  = 64
	SectionSize = 64 // of a section header
	ProgSize    = 56 // of a program header
	SymSize     = 24
	RelSize     = 16
	RelaSize    = 24
	ChdrSize    = 24
	WordSize    = 4 // of an entry of SHT_SYMTAB_SHNDX or SHT_GROUP
)
