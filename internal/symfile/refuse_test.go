// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package symfile

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/libjitdebug/libjitdebug/internal/elf"
	"github.com/libjitdebug/libjitdebug/internal/machine"
	"github.com/libjitdebug/libjitdebug/tests/samples"
)

// header is the offset of a field of section i's header.
func header(image []byte, i, field int) int {
	return int(le.Uint64(image[40:])) + elf.SectionSize*i + field
}

// Fields of a section header.
const (
	shName  = 0
	shType  = 4
	shFlags = 8
	shAddr  = 16
	shOff   = 24
	shSize  = 32
	shLink  = 40
	shInfo  = 44
	shEntry = 56
)

// find is the index of the section with a name.
func find(t *testing.T, image []byte, name string) int {
	t.Helper()
	f := file{File: elf.File{Bytes: image}}
	if err := f.open(machine.Host); err != nil {
		t.Fatal(err)
	}
	for i := uint64(1); i < f.count; i++ {
		if string(f.sectionName(i)) == name {
			return int(i)
		}
	}
	t.Fatalf("no section %s", name)
	return 0
}

// in is the offset in the image of a byte of a section.
func in(t *testing.T, image []byte, name string, at int) int {
	return int(le.Uint64(image[header(image, find(t, image, name), shOff):])) + at
}

func put8(at int, v byte) func([]byte) []byte {
	return func(image []byte) []byte { image[at] = v; return image }
}

func put16(at int, v uint16) func([]byte) []byte {
	return func(b []byte) []byte { binary.LittleEndian.PutUint16(b[at:], v); return b }
}

func put32(at int, v uint32) func([]byte) []byte {
	return func(b []byte) []byte { le.PutUint32(b[at:], v); return b }
}

func put64(at int, v uint64) func([]byte) []byte {
	return func(b []byte) []byte { le.PutUint64(b[at:], v); return b }
}

// TestRefusals: each thing that is wrong is named, with its value.
func TestRefusals(t *testing.T) {
	// Sections: 1 .text, 2 .symtab, 3 .strtab, 4 .shstrtab.
	small := samples.Function(samples.Layout{Type: 1},
		samples.Section{Name: ".text", Type: 1, Flags: 6, Addr: 0x20000000, Data: make([]byte, 64)}, "jit_a", "jit_b")
	named := samples.Function(samples.Layout{Type: 1},
		samples.Section{Name: "a \x00\xff\"\n\x1b[31m", Type: 1, Flags: 6, Addr: 0x20000000, Data: make([]byte, 64)}, "jit_a")
	symbol := func(n, field int) int { return in(t, small, ".symtab", 24*n+field) }
	at := func(section, field int) int { return header(small, section, field) }

	for _, c := range []struct {
		name  string
		image []byte
		wreck func([]byte) []byte
		want  string
	}{
		{"empty", nil, nil, "the image has 0 bytes, an ELF header alone has 64"},
		{"short", small[:63], nil, "the image has 63 bytes, an ELF header alone has 64"},
		{"garbage", bytes.Repeat([]byte("garbage "), 100), nil, "e_ident starts with 67 61 72 62, an ELF file starts with 7f 45 4c 46"},
		{"class", small, func(b []byte) []byte { b[4] = 1; return b }, "e_ident[EI_CLASS] is 1, this process is ELFCLASS64 (2)"},
		{"byte order", small, func(b []byte) []byte { b[5] = 2; return b }, "e_ident[EI_DATA] is 2, this process is ELFDATA2LSB (1)"},
		{"version", small, func(b []byte) []byte { b[6] = 0; return b }, "e_ident[EI_VERSION] is 0, the only version is EV_CURRENT (1)"},
		{"OS", small, func(b []byte) []byte { b[7] = 2; return b }, "e_ident[EI_OSABI] is 2, this process is ELFOSABI_NONE (0) or ELFOSABI_GNU (3)"},
		{"e_type none", small, put16(16, 0), "e_type is 0, a debugger reads ET_REL (1), ET_EXEC (2) and ET_DYN (3)"},
		{"e_type core", small, put16(16, 4), "e_type is 4, a debugger reads ET_REL (1), ET_EXEC (2) and ET_DYN (3)"},
		{"e_machine", small, put16(18, 3), "e_machine is 3 (EM_386), this process is " + machine.Host.Name},
		{"e_shoff 0", small, put64(40, 0), "e_shoff is 0: an image without section headers has no symbols"},
		{"e_shoff low", small, put64(40, 8), "e_shoff is 0x8, inside the ELF header"},
		{"e_shoff past the end", small, put64(40, 576), "e_shoff is 0x240: no section header fits before the end of the image's 576 bytes"},
		{"e_shoff huge", small, put64(40, 1<<64-8), "e_shoff is 0xfffffffffffffff8: no section header fits"},
		{"e_shentsize", small, put16(58, 40), "e_shentsize is 40, a section header has 64 bytes"},
		{"e_shnum", small, put16(60, 6), "e_shnum is 6: from e_shoff 0x100 only 5 section headers fit in the image's 576 bytes"},
		{"no sections", small, put16(60, 0), "e_shnum is 0, and so is the count in section 0's sh_size: there are no sections"},
		{"extended e_shnum", small, func(b []byte) []byte { return put16(60, 0)(put64(at(0, shSize), 1<<40)(b)) },
			"section 0: with e_shnum 0, sh_size is 1099511627776: from e_shoff 0x100 only 5 section headers fit"},
		{"e_shstrndx 0", small, put16(62, 0), "e_shstrndx is 0: the sections have no names"},
		{"e_shstrndx", small, put16(62, 5), "e_shstrndx is 5, there are 5 sections"},
		{"e_shstrndx reserved", small, put16(62, 0xff05), "e_shstrndx is 0xff05, a reserved index"},
		{"e_shstrndx extended", small, put16(62, 0xffff), "section 0: with e_shstrndx SHN_XINDEX, sh_link is 0: the sections have no names"},
		{"e_shstrndx no strings", small, put16(62, 2), "e_shstrndx is 2, a section of type 2, not a string table (SHT_STRTAB, 3)"},
		{"e_phoff", small, put64(32, 577), "e_phoff is 0x241, past the image's 576 bytes"},
		{"e_phentsize", small, func(b []byte) []byte { return put16(54, 32)(put16(56, 1)(b)) }, "e_phentsize is 32, a program header has 56 bytes"},
		{"e_phnum", small, func(b []byte) []byte { return put64(32, 600)(put16(56, 1)(b)) }, "e_phnum is 1: from e_phoff 0x258 so many program headers end past the image's 576 bytes"},
		{"e_phnum extended", small, put16(56, 0xffff), "section 0: with e_phnum PN_XNUM, sh_info is 0"},

		{"section past the end", small, put64(at(1, shSize), 0x400), "section 1 (.text): sh_offset 0x40 + sh_size 0x400 ends past the image's 576 bytes"},
		{"section wraps", small, put64(at(1, shOff), 1<<64-8), "section 1 (.text): sh_offset 0xfffffffffffffff8 + sh_size 0x40 ends past the image's 576 bytes"},
		{"section 0 past the end", small, put64(at(0, shSize), 0x400), "section 0: sh_offset 0x0 + sh_size 0x400 ends past the image's 576 bytes"},
		{"sh_link", small, put32(at(1, shLink), 99), "section 1 (.text): sh_link is 99, there are 5 sections"},
		{"sh_name", small, put32(at(1, shName), 99), "section 1: sh_name is 99, the section names have 33 bytes"},
		{"sh_type", small, put32(at(1, shType), 12), "section 1 (.text): sh_type is 0xc, which is unknown with sh_flags 0x6"},
		{"sh_info link", small, func(b []byte) []byte { return put32(at(1, shInfo), 77)(put64(at(1, shFlags), 0x46)(b)) },
			"section 1 (.text): with SHF_INFO_LINK, sh_info is 77, there are 5 sections"},
		{"link order", small, func(b []byte) []byte { return put32(at(1, shLink), 2)(put64(at(1, shFlags), 0x86)(b)) },
			"section 1 (.text): with SHF_LINK_ORDER, sh_link is 2, a section of type 2, which has no order"},
		{"group flag", small, put64(at(1, shFlags), 0x206), "section 1 (.text): with SHF_GROUP, it is in no section group"},
		{"loaded size", small, func(b []byte) []byte { return put64(at(1, shSize), 1<<41)(put32(at(1, shType), 8)(b)) },
			"section 1 (.text): sh_addr 0x20000000 + sh_size 0x20000000000 is more than a process can load"},
		{"compressed loaded", small, put64(at(1, shFlags), 0x802), "section 1 (.text): sh_flags is 0x802: a section that is loaded or has no contents cannot be SHF_COMPRESSED"},
		{"compressed type", small, put64(at(1, shFlags), 0x800), "section 1 (.text): ch_type is 0, it can be ELFCOMPRESS_ZLIB (1) or ELFCOMPRESS_ZSTD (2)"},
		{"compressed size", small, func(b []byte) []byte {
			b = put64(at(1, shFlags), 0x800)(b)
			return put64(64+8, 1<<60)(put32(64, 1)(b))
		}, "section 1 (.text): ch_size is 0x1000000000000000, more than 40 compressed bytes can hold"},
		{"garbage name", named, put32(header(named, 1, shLink), 99), `section 1 ("a "): sh_link is 99, there are 5 sections`},
		{"garbage bytes in a name", named, func(b []byte) []byte {
			b[in(t, named, ".shstrtab", 3)] = 0xfe
			return put32(header(named, 1, shLink), 99)(b)
		}, `section 1 ("a \xfe\xff\"\n\x1b[31m"): sh_link is 99, there are 5 sections`},

		{"symtab entsize", small, put64(at(2, shEntry), 16), "section 2 (.symtab): sh_entsize is 16, an entry has 24 bytes"},
		{"symtab size", small, put64(at(2, shSize), 71), "section 2 (.symtab): sh_size is 0x47, not a multiple of sh_entsize 24"},
		{"symtab link", small, put32(at(2, shLink), 1), "section 2 (.symtab): sh_link is 1, a section of type 1, not a string table (SHT_STRTAB, 3)"},
		{"symtab info", small, put32(at(2, shInfo), 4), "section 2 (.symtab): sh_info is 4, there are 3 symbols"},
		{"second symtab", small, put32(at(1, shType), 2), "section 1 (.text): sh_entsize is 0"},
		{"names without NUL", small, func(b []byte) []byte { b[in(t, small, ".shstrtab", 32)] = 'x'; return b },
			"section 4 (.shstrtabx): the last byte of the string table is 0x78, not a NUL"},
		{"strings without NUL", small, func(b []byte) []byte { b[in(t, small, ".strtab", 12)] = 'x'; return b },
			"section 3 (.strtab): the last byte of the string table is 0x78, not a NUL"},
		{"st_name", small, put32(symbol(1, 0), 13), "section 2 (.symtab): symbol 1: st_name is 13, the names in section 3 have 13 bytes"},
		{"binding", small, put8(symbol(1, 4), 0x92), "section 2 (.symtab): symbol 1 (jit_a): its binding is 9"},
		{"symbol type", small, put8(symbol(1, 4), 0x17), "section 2 (.symtab): symbol 1 (jit_a): its type is 7"},
		{"st_shndx", small, put16(symbol(2, 6), 5), "section 2 (.symtab): symbol 2 (jit_b): st_shndx is 5, there are 5 sections"},
		{"st_shndx extended", small, put16(symbol(2, 6), 0xffff), "section 2 (.symtab): symbol 2 (jit_b): st_shndx is SHN_XINDEX, but the table has no SHT_SYMTAB_SHNDX section"},
	} {
		t.Run(c.name, func(t *testing.T) {
			image := bytes.Clone(c.image)
			if c.wreck != nil {
				if err := Check(image); err != nil {
					t.Fatalf("refused as it was: %v", err)
				}
				image = c.wreck(image)
			}
			refused(t, image, c.want)
		})
	}
}

// refused checks that an image is refused with a text that starts with want.
func refused(t *testing.T, image []byte, want string) {
	t.Helper()
	err := Check(image)
	if err == nil {
		t.Fatalf("accepted, want %q", want)
	}
	if !strings.HasPrefix(err.Error(), want) {
		t.Fatalf("refused with\n %q, want\n %q", err, want)
	}
	wellFormed(t, err)
}

// TestRefusalsInCompiledImages breaks what compilers wrote.
func TestRefusalsInCompiledImages(t *testing.T) {
	compiled := map[string][]byte{}
	for _, image := range samples.Compiled(t) {
		compiled[image.Name] = image.Data
	}
	set := func(v ...byte) func([]byte, int) {
		return func(b []byte, at int) { copy(b[at:], v) }
	}
	for _, c := range []struct {
		image, section string
		at             int
		wreck          func([]byte, int)
		want           string
	}{
		{"gcc", ".rela.debug_info", 0, set(0xff, 0xff), "(.rela.debug_info): relocation 0: r_offset is 0xffff, section"},
		{"gcc", ".rela.debug_info", 12, set(0xff, 0xff), "(.rela.debug_info): relocation 0: its symbol is 65535, there are"},
		{"gcc", ".rela.debug_info", 8, set(9), "(.rela.debug_info): relocation 0: its type is 9, which is unknown to a debugger"},
		{"shared", ".rela.plt", 8, set(0x87), "(.rela.plt): relocation 0: its type is 135"},
		{"gxx", ".group", 4, set(0xff, 0xff), "(.group): member 1 of the group is section 65535, there are"},
		{"linked", ".debug_info", 0, set(0xff, 0xff), "(.debug_info): unit at 0x0: its length is 0xffff"},
		{"linked", ".debug_info", 4, set(9), "(.debug_info): unit at 0x0: its version is 9, debuggers read DWARF 2 to 5"},
		{"linked", ".debug_info", 6, set(9), "(.debug_info): unit at 0x0: its unit_type is 9"},
		{"linked", ".debug_info", 7, set(3), "(.debug_info): unit at 0x0: its address_size is 3"},
		{"linked", ".debug_info", 8, set(0xff, 0xff), "(.debug_info): unit at 0x0: its debug_abbrev_offset is 0xffff"},
		{"linked", ".debug_info", 12, set(0x7f), "(.debug_info): entry at 0xc: its abbreviation code 127 is not in the table"},
		{"linked", ".debug_info", 12, set(0), "(.debug_info): unit at 0x0: its first entry is an end of entries"},
		{"linked", ".debug_info", 13, set(0xff, 0xff, 0xff), "(.debug_info): entry at 0xc: attribute 0x25 refers to .debug_str"},
		{"linked", ".debug_abbrev", 4, set(0x2d), "(.debug_info): unit at 0x0: its abbreviation at .debug_abbrev 0x0: attribute 0x3: form 0x2d is unknown"},
		{"linked", ".debug_line", 4, set(7), "its version is 7, debuggers read 2 to 5"},
		{"linked", ".debug_line", 8, set(0xff, 0xff), "its header_length is 0xffff"},
		{"linked", ".debug_aranges", 4, set(7), "(.debug_aranges): set at 0x0: its version is 7, the only one is 2"},
		{"linked", ".debug_aranges", 6, set(1), "(.debug_aranges): set at 0x0: its debug_info_offset is 0x1, where no unit starts"},
		{"linked", ".eh_frame", 0, set(0xff, 0xff), "(.eh_frame): entry at 0x0: its length is 0xffff"},
		{"linked", ".eh_frame", 8, set(7), "(.eh_frame): CIE at 0x0: its version is 7"},
		{"linked", ".eh_frame", 16, set(0x57), "(.eh_frame): CIE at 0x0: its pointer encoding is 0x57"},
		{"linked", ".eh_frame", 17, set(0x3f), "(.eh_frame): CIE at 0x0: its instruction at"},
		{"linked", ".eh_frame", 28, set(0x99), "(.eh_frame): FDE at 0x18: its CIE is at"},
		{"linked-zlib", ".debug_info", 16, set(3), "(.debug_info): ch_addralign is 0x3, not a power of two"},
		{"gcc-zlib-gnu", ".zdebug_info", 0, set('X'), "(.zdebug_info): the section does not start with ZLIB and its size"},
		{"gcc-zlib-gnu", ".zdebug_line", 4, set(0xff), "(.zdebug_line): its uncompressed size is 0xff"},
		{"gcc-zlib-gnu", ".zdebug_info", 4, set(0xff), "(.zdebug_info): its uncompressed size is 0xff"},
	} {
		t.Run(c.image+" "+c.want, func(t *testing.T) {
			image := bytes.Clone(compiled[c.image])
			if err := Check(image); err != nil {
				t.Fatalf("refused as it was: %v", err)
			}
			c.wreck(image, in(t, image, c.section, c.at))
			err := Check(image)
			if err == nil {
				t.Fatalf("accepted")
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Fatalf("refused with\n %q, want\n %q", err, c.want)
			}
			wellFormed(t, err)
		})
	}
}

func TestUnloadedCodeIsRefused(t *testing.T) {
	for _, image := range samples.Compiled(t) {
		// In linked-symbols there is only unwind information, in linked-debug .text is
		// SHT_NOBITS.
		if image.Name == "linked" || image.Name == "linked-symbols" || image.Name == "linked-debug" {
			image.Data = bytes.Clone(image.Data)
			le.PutUint64(image.Data[header(image.Data, 1, shFlags):], 4)
			refused(t, image.Data, "section 1 (.text): sh_flags is 0x4: code with debug information that is not SHF_ALLOC")
		}
	}
}

// TestLoadedDebugInformation: in a debug section with SHF_ALLOC, gdb takes the addresses
// of other debug sections for offsets in them.
func TestLoadedDebugInformation(t *testing.T) {
	for _, image := range samples.Compiled(t) {
		if image.Name != "clang-O2-all-placed" {
			continue
		}
		bytes := bytes.Clone(image.Data)
		le.PutUint64(bytes[header(bytes, find(t, bytes, ".debug_info"), shFlags):], 2)
		if err := Check(bytes); err == nil || !strings.Contains(err.Error(), "(.debug_info): unit at 0x0: its debug_abbrev_offset is 0x3") {
			t.Error(err)
		}
		return
	}
	t.Error("no such image")
}

func TestRelocatedCompressedIsRefused(t *testing.T) {
	err := Check(samples.RelocatedCompressed(t))
	if err == nil || !strings.Contains(err.Error(), "(.rela.debug_info): the relocations are for uncompressed bytes") {
		t.Fatal(err)
	}
}
