// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package elf

import (
	"unsafe"

	"github.com/libjitdebug/libjitdebug/internal/cursor"
)

// WriteHeader writes the ELF header of an object for a machine. The section headers
// follow it at once; the names of the sections are in section names.
func WriteHeader(c *cursor.Cursor, machine uint16, sections, names int) {
	if sections >= SHN_LORESERVE {
		sections = 0 // WriteFirst has it
	}
	if names >= SHN_LORESERVE {
		names = SHN_XINDEX
	}
	h := Header64{
		Type: ET_REL, Machine: machine, Version: EV_CURRENT, Shoff: HeaderSize,
		Ehsize: HeaderSize, Shentsize: SectionSize, Shnum: uint16(sections), Shstrndx: uint16(names),
	}
	copy(h.Ident[:], ELFMAG+"\x02\x01\x01")
	c.Bytes(bytesOf(&h))
}

// WriteFirst writes section header 0. It describes no section, but holds the numbers
// that are too large for the ELF header.
func WriteFirst(c *cursor.Cursor, sections, names int) {
	var first Section64
	if sections >= SHN_LORESERVE {
		first.Size = uint64(sections)
	}
	if names >= SHN_LORESERVE {
		first.Link = uint32(names)
	}
	first.Write(c)
}

// Write writes the section header.
func (s *Section64) Write(c *cursor.Cursor) { c.Bytes(bytesOf(s)) }

// Write writes the symbol.
func (s *Sym64) Write(c *cursor.Cursor) { c.Bytes(bytesOf(s)) }

// WriteFunction writes the global symbol of a function of size bytes, at an offset
// in a section.
func WriteFunction(c *cursor.Cursor, name, section int, offset, size uint64) {
	if section >= SHN_LORESERVE {
		section = SHN_XINDEX
	}
	s := Sym64{Name: uint32(name), Info: STB_GLOBAL<<4 | STT_FUNC, Shndx: uint16(section), Value: offset, Size: size}
	s.Write(c)
}

func bytesOf[T Header64 | Section64 | Sym64](t *T) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(t)), unsafe.Sizeof(*t))
}
