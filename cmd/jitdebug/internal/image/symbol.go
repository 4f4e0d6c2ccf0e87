// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package image

import (
	"strings"

	"github.com/ianlancetaylor/demangle"

	"github.com/libjitdebug/libjitdebug/internal/elf"
)

// Symbols calls visit with each symbol that is defined in a loaded section, or would be if
// its value were right, and with the section.
func (im *Image) Symbols(visit func(s *elf.Sym64, name []byte, section *elf.Section64)) {
	sections := im.file.Sections
	for i := range sections {
		table := &sections[i]
		if table.Type != elf.SHT_SYMTAB && table.Type != elf.SHT_DYNSYM || uint64(table.Link) >= uint64(len(sections)) {
			continue
		}
		names := im.file.Contents(&sections[table.Link])
		symbols := elf.Table[elf.Sym64](im.file.Contents(table))
		indexes := im.indexes(i)
		for n := range symbols {
			s := &symbols[n]
			index := uint64(s.Shndx)
			if s.Shndx == elf.SHN_XINDEX && n < len(indexes) {
				index = uint64(indexes[n])
			} else if s.Shndx >= elf.SHN_LORESERVE {
				continue
			}
			if index == elf.SHN_UNDEF || index >= uint64(len(sections)) || s.Type() == elf.STT_SECTION || s.Type() == elf.STT_FILE || s.Type() == elf.STT_TLS {
				continue
			}
			if section := &sections[index]; section.Flags&elf.SHF_ALLOC != 0 {
				visit(s, elf.String(names, s.Name), section)
			}
		}
	}
}

// indexes are the sections of a table's symbols, where there are too many for a symbol.
func (im *Image) indexes(table int) []uint32 {
	for i := range im.file.Sections {
		if s := &im.file.Sections[i]; s.Type == elf.SHT_SYMTAB_SHNDX && int(s.Link) == table {
			return elf.Table[uint32](im.file.Contents(s))
		}
	}
	return nil
}

// symbolFunctions are the functions of the symbol tables. Of several in one place the one with
// a size is first: the library has others for gdb, which finds them by name only.
func (im *Image) symbolFunctions() []Function {
	var sized, others []Function
	budget := steps*len(im.Bytes) + 1000 // of names, which many can share
	im.Symbols(func(s *elf.Sym64, name []byte, section *elf.Section64) {
		if budget -= len(name); budget < 0 {
			return
		}
		if section.Flags&elf.SHF_EXECINSTR == 0 || len(name) == 0 || marker(string(name)) {
			return
		}
		address := s.Value
		if im.Relocate {
			address += section.Addr
		}
		f := Function{Start: address, End: address + s.Size, Name: Decode(string(name)), Symbol: true}
		if s.Size != 0 && f.End > f.Start {
			sized = append(sized, f)
		} else {
			f.End = f.Start
			others = append(others, f)
		}
	})
	return append(sized, others...)
}

// marker says that a symbol names no function: the compiler's labels, and what says where
// code and data begin on arm.
func marker(name string) bool {
	return strings.HasPrefix(name, ".L") || name == "$x" || name == "$d" || strings.HasPrefix(name, "$x.") || strings.HasPrefix(name, "$d.")
}

// Decode is a name as debuggers show it: those of C++ and Rust are mangled in symbols.
func Decode(name string) (text string) {
	if !strings.HasPrefix(name, "_Z") && !strings.HasPrefix(name, "_R") {
		return name
	}
	defer func() {
		if recover() != nil {
			text = name
		}
	}()
	if decoded, err := demangle.ToString(name, demangle.NoClones, demangle.MaxLength(16)); err == nil {
		return decoded
	}
	return name
}
