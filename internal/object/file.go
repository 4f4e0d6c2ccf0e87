package object

import (
	"bytes"
	"unsafe"

	"github.com/libjitdebug/libjitdebug/internal/endian"
)

const (
	headerSize        = 64
	sectionHeaderSize = 64

	typeRel  = 1 // ET_REL
	typeExec = 2
	typeDyn  = 3

	indexReserve  = 0xff00 // SHN_LORESERVE
	indexAbsolute = 0xfff1 // SHN_ABS
	indexExtended = 0xffff // SHN_XINDEX

	sectionNull    = 0          // SHT_NULL
	sectionProgram = 1          // SHT_PROGBITS
	sectionSymbols = 2          // SHT_SYMTAB
	sectionStrings = 3          // SHT_STRTAB
	sectionRela    = 4          // SHT_RELA
	sectionNoBits  = 8          // SHT_NOBITS
	sectionRel     = 9          // SHT_REL
	sectionIndexes = 18         // SHT_SYMTAB_SHNDX
	sectionCompact = 0x40000014 // SHT_CREL
	sectionUnwind  = 0x70000001 // SHT_X86_64_UNWIND

	flagWrite      = 1 << 0
	flagAlloc      = 1 << 1
	flagExec       = 1 << 2
	flagMerge      = 1 << 4
	flagStrings    = 1 << 5
	flagThread     = 1 << 10
	flagCompressed = 1 << 11
)

// A file is the object.
type file struct {
	bytes    []byte
	machine  *machine
	headers  []sectionHeader
	names    []byte // of the sections
	sections []section

	symbols, strings, indexes []byte
}

// A section is what becomes of a section of the object.
type section struct {
	fate        fate
	placement   int32  // if loaded: by which of the placements
	relocations uint32 // the section that holds its relocations, or 0
	output      uint32 // the image's section, if it is in one
	address     uint64 // where it was loaded; or the offset in the image's section
}

type fate uint8

const (
	dropped fate = iota
	loaded
	debug // DWARF, copied
	frame // .eh_frame, converted
)

// le is the byte order of what is read.
var le = endian.Little

// A sectionHeader is one Elf64_Shdr in place.
type sectionHeader [sectionHeaderSize]byte

func (h *sectionHeader) name() uint32   { return le.Uint32(h[0:]) }
func (h *sectionHeader) typ() uint32    { return le.Uint32(h[4:]) }
func (h *sectionHeader) flags() uint64  { return le.Uint64(h[8:]) }
func (h *sectionHeader) offset() uint64 { return le.Uint64(h[24:]) }
func (h *sectionHeader) size() uint64   { return le.Uint64(h[32:]) }
func (h *sectionHeader) link() uint32   { return le.Uint32(h[40:]) }
func (h *sectionHeader) info() uint32   { return le.Uint32(h[44:]) }
func (h *sectionHeader) align() uint64  { return le.Uint64(h[48:]) }
func (h *sectionHeader) entry() uint64  { return le.Uint64(h[56:]) }

// open checks the headers, and finds the symbol table and the relocations.
func (f *file) open() error {
	if err := f.openHeader(); err != nil {
		return err
	}
	f.sections = make([]section, len(f.headers))
	for i := range f.headers {
		if err := f.openSection(i); err != nil {
			return err
		}
	}
	for i := range f.headers {
		switch f.headers[i].typ() {
		case sectionRela, sectionRel:
			if err := f.openRelocations(i); err != nil {
				return err
			}
		case sectionCompact:
			return f.sectionError(Unsupported, i, "SHT_CREL, compact relocations: have the compiler write SHT_RELA (without --crel)")
		}
	}
	return nil
}

func (f *file) openHeader() error {
	size := uint64(len(f.bytes))
	if size < headerSize || le.Uint32(f.bytes) != 0x464c457f || f.bytes[4] != 2 || f.bytes[5] != 1 {
		return bad("not an ELF file of 64 bits in little-endian order")
	}
	switch typ := le.Uint16(f.bytes[16:]); typ {
	case typeRel:
	case typeExec, typeDyn:
		return bad("e_type is " + decimal(int(typ)) + ", a linked file: it has its addresses, register it with jitdebug_register")
	default:
		return bad("e_type is " + decimal(int(typ)) + ", an object file is ET_REL (1)")
	}
	if f.machine = machineOf(le.Uint16(f.bytes[18:])); f.machine == nil {
		return bad("e_machine is " + decimal(int(le.Uint16(f.bytes[18:]))) + ", neither EM_X86_64 (62) nor EM_AARCH64 (183)")
	}
	at := le.Uint64(f.bytes[40:])
	if at < headerSize || at > size || size-at < sectionHeaderSize || le.Uint16(f.bytes[58:]) != sectionHeaderSize {
		return bad("e_shoff is " + hex(at) + " and e_shentsize " + decimal(int(le.Uint16(f.bytes[58:]))) + ": there are no section headers")
	}
	first := (*sectionHeader)(f.bytes[at:])
	count, names := uint64(le.Uint16(f.bytes[60:])), uint64(le.Uint16(f.bytes[62:]))
	if count == 0 {
		count = first.size()
	}
	if names == indexExtended {
		names = uint64(first.link())
	}
	if count == 0 || count > (size-at)/sectionHeaderSize {
		return bad("there are said to be " + decimal(count) + " sections, more or less than fit")
	}
	f.headers = unsafe.Slice(first, count)
	if names == 0 || names >= count || f.headers[names].typ() != sectionStrings {
		return bad("e_shstrndx is " + decimal(names) + ", not a string table (SHT_STRTAB)")
	}
	f.names = f.contents(int(names))
	return nil
}

// openSection checks the header of a section by itself.
func (f *file) openSection(i int) error {
	h := &f.headers[i]
	if h.typ() == sectionNull {
		return nil
	}
	if uint64(h.name()) >= uint64(len(f.names)) {
		return bad("section " + decimal(i) + ": sh_name is " + decimal(h.name()) + ", the section names have " + decimal(len(f.names)) + " bytes")
	}
	if h.typ() != sectionNoBits && (h.offset() > uint64(len(f.bytes)) || h.size() > uint64(len(f.bytes))-h.offset()) {
		return f.sectionError(BadObject, i, "sh_offset "+hex(h.offset())+" + sh_size "+hex(h.size())+
			" ends past the object's "+decimal(len(f.bytes))+" bytes")
	}
	link := int(h.link())
	switch h.typ() {
	case sectionStrings:
		if c := f.contents(i); len(c) != 0 && c[len(c)-1] != 0 && h.flags()&flagCompressed == 0 {
			return f.sectionError(BadObject, i, "the string table does not end in a NUL")
		}
	case sectionSymbols:
		if f.symbols != nil {
			return f.sectionError(BadObject, i, "a second symbol table")
		}
		if h.entry() != symbolSize || h.size()%symbolSize != 0 {
			return f.sectionError(BadObject, i, "sh_size is "+hex(h.size())+" and sh_entsize "+hex(h.entry())+
				", a symbol has "+decimal(symbolSize)+" bytes")
		}
		if link >= len(f.headers) || f.headers[link].typ() != sectionStrings {
			return f.sectionError(BadObject, i, "sh_link is "+decimal(link)+", not a string table (SHT_STRTAB)")
		}
		if err := f.openSectionRange(link); err != nil {
			return err
		}
		f.symbols, f.strings = f.contents(i), f.contents(link)
	case sectionIndexes:
		f.indexes = f.contents(i)
	}
	return nil
}

// openSectionRange is openSection for a section that is needed earlier.
func (f *file) openSectionRange(i int) error {
	if h := &f.headers[i]; h.offset() > uint64(len(f.bytes)) || h.size() > uint64(len(f.bytes))-h.offset() {
		return bad("section " + decimal(i) + ": sh_offset " + hex(h.offset()) + " + sh_size " + hex(h.size()) +
			" ends past the object's " + decimal(len(f.bytes)) + " bytes")
	}
	return nil
}

// openRelocations notes whose relocations section i holds.
func (f *file) openRelocations(i int) error {
	h := &f.headers[i]
	target := int(h.info())
	if target == 0 || target >= len(f.headers) {
		return f.sectionError(BadObject, i, "sh_info is "+decimal(target)+", there are "+decimal(len(f.headers))+" sections")
	}
	entry := uint64(relaSize)
	if h.typ() == sectionRel {
		entry = relSize
	}
	if h.entry() != entry || h.size()%entry != 0 {
		return f.sectionError(BadObject, i, "sh_size is "+hex(h.size())+" and sh_entsize "+hex(h.entry())+
			", a relocation has "+decimal(entry)+" bytes")
	}
	if link := int(h.link()); link >= len(f.headers) || f.headers[link].typ() != sectionSymbols {
		return f.sectionError(BadObject, i, "sh_link is "+decimal(link)+", not the symbol table (SHT_SYMTAB)")
	}
	if s := &f.sections[target]; s.relocations == 0 {
		s.relocations = uint32(i)
	} else {
		return f.sectionError(BadObject, i, "sh_info is "+decimal(target)+": section "+decimal(s.relocations)+" holds its relocations already")
	}
	return nil
}

// contents is what section i holds; nothing, if it lies outside the object.
func (f *file) contents(i int) []byte {
	h := &f.headers[i]
	offset := h.offset()
	end := offset + h.size()
	if h.typ() == sectionNull || h.typ() == sectionNoBits || end < offset || end > uint64(len(f.bytes)) {
		return nil
	}
	return f.bytes[offset:end]
}

// name is the name of section i.
func (f *file) name(i int) []byte {
	return text(f.names, f.headers[i].name())
}

// text is the string in a table of strings, as far as there is one.
func text(table []byte, at uint32) []byte {
	if uint64(at) >= uint64(len(table)) {
		return nil
	}
	rest := table[at:]
	if end := bytes.IndexByte(rest, 0); end >= 0 {
		return rest[:end]
	}
	return rest
}
