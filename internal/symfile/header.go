package symfile

import "unsafe"

const (
	headerSize        = 64
	sectionHeaderSize = 64
	segmentHeaderSize = 56

	typeRel = 1 // ET_REL
	typeDyn = 3 // ET_DYN

	indexReserve  = 0xff00 // SHN_LORESERVE
	indexExtended = 0xffff // SHN_XINDEX
	countExtended = 0xffff // PN_XNUM
)

// A file is an image that is being checked. Its counts and offsets are those
// that have been checked against the image's size.
type file struct {
	bytes []byte
	typ   uint16

	headers      []sectionHeader
	sections     uint64 // number of headers
	segments     uint64 // number of program headers
	segmentsAt   uint64 // their offset
	names        uint64 // index of the section that holds the sections' names
	namesSize    uint64
	symbolTable  uint64 // index of the SHT_SYMTAB section, or 0
	dynamicTable uint64 // index of the SHT_DYNSYM section, or 0
	indexTable   uint64 // index of the SHT_SYMTAB_SHNDX section, or 0
	frames       uint64 // index of the first .debug_frame or .eh_frame, or 0
	end          uint64 // end of the last byte that a header describes
	contentsSize uint64 // sum of what the sections describe

	has contents

	// Of an object with debug information.
	relocations []uint64 // for each section, the index of its relocations or 0
	placed      bool     // there are sh_addr: where there are none, gdb makes some up
}

// contents says what an image holds beyond headers, so that checks without an
// object cost nothing.
type contents uint8

const (
	hasSymbols contents = 1 << iota
	hasRelocations
	hasGroups
	hasCompressed
	hasDebug // more than call frame information
)

// checkHeader checks the ELF header and finds the section headers.
func (f *file) checkHeader() error {
	size := uint64(len(f.bytes))
	if size < headerSize {
		return errorf("the image has %d bytes, an ELF header alone has %d", size, headerSize)
	}
	h := (*[headerSize]byte)(f.bytes)
	if magic := le.Uint32(h[0:]); magic != 0x464c457f {
		return errorf("e_ident starts with %02x %02x %02x %02x, an ELF file starts with 7f 45 4c 46",
			byte(magic), byte(magic>>8), byte(magic>>16), byte(magic>>24))
	}
	if v := h[4]; v != 2 {
		return errorf("e_ident[EI_CLASS] is %d, this process is ELFCLASS64 (2)", v)
	}
	if v := h[5]; v != 1 {
		return errorf("e_ident[EI_DATA] is %d, this process is ELFDATA2LSB (1)", v)
	}
	if v := h[6]; v != 1 {
		return errorf("e_ident[EI_VERSION] is %d, the only version is EV_CURRENT (1)", v)
	}
	if v := h[7]; v == 2 || v == 6 || v == 9 || v == 13 {
		return errorf("e_ident[EI_OSABI] is %d, this process is ELFOSABI_NONE (0) or ELFOSABI_GNU (3)", v)
	}
	f.typ = le.Uint16(h[16:])
	if f.typ < typeRel || f.typ > typeDyn {
		return errorf("e_type is %d, a debugger reads ET_REL (1), ET_EXEC (2) and ET_DYN (3)", f.typ)
	}
	if v := le.Uint16(h[18:]); v != hostMachine {
		return errorf("e_machine is %d%s, this process is %s (%d)", v, machineName(v), hostMachineName, hostMachine)
	}

	sectionsAt := le.Uint64(h[40:])
	if sectionsAt == 0 {
		return errorf("e_shoff is 0: an image without section headers has no symbols")
	}
	if sectionsAt < headerSize {
		return errorf("e_shoff is %#x, inside the ELF header", sectionsAt)
	}
	if v := le.Uint16(h[58:]); v != sectionHeaderSize {
		return errorf("e_shentsize is %d, a section header has %d bytes", v, sectionHeaderSize)
	}
	if sectionsAt > size || size-sectionsAt < sectionHeaderSize {
		return errorf("e_shoff is %#x: no section header fits before the end of the image's %d bytes", sectionsAt, size)
	}
	first := (*sectionHeader)(f.bytes[sectionsAt:])
	f.sections = uint64(le.Uint16(h[60:]))
	f.names = uint64(le.Uint16(h[62:]))
	f.segments = uint64(le.Uint16(h[56:]))
	field := "e_shnum"
	if f.sections == 0 {
		f.sections, field = first.size(), "section 0: with e_shnum 0, sh_size"
		if f.sections == 0 {
			return errorf("e_shnum is 0, and so is the count in section 0's sh_size: there are no sections")
		}
	}
	if room := (size - sectionsAt) / sectionHeaderSize; f.sections > room {
		return errorf("%s is %d: from e_shoff %#x only %d section headers fit in the image's %d bytes",
			field, f.sections, sectionsAt, room, size)
	}
	f.headers = unsafe.Slice(first, f.sections)
	f.end = sectionsAt + f.sections*sectionHeaderSize

	field = "e_shstrndx"
	if f.names == indexExtended {
		f.names, field = uint64(first.link()), "section 0: with e_shstrndx SHN_XINDEX, sh_link"
	} else if f.names >= indexReserve {
		return errorf("e_shstrndx is %#x, a reserved index", f.names)
	}
	if f.names == 0 {
		return errorf("%s is 0: the sections have no names", field)
	}
	if f.names >= f.sections {
		return errorf("%s is %d, there are %d sections", field, f.names, f.sections)
	}
	if t := f.section(f.names).typ(); t != sectionStrings {
		return errorf("%s is %d, a section of type %d, not a string table (SHT_STRTAB, 3)", field, f.names, t)
	}
	f.namesSize = f.section(f.names).size()

	f.segmentsAt = le.Uint64(h[32:])
	if f.segments == 0 {
		// lldb reads up to there even so.
		if f.segmentsAt > size {
			return errorf("e_phoff is %#x, past the image's %d bytes", f.segmentsAt, size)
		}
		return nil
	}
	field = "e_phnum"
	if f.segments == countExtended {
		f.segments, field = uint64(first.info()), "section 0: with e_phnum PN_XNUM, sh_info"
	}
	if f.segments == 0 {
		return errorf("%s is 0", field)
	}
	if v := le.Uint16(h[54:]); v != segmentHeaderSize {
		return errorf("e_phentsize is %d, a program header has %d bytes", v, segmentHeaderSize)
	}
	if f.segmentsAt > size || (size-f.segmentsAt)/segmentHeaderSize < f.segments {
		return errorf("%s is %d: from e_phoff %#x so many program headers end past the image's %d bytes",
			field, f.segments, f.segmentsAt, size)
	}
	f.end = max(f.end, f.segmentsAt+f.segments*segmentHeaderSize)
	return nil
}

// slack is how far an image may go on after the last byte that its headers
// describe: buffers are rounded up to pages, the largest of which have 2 MiB, or
// were grown by doubling. More is a size that is wrong, and lldb reads it all.
const slack = 2 << 20

// checkSize compares the image's size with what its headers describe.
func (f *file) checkSize() error {
	size := uint64(len(f.bytes))
	if size-f.end > max(slack, f.end) {
		return errorf("size is %d, the headers describe an image of %d bytes", size, f.end)
	}
	// Checks take time by the section, so sections that pile up on the same
	// bytes would take it without bound. Real images hardly overlap at all.
	if f.contentsSize/16 > f.end {
		return errorf("the sections' sh_size add up to %d bytes in an image of %d: they overlap", f.contentsSize, f.end)
	}
	return nil
}

// machineName is the name of another machine that people often meet, as it
// stands after the number.
func machineName(v uint16) string {
	switch v {
	case 3:
		return " (EM_386)"
	case 40:
		return " (EM_ARM)"
	case 62:
		return " (EM_X86_64)"
	case 183:
		return " (EM_AARCH64)"
	case 243:
		return " (EM_RISCV)"
	}
	return ""
}
