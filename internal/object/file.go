// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package object

import (
	"github.com/libjitdebug/libjitdebug/internal/elf"
	"github.com/libjitdebug/libjitdebug/internal/machine"
)

// A file is the object.
type file struct {
	elf.File
	machine *machine.Machine
	plans   []plan // for each section

	symbols []elf.Sym64
	strings []byte
	indexes []uint32
}

// A plan is what becomes of a section of the object.
type plan struct {
	fate        fate
	placement   int32  // if it was loaded: index of the placement that says where
	relocations uint32 // the section that holds its relocations, or 0
	output      uint32 // the image's section that it becomes, or becomes a part of
	address     uint64 // where it was loaded; if fate is debug, the offset in output
}

type fate uint8

const (
	dropped fate = iota // not in the image
	loaded              // in the image without its bytes
	debug               // DWARF: copied
	frame               // .eh_frame: converted to .debug_frame
)

// open checks the section headers, and finds the symbol table and the relocations.
func (f *file) open() error {
	if f.Type != elf.ET_REL {
		return bad("e_type is " + decimal(int(f.Type)) + ", a linked file: it has its addresses, register it with jitdebug_register")
	}
	f.machine = machine.Of(f.Machine)
	f.plans = make([]plan, len(f.Sections))
	for i := range f.Sections {
		if err := f.openSection(i); err != nil {
			return err
		}
	}
	for i := range f.Sections {
		switch f.Sections[i].Type {
		case elf.SHT_RELA, elf.SHT_REL:
			if err := f.openRelocations(i); err != nil {
				return err
			}
		case elf.SHT_CREL:
			return f.sectionError(Unsupported, i, "SHT_CREL, compact relocations: have the compiler write SHT_RELA (without --crel)")
		}
	}
	return nil
}

// openSection checks the header of a section by itself.
func (f *file) openSection(i int) error {
	h := &f.Sections[i]
	if h.Type == elf.SHT_NULL {
		return nil
	}
	if uint64(h.Name) >= uint64(len(f.Names)) {
		return bad("section " + decimal(i) + ": sh_name is " + decimal(h.Name) + ", the section names have " + decimal(len(f.Names)) + " bytes")
	}
	if h.Type != elf.SHT_NOBITS && (h.Off > uint64(len(f.Bytes)) || h.Size > uint64(len(f.Bytes))-h.Off) {
		return f.sectionError(BadObject, i, "sh_offset "+hex(h.Off)+" + sh_size "+hex(h.Size)+
			" ends past the object's "+decimal(len(f.Bytes))+" bytes")
	}
	link := int(h.Link)
	switch h.Type {
	case elf.SHT_STRTAB:
		if c := f.contents(i); len(c) != 0 && c[len(c)-1] != 0 && h.Flags&elf.SHF_COMPRESSED == 0 {
			return f.sectionError(BadObject, i, "the string table does not end in a NUL")
		}
	case elf.SHT_SYMTAB:
		if f.symbols != nil {
			return f.sectionError(BadObject, i, "a second symbol table")
		}
		if h.Entsize != elf.SymSize || h.Size%elf.SymSize != 0 {
			return f.sectionError(BadObject, i, "sh_size is "+hex(h.Size)+" and sh_entsize "+hex(h.Entsize)+
				", a symbol has "+decimal(elf.SymSize)+" bytes")
		}
		if link >= len(f.Sections) || f.Sections[link].Type != elf.SHT_STRTAB {
			return f.sectionError(BadObject, i, "sh_link is "+decimal(link)+", not a string table (SHT_STRTAB)")
		}
		if err := f.openSectionRange(link); err != nil {
			return err
		}
		f.symbols, f.strings = elf.Table[elf.Sym64](f.contents(i)), f.contents(link)
	case elf.SHT_SYMTAB_SHNDX:
		f.indexes = elf.Table[uint32](f.contents(i))
	}
	return nil
}

// openSectionRange checks only that section i is within the object, for a string table
// that comes after its symbol table and has not been checked yet.
func (f *file) openSectionRange(i int) error {
	if h := &f.Sections[i]; h.Off > uint64(len(f.Bytes)) || h.Size > uint64(len(f.Bytes))-h.Off {
		return bad("section " + decimal(i) + ": sh_offset " + hex(h.Off) + " + sh_size " + hex(h.Size) +
			" ends past the object's " + decimal(len(f.Bytes)) + " bytes")
	}
	return nil
}

// openRelocations notes whose relocations section i holds.
func (f *file) openRelocations(i int) error {
	h := &f.Sections[i]
	target := int(h.Info)
	if target == 0 || target >= len(f.Sections) {
		return f.sectionError(BadObject, i, "sh_info is "+decimal(target)+", there are "+decimal(len(f.Sections))+" sections")
	}
	entry := elf.RelocSize(h.Type)
	if h.Entsize != entry || h.Size%entry != 0 {
		return f.sectionError(BadObject, i, "sh_size is "+hex(h.Size)+" and sh_entsize "+hex(h.Entsize)+
			", a relocation has "+decimal(entry)+" bytes")
	}
	if link := int(h.Link); link >= len(f.Sections) || f.Sections[link].Type != elf.SHT_SYMTAB {
		return f.sectionError(BadObject, i, "sh_link is "+decimal(link)+", not the symbol table (SHT_SYMTAB)")
	}
	if s := &f.plans[target]; s.relocations == 0 {
		s.relocations = uint32(i)
	} else {
		return f.sectionError(BadObject, i, "sh_info is "+decimal(target)+": section "+decimal(s.relocations)+" holds its relocations already")
	}
	return nil
}

// contents is the bytes of section i; none if they lie outside of the object.
func (f *file) contents(i int) []byte { return f.Contents(&f.Sections[i]) }

// name is the name of section i.
func (f *file) name(i int) []byte { return f.Name(&f.Sections[i]) }
