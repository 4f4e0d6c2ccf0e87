// Package elfobject writes the headers and symbols of a relocatable ELF object:
// System V gABI, 64 bits, little-endian.
package elfobject

import (
	"unsafe"

	"github.com/libjitdebug/libjitdebug/internal/cursor"
)

const (
	HeaderSize        = 64
	SectionHeaderSize = 64
	SymbolSize        = 24

	// Reserved is the first of the section indexes that a field of 16 bits does
	// not hold (SHN_LORESERVE): Extended stands there, and the index elsewhere.
	Reserved = 0xff00
	Extended = 0xffff // SHN_XINDEX
)

// Section types and flags.
const (
	Program = 1  // SHT_PROGBITS
	Symbols = 2  // SHT_SYMTAB
	Strings = 3  // SHT_STRTAB
	NoBits  = 8  // SHT_NOBITS
	Indexes = 18 // SHT_SYMTAB_SHNDX

	Code = 1<<1 | 1<<2 // SHF_ALLOC, SHF_EXECINSTR
)

// Header writes the ELF header of an object for a machine. The section headers
// follow it at once; the names of the sections are in section names, which must
// be below Reserved.
func Header(c *cursor.Cursor, machine uint16, sections, names int) {
	if sections >= Reserved {
		sections = 0 // it stands in the first section header
	}
	c.Text("\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00")
	c.U16(1) // ET_REL
	c.U16(machine)
	c.U32(1)          // e_version
	c.U64(0)          // e_entry
	c.U64(0)          // e_phoff
	c.U64(HeaderSize) // e_shoff
	c.U32(0)          // e_flags
	c.U16(HeaderSize)
	c.U16(0) // e_phentsize
	c.U16(0) // e_phnum
	c.U16(SectionHeaderSize)
	c.U16(uint16(sections))
	c.U16(uint16(names))
}

// Section is a section header.
type Section struct {
	Name                  int // where it stands in the names
	Type                  uint32
	Flags                 uint64
	Address, Offset, Size uint64
	Link, Info            int
	Alignment, EntrySize  uint64
}

// First writes the first section header, which is none, but holds a number of
// sections that the ELF header cannot.
func First(c *cursor.Cursor, sections int) {
	var first Section
	if sections >= Reserved {
		first.Size = uint64(sections)
	}
	first.Write(c)
}

// Write writes the section header.
func (s *Section) Write(c *cursor.Cursor) {
	c.U32(uint32(s.Name))
	c.U32(s.Type)
	c.U64(s.Flags)
	c.U64(s.Address)
	c.U64(s.Offset)
	c.U64(s.Size)
	c.U32(uint32(s.Link))
	c.U32(uint32(s.Info))
	c.U64(s.Alignment)
	c.U64(s.EntrySize)
}

// NoSymbol writes the first symbol, which is none.
func NoSymbol(c *cursor.Cursor) {
	c.U64(0)
	c.U64(0)
	c.U64(0)
}

// Function writes the global symbol of a function of size bytes, at an offset in
// a section.
func Function(c *cursor.Cursor, name, section int, offset, size uint64) {
	if section >= Reserved {
		section = Extended
	}
	c.U32(uint32(name))
	c.U8(1<<4 | 2) // STB_GLOBAL, STT_FUNC
	c.U8(0)        // STV_DEFAULT
	c.U16(uint16(section))
	c.U64(offset)
	c.U64(size)
}

// A Table is of section headers in an object.
type Table []byte

// CodeSections returns the headers of an object's sections behind the one with
// their names.
func CodeSections(object []byte) Table {
	header := object[:HeaderSize]
	sections, names := u16(header[60:]), u16(header[62:])
	if sections == 0 {
		sections = u64(object[HeaderSize+32:])
	}
	return Table(object[HeaderSize+(names+1)*SectionHeaderSize : HeaderSize+sections*SectionHeaderSize])
}

// Len returns how many there are.
func (t Table) Len() int { return len(t) / SectionHeaderSize }

// At returns the address and the size in bytes of one.
func (t Table) At(i int) (address, size uint64) {
	header := t[i*SectionHeaderSize:][:SectionHeaderSize]
	return u64(header[16:]), u64(header[32:])
}

func u16(b []byte) uint64 { return uint64(*(*uint16)(unsafe.Pointer((*[2]byte)(b)))) }
func u64(b []byte) uint64 { return *(*uint64)(unsafe.Pointer((*[8]byte)(b))) }
