package symfile

import "bytes"

const (
	relaSize = 24
	relSize  = 16
)

// checkRelocationHeader checks the header of a section of relocations.
func (f *file) checkRelocationHeader(i uint64, h *sectionHeader) error {
	f.has |= hasRelocations
	want := uint64(relaSize)
	if h.typ() == sectionRel {
		want = relSize
	}
	if entry := h.entry(); entry != want {
		return f.sectionError(i, "sh_entsize is %d, a relocation has %d bytes", entry, want)
	}
	if size := h.size(); size%want != 0 {
		return f.sectionError(i, "sh_size is %#x, not a multiple of sh_entsize %d", size, want)
	}
	if info := uint64(h.info()); info >= f.sections {
		return f.sectionError(i, "sh_info is %d, there are %d sections", info, f.sections)
	}
	return nil
}

// checkRelocations checks the relocations one by one: that the symbol exists
// and the place is in the section.
func (f *file) checkRelocations() error {
	for i := uint64(1); i < f.sections; i++ {
		h := f.section(i)
		switch h.typ() {
		case sectionRela:
			if err := f.checkRelocationTable(i, h, relaSize); err != nil {
				return err
			}
		case sectionRel:
			if err := f.checkRelocationTable(i, h, relSize); err != nil {
				return err
			}
		}
	}
	return nil
}

func (f *file) checkRelocationTable(i uint64, h *sectionHeader, entry int) error {
	link, info := uint64(h.link())%f.sections, uint64(h.info())%f.sections
	// In a linked image these are the dynamic linker's, and r_offset is an address.
	if f.typ != typeRel || h.flags()&flagAlloc != 0 {
		return nil
	}
	symbols := f.section(link)
	if t := symbols.typ(); t != sectionSymbols && t != sectionDynSymbols {
		return f.sectionError(i, "sh_link is %d, a section of type %d, not a symbol table (SHT_SYMTAB, 2)", link, t)
	}
	if info == 0 {
		return f.sectionError(i, "sh_info is 0: the relocations belong to no section")
	}
	count, size := symbols.size()/symbolSize, f.section(info).size()
	if f.section(info).flags()&flagCompressed != 0 || bytes.HasPrefix(f.sectionName(info), gnuCompressed) {
		size = 1<<64 - 1 // r_offset is in the uncompressed section
	}
	table := f.contents(i)
	for at := 0; len(table)-at >= entry; at += entry {
		if offset := le.Uint64(table[at:]); offset >= size {
			return f.sectionError(i, "relocation %d: r_offset is %#x, section %d has %#x bytes", at/entry, offset, info, size)
		}
		if symbol := uint64(le.Uint32(table[at+12:])); symbol >= count {
			return f.sectionError(i, "relocation %d: its symbol is %d, there are %d symbols", at/entry, symbol, count)
		}
	}
	return nil
}
