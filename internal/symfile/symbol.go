package symfile

import "bytes"

const (
	symbolSize = 24
	indexSize  = 4 // of an entry in SHT_SYMTAB_SHNDX
)

// checkSymbolHeader checks the header of a symbol table, or of the table of
// section indexes that goes with one.
func (f *file) checkSymbolHeader(i uint64, h *sectionHeader) error {
	f.has |= hasSymbols
	entry, want := h.entry(), uint64(symbolSize)
	if h.typ() == sectionIndexes {
		want = indexSize
	}
	if entry != want {
		return f.sectionError(i, "sh_entsize is %d, an entry has %d bytes", entry, want)
	}
	size := h.size()
	if size%want != 0 {
		return f.sectionError(i, "sh_size is %#x, not a multiple of sh_entsize %d", size, want)
	}
	link := uint64(h.link())
	if link >= f.sections {
		return f.sectionError(i, "sh_link is %d, there are %d sections", link, f.sections)
	}
	linked := f.section(link).typ()
	switch h.typ() {
	case sectionIndexes:
		if linked != sectionSymbols {
			return f.sectionError(i, "sh_link is %d, a section of type %d, not the symbol table (SHT_SYMTAB, 2)", link, linked)
		}
		if f.indexTable != 0 {
			return f.sectionError(i, "a second SHT_SYMTAB_SHNDX section, after section %d", f.indexTable)
		}
		f.indexTable = i
		return nil
	case sectionSymbols:
		if f.symbolTable != 0 {
			return f.sectionError(i, "a second SHT_SYMTAB section, after section %d", f.symbolTable)
		}
		f.symbolTable = i
	case sectionDynSymbols:
		if f.dynamicTable != 0 {
			return f.sectionError(i, "a second SHT_DYNSYM section, after section %d", f.dynamicTable)
		}
		f.dynamicTable = i
	}
	if linked != sectionStrings {
		return f.sectionError(i, "sh_link is %d, a section of type %d, not a string table (SHT_STRTAB, 3)", link, linked)
	}
	if info := uint64(h.info()); info > size/symbolSize {
		return f.sectionError(i, "sh_info is %d, there are %d symbols", info, size/symbolSize)
	}
	return nil
}

// checkSymbolTables checks the symbols one by one.
func (f *file) checkSymbolTables() error {
	if i := f.indexTable; i != 0 {
		h := f.section(i)
		symbols := f.section(uint64(h.link())%f.sections).size() / symbolSize
		if n := h.size() / indexSize; n < symbols {
			return f.sectionError(i, "sh_size is %#x, enough for %d of %d symbols", h.size(), n, symbols)
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
	link := uint64(f.section(i).link())
	if link >= f.sections {
		return nil // it has changed since it was checked
	}
	strings := uint64(len(f.contents(link)))
	table := f.contents(i)
	for n := 0; len(table) >= symbolSize; n, table = n+1, table[symbolSize:] {
		s := (*[symbolSize]byte)(table)
		if name := uint64(le.Uint32(s[0:])); name >= strings && name != 0 {
			return f.sectionError(i, "symbol %d: st_name is %d, the names in section %d have %d bytes",
				n, name, link, strings)
		}
		// What no standard and no system defines: gdb 18 refuses it.
		if binding := s[4] >> 4; binding > 2 && binding < 10 {
			return f.sectionError(i, "symbol %d%s: its binding is %d", n, f.symbolName(link, s), binding)
		}
		if kind := s[4] & 15; kind == 7 {
			return f.sectionError(i, "symbol %d%s: its type is %d", n, f.symbolName(link, s), kind)
		}
		index := uint64(le.Uint16(s[6:]))
		if index < f.sections && index < indexReserve {
			continue
		}
		if index < indexReserve {
			return f.sectionError(i, "symbol %d%s: st_shndx is %d, there are %d sections",
				n, f.symbolName(link, s), index, f.sections)
		}
		if index == indexExtended {
			if err := f.checkExtendedIndex(i, link, uint64(n), s); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkExtendedIndex checks a symbol whose section index is in a table of its own.
func (f *file) checkExtendedIndex(i, link, n uint64, s *[symbolSize]byte) error {
	if f.indexTable == 0 || i != f.symbolTable {
		return f.sectionError(i, "symbol %d%s: st_shndx is SHN_XINDEX, but the table has no SHT_SYMTAB_SHNDX section",
			n, f.symbolName(link, s))
	}
	indexes := f.contents(f.indexTable)
	if n >= uint64(len(indexes)/indexSize) {
		return nil // refused for its size elsewhere
	}
	if index := uint64(le.Uint32(indexes[n*indexSize:])); index >= f.sections {
		return f.sectionError(f.indexTable, "symbol %d%s: its section index is %d, there are %d sections",
			n, f.symbolName(link, s), index, f.sections)
	}
	return nil
}

// symbolName is a symbol's name, as it stands in an error text.
func (f *file) symbolName(strings uint64, s *[symbolSize]byte) string {
	table, at := f.contents(strings), uint64(le.Uint32(s[0:]))
	if at >= uint64(len(table)) {
		return ""
	}
	name := table[at:]
	name = name[:min(len(name), 64)]
	if end := bytes.IndexByte(name, 0); end >= 0 {
		name = name[:end]
	}
	return quoted(name)
}
