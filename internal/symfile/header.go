// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package symfile

import (
	"github.com/libjitdebug/libjitdebug/internal/elf"
	"github.com/libjitdebug/libjitdebug/internal/format"
	"github.com/libjitdebug/libjitdebug/internal/machine"
)

// A file is an image that is being checked. A count or an offset is stored here once
// it has been compared with the image's size.
type file struct {
	elf.File
	machine      *machine.Machine
	room         func(bytes uintptr) bool // Limits.Room
	segments     []elf.Prog64
	count        uint64 // of sections
	names        uint64 // index of the section that holds the sections' names
	namesSize    uint64
	symbolTable  uint64 // index of the SHT_SYMTAB section, or 0
	dynamicTable uint64 // index of the SHT_DYNSYM section, or 0
	indexTable   uint64 // index of the SHT_SYMTAB_SHNDX section, or 0
	frames       uint64 // index of the first .debug_frame or .eh_frame, or 0
	lastFrames   uint64 // index of the last one
	unloaded     uint64 // index of the first section with code that is not loaded, or 0
	covering     uint64 // index of the first section that covers Limits.Taken, or 0
	end          uint64 // end of the last byte that a header describes
	contentsSize uint64 // sum of what the sections describe

	has contents

	// Of an object with debug information.
	relocations []uint64 // for each section, the index of its relocations or 0
	addressed   bool     // some section has an sh_addr; where none has, gdb makes addresses up
}

// contents says what an image holds beyond headers, so that a check for which there
// is nothing to check costs nothing.
type contents uint8

const (
	hasSymbols contents = 1 << iota
	hasRelocations
	hasGroups
	hasCompressed
	hasOther // what checkOther looks at
	hasDebug // more than call frame information
)

// open checks the ELF header and finds the section headers.
func (f *file) open(m *machine.Machine) error {
	size := uint64(len(f.Bytes))
	if size < elf.HeaderSize {
		return format.Errorf("the image has %d bytes, an ELF header alone has %d", size, elf.HeaderSize)
	}
	h := elf.In[elf.Header64](f.Bytes)
	if magic := h.Ident[:len(elf.ELFMAG)]; string(magic) != elf.ELFMAG {
		return format.Errorf("e_ident starts with %02x %02x %02x %02x, an ELF file starts with 7f 45 4c 46",
			magic[0], magic[1], magic[2], magic[3])
	}
	if v := h.Ident[elf.EI_CLASS]; v != elf.ELFCLASS64 {
		return format.Errorf("e_ident[EI_CLASS] is %d, this process is ELFCLASS64 (2)", v)
	}
	if v := h.Ident[elf.EI_DATA]; v != elf.ELFDATA2LSB {
		return format.Errorf("e_ident[EI_DATA] is %d, this process is ELFDATA2LSB (1)", v)
	}
	if v := h.Ident[elf.EI_VERSION]; v != elf.EV_CURRENT {
		return format.Errorf("e_ident[EI_VERSION] is %d, the only version is EV_CURRENT (1)", v)
	}
	switch v := h.Ident[elf.EI_OSABI]; v {
	case elf.ELFOSABI_NETBSD, elf.ELFOSABI_SOLARIS, elf.ELFOSABI_FREEBSD, elf.ELFOSABI_OPENVMS:
		return format.Errorf("e_ident[EI_OSABI] is %d, this process is ELFOSABI_NONE (0) or ELFOSABI_GNU (3)", v)
	}
	f.Type = h.Type
	if f.Type < elf.ET_REL || f.Type > elf.ET_DYN {
		return format.Errorf("e_type is %d, a debugger reads ET_REL (1), ET_EXEC (2) and ET_DYN (3)", f.Type)
	}
	f.machine, f.Machine = m, h.Machine
	if v := f.Machine; v != m.ELF {
		name := machine.Name(v)
		if name != "" {
			name = " (" + name + ")"
		}
		return format.Errorf("e_machine is %d%s, this process is %s (%d)", v, name, m.Name, m.ELF)
	}
	if err := f.findSections(h, size); err != nil {
		return err
	}
	return f.findSegments(h, size)
}

func (f *file) findSections(h *elf.Header64, size uint64) error {
	offset := h.Shoff
	if offset == 0 {
		return format.Errorf("e_shoff is 0: an image without section headers has no symbols")
	}
	if offset < elf.HeaderSize {
		return format.Errorf("e_shoff is %#x, inside the ELF header", offset)
	}
	if v := h.Shentsize; v != elf.SectionSize {
		return format.Errorf("e_shentsize is %d, a section header has %d bytes", v, elf.SectionSize)
	}
	if offset > size || size-offset < elf.SectionSize {
		return format.Errorf("e_shoff is %#x: no section header fits before the end of the image's %d bytes", offset, size)
	}
	all := elf.Table[elf.Section64](f.Bytes[offset:])
	field := "e_shnum"
	f.count = uint64(h.Shnum)
	if f.count == 0 {
		f.count, field = all[0].Size, "section 0: with e_shnum 0, sh_size"
		if f.count == 0 {
			return format.Errorf("e_shnum is 0, and so is the count in section 0's sh_size: there are no sections")
		}
	}
	if f.count > uint64(len(all)) {
		return format.Errorf("%s is %d: from e_shoff %#x only %d section headers fit in the image's %d bytes",
			field, f.count, offset, len(all), size)
	}
	f.Sections = all[:f.count]
	f.end = offset + f.count*elf.SectionSize

	field = "e_shstrndx"
	f.names = uint64(h.Shstrndx)
	if f.names == elf.SHN_XINDEX {
		f.names, field = uint64(all[0].Link), "section 0: with e_shstrndx SHN_XINDEX, sh_link"
	} else if f.names >= elf.SHN_LORESERVE {
		return format.Errorf("e_shstrndx is %#x, a reserved index", f.names)
	}
	if f.names == 0 {
		return format.Errorf("%s is 0: the sections have no names", field)
	}
	if f.names >= f.count {
		return format.Errorf("%s is %d, there are %d sections", field, f.names, f.count)
	}
	names := f.section(f.names)
	if t := names.Type; t != elf.SHT_STRTAB {
		return format.Errorf("%s is %d, a section of type %d, not a string table (SHT_STRTAB, 3)", field, f.names, t)
	}
	f.namesSize = names.Size
	f.Names = f.Contents(names)
	return nil
}

func (f *file) findSegments(h *elf.Header64, size uint64) error {
	offset, count := h.Phoff, uint64(h.Phnum)
	if count == 0 {
		// Without program headers, lldb still reads up to e_phoff.
		if offset > size {
			return format.Errorf("e_phoff is %#x, past the image's %d bytes", offset, size)
		}
		return nil
	}
	field := "e_phnum"
	if count == elf.PN_XNUM {
		count, field = uint64(f.Sections[0].Info), "section 0: with e_phnum PN_XNUM, sh_info"
	}
	if count == 0 {
		return format.Errorf("%s is 0", field)
	}
	if v := h.Phentsize; v != elf.ProgSize {
		return format.Errorf("e_phentsize is %d, a program header has %d bytes", v, elf.ProgSize)
	}
	if offset > size || (size-offset)/elf.ProgSize < count {
		return format.Errorf("%s is %d: from e_phoff %#x so many program headers end past the image's %d bytes",
			field, count, offset, size)
	}
	f.segments = elf.Table[elf.Prog64](f.Bytes[offset:])[:count]
	f.end = max(f.end, offset+count*elf.ProgSize)
	return nil
}

// slack is how far an image may go on after the last byte that its headers
// describe: a buffer may be rounded up to pages, of up to 2 MiB, or may have grown by
// doubling. With more the size is wrong, and lldb would read all of it.
const slack = 2 << 20

// checkSize compares the image's size with what its headers describe.
func (f *file) checkSize() error {
	size := uint64(len(f.Bytes))
	if size-f.end > max(slack, f.end) {
		return format.Errorf("size is %d, the headers describe an image of %d bytes", size, f.end)
	}
	// Each section's bytes are read, so the time of a check has no bound in the
	// image's size if sections share bytes. In real images they hardly do.
	if f.contentsSize/16 > f.end {
		return format.Errorf("the sections' sh_size add up to %d bytes in an image of %d: they overlap", f.contentsSize, f.end)
	}
	return nil
}
