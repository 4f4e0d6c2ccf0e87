// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package symfile

import "github.com/libjitdebug/libjitdebug/internal/elf"

// checkSymbolHeader checks the header of a symbol table, or of the table of
// section indexes that goes with one.
func (f *file) checkSymbolHeader(i uint64, h *elf.Section64) error {
	f.has |= hasSymbols
	entry, want := h.Entsize, uint64(elf.SymSize)
	if h.Type == elf.SHT_SYMTAB_SHNDX {
		want = elf.WordSize
	}
	if entry != want {
		return f.sectionErrorf(i, "sh_entsize is %d, an entry has %d bytes", entry, want)
	}
	size := h.Size
	if size%want != 0 {
		return f.sectionErrorf(i, "sh_size is %#x, not a multiple of sh_entsize %d", size, want)
	}
	link := uint64(h.Link)
	if link >= f.count {
		return f.sectionErrorf(i, "sh_link is %d, there are %d sections", link, f.count)
	}
	linked := f.section(link).Type
	switch h.Type {
	case elf.SHT_SYMTAB_SHNDX:
		if linked != elf.SHT_SYMTAB {
			return f.sectionErrorf(i, "sh_link is %d, a section of type %d, not the symbol table (SHT_SYMTAB, 2)", link, linked)
		}
		if f.indexTable != 0 {
			return f.sectionErrorf(i, "a second SHT_SYMTAB_SHNDX section, after section %d", f.indexTable)
		}
		f.indexTable = i
		return nil
	case elf.SHT_SYMTAB:
		if f.symbolTable != 0 {
			return f.sectionErrorf(i, "a second SHT_SYMTAB section, after section %d", f.symbolTable)
		}
		f.symbolTable = i
	case elf.SHT_DYNSYM:
		if f.dynamicTable != 0 {
			return f.sectionErrorf(i, "a second SHT_DYNSYM section, after section %d", f.dynamicTable)
		}
		f.dynamicTable = i
	}
	if linked != elf.SHT_STRTAB {
		return f.sectionErrorf(i, "sh_link is %d, a section of type %d, not a string table (SHT_STRTAB, 3)", link, linked)
	}
	if info := uint64(h.Info); info > size/elf.SymSize {
		return f.sectionErrorf(i, "sh_info is %d, there are %d symbols", info, size/elf.SymSize)
	}
	return nil
}

// checkSymbolTables checks the symbols one by one.
func (f *file) checkSymbolTables() error {
	if i := f.indexTable; i != 0 {
		h := f.section(i)
		symbols := f.section(uint64(h.Link)%f.count).Size / elf.SymSize
		if n := h.Size / elf.WordSize; n < symbols {
			return f.sectionErrorf(i, "sh_size is %#x, enough for %d of %d symbols", h.Size, n, symbols)
		}
	}
	if f.symbolTable != 0 {
		if err := f.checkSymbols(f.symbolTable); err != nil {
			return err
		}
	}
	if f.dynamicTable != 0 {
		return f.checkSymbols(f.dynamicTable)
	}
	return nil
}

func (f *file) checkSymbols(i uint64) error {
	link := uint64(f.section(i).Link)
	if link >= f.count {
		return nil // the image has been changed meanwhile
	}
	strings := uint64(len(f.contents(link)))
	symbols := elf.Table[elf.Sym64](f.contents(i))
	for n := range symbols {
		s := &symbols[n]
		if name := uint64(s.Name); name >= strings && name != 0 {
			return f.sectionErrorf(i, "symbol %d: st_name is %d, the names in section %d have %d bytes",
				n, name, link, strings)
		}
		// Neither the gABI nor an operating system defines such a binding or type,
		// and gdb 18 refuses the image for it.
		if binding := s.Bind(); binding > elf.STB_WEAK && binding < elf.STB_LOOS {
			return f.sectionErrorf(i, "symbol %d%s: its binding is %d", n, f.symbolName(link, s), binding)
		}
		if kind := s.Type(); kind == elf.STT_TLS+1 {
			return f.sectionErrorf(i, "symbol %d%s: its type is %d", n, f.symbolName(link, s), kind)
		}
		index := uint64(s.Shndx)
		if index < f.count && index < elf.SHN_LORESERVE {
			continue
		}
		if index < elf.SHN_LORESERVE {
			return f.sectionErrorf(i, "symbol %d%s: st_shndx is %d, there are %d sections",
				n, f.symbolName(link, s), index, f.count)
		}
		if index == elf.SHN_XINDEX {
			if err := f.checkExtendedIndex(i, link, uint64(n), s); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkExtendedIndex checks a symbol whose section index is in a table of its own.
func (f *file) checkExtendedIndex(i, link, n uint64, s *elf.Sym64) error {
	if f.indexTable == 0 || i != f.symbolTable {
		return f.sectionErrorf(i, "symbol %d%s: st_shndx is SHN_XINDEX, but the table has no SHT_SYMTAB_SHNDX section",
			n, f.symbolName(link, s))
	}
	indexes := elf.Table[uint32](f.contents(f.indexTable))
	if n >= uint64(len(indexes)) {
		return nil // checkSymbolTables has refused the table for its size
	}
	if index := uint64(indexes[n]); index >= f.count {
		return f.sectionErrorf(f.indexTable, "symbol %d%s: its section index is %d, there are %d sections",
			n, f.symbolName(link, s), index, f.count)
	}
	return nil
}

// symbolName is a symbol's name, quoted for an error's text.
func (f *file) symbolName(strings uint64, s *elf.Sym64) string {
	return quoted(cut(f.contents(strings), s.Name))
}
