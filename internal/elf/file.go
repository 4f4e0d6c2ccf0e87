// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package elf

import (
	"bytes"
	"unsafe"

	"github.com/libjitdebug/libjitdebug/internal/endian"
)

// le is the byte order of the files that are read.
var le = endian.Little

// Header64 is the ELF header.
type Header64 struct {
	Ident                                                [16]byte
	Type, Machine                                        uint16
	Version                                              uint32
	Entry, Phoff, Shoff                                  uint64
	Flags                                                uint32
	Ehsize, Phentsize, Phnum, Shentsize, Shnum, Shstrndx uint16
}

// Section64 is a section header.
type Section64 struct {
	Name, Type         uint32
	Flags              uint64
	Addr, Off, Size    uint64
	Link, Info         uint32
	Addralign, Entsize uint64
}

// Prog64 is a program header.
type Prog64 struct {
	Type, Flags                             uint32
	Off, Vaddr, Paddr, Filesz, Memsz, Align uint64
}

// Sym64 is a symbol.
type Sym64 struct {
	Name        uint32
	Info, Other byte
	Shndx       uint16
	Value, Size uint64
}

func (s *Sym64) Bind() byte { return s.Info >> 4 }
func (s *Sym64) Type() byte { return s.Info & 0xf }

// Rela64 is a relocation; one of SHT_REL lacks the addend.
type Rela64 struct {
	Off, Info, Addend uint64
}

func (r *Rela64) Type() uint32   { return uint32(r.Info) }
func (r *Rela64) Symbol() uint32 { return uint32(r.Info >> 32) }

// In is the T at the start of b, which must have room for one. It is not copied, and
// b need not be aligned.
func In[T Header64 | Section64 | Prog64 | Sym64 | Chdr64](b []byte) *T {
	var t T
	_ = b[unsafe.Sizeof(t)-1]
	return (*T)(unsafe.Pointer(unsafe.SliceData(b)))
}

// Table is the Ts in b, as many as are whole.
func Table[T Section64 | Prog64 | Sym64 | uint32](b []byte) []T {
	var t T
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), uintptr(len(b))/unsafe.Sizeof(t))
}

// A File is an ELF file whose header has been checked, and nothing else of it.
type File struct {
	Bytes    []byte
	Type     uint16 // e_type
	Machine  uint16 // e_machine
	Sections []Section64
	Names    []byte // the table of the sections' names
}

// Contents is a section's bytes; none if they lie outside of the file.
func (f *File) Contents(s *Section64) []byte {
	if s.Type == SHT_NULL || s.Type == SHT_NOBITS {
		return nil
	}
	return Slice(f.Bytes, s.Off, s.Size)
}

// Name is the name of a section.
func (f *File) Name(s *Section64) []byte { return String(f.Names, s.Name) }

// Sections are the section headers of a file whose header has not been checked; none
// if it is not an ELF file, or if they lie outside of it.
func Sections(file []byte) []Section64 {
	if len(file) < HeaderSize {
		return nil
	}
	h := In[Header64](file)
	if string(h.Ident[:EI_DATA+1]) != ELFMAG+"\x02\x01" || h.Shentsize != SectionSize {
		return nil
	}
	first := Slice(file, h.Shoff, SectionSize)
	if h.Shoff == 0 || first == nil {
		return nil
	}
	count := uint64(h.Shnum)
	if count == 0 {
		count = In[Section64](first).Size
	}
	if count > uint64(len(file))/SectionSize {
		return nil
	}
	return Table[Section64](Slice(file, h.Shoff, count*SectionSize))
}

// Code calls visit with the address and the size in bytes of each section that is
// loaded code, until it returns false.
func Code(sections []Section64, visit func(address, size uint64) bool) {
	const code = SHF_ALLOC | SHF_EXECINSTR
	for i := 1; i < len(sections); i++ {
		if s := &sections[i]; s.Flags&code == code && !visit(s.Addr, s.Size) {
			return
		}
	}
}

// Slice is size bytes from offset, or nil where there are not so many.
func Slice(of []byte, offset, size uint64) []byte {
	if offset > uint64(len(of)) || size > uint64(len(of))-offset {
		return nil
	}
	return of[offset : offset+size]
}

// String is the string at an offset of a string table: up to the NUL, or to the end of
// a table that lacks it.
func String(table []byte, offset uint32) []byte {
	if uint64(offset) >= uint64(len(table)) {
		return nil
	}
	rest := table[offset:]
	if end := bytes.IndexByte(rest, 0); end >= 0 {
		return rest[:end]
	}
	return rest
}

// Relocs is a table of relocations.
type Relocs struct {
	bytes []byte
	size  int
}

// RelocSize is the size of a relocation in a section of this type, SHT_REL or
// SHT_RELA.
func RelocSize(typ uint32) uint64 {
	if typ == SHT_REL {
		return RelSize
	}
	return RelaSize
}

// Relocs are the relocations of a section that is SHT_REL or SHT_RELA.
func (f *File) Relocs(s *Section64) Relocs {
	return Relocs{f.Contents(s), int(RelocSize(s.Type))}
}

// Len returns how many relocations there are.
func (r *Relocs) Len() int { return len(r.bytes) / r.size }

// At returns relocation n; one of SHT_REL has an addend of 0 in it.
func (r *Relocs) At(n int) (rela Rela64) {
	b := r.bytes[n*r.size:][:r.size]
	rela.Off, rela.Info = le.Uint64(b), le.Uint64(b[8:])
	if r.size == RelaSize {
		rela.Addend = le.Uint64(b[16:])
	}
	return rela
}
