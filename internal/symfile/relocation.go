package symfile

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

// checkRelocations checks relocations: that the symbol exists and, in an object,
// that the place is in the section.
func (f *file) checkRelocations() error {
	var targets sectionSet
	targets.init(f.sections)
	for i := uint64(1); i < f.sections; i++ {
		h := f.section(i)
		if t := h.typ(); t != sectionRela && t != sectionRel {
			continue
		}
		if f.typ != typeRel || h.flags()&flagAlloc != 0 {
			if err := f.checkDynamicRelocations(i, h); err != nil {
				return err
			}
			continue
		}
		if err := f.checkRelocationTable(i, h); err != nil {
			return err
		}
		if target := uint64(h.info()); targets.add(target) {
			return f.sectionError(i, "sh_info is %d: that section has other relocations already", target)
		}
	}
	return nil
}

// checkDynamicRelocations checks relocations of a linked image, which gdb reads
// for the names of the procedure linkage table.
func (f *file) checkDynamicRelocations(i uint64, h *sectionHeader) error {
	link := uint64(h.link()) % f.sections
	count, entry := uint64(1<<32), relaSize
	if t := f.section(link).typ(); t == sectionSymbols || t == sectionDynSymbols {
		count = f.section(link).size() / symbolSize
	}
	if h.typ() == sectionRel {
		entry = relSize
	}
	table := f.contents(i)
	for at := 0; len(table)-at >= entry; at += entry {
		if typ := le.Uint32(table[at+8:]); typ > relocHighest {
			return f.sectionError(i, "relocation %d: its type is %d, which is unknown", at/entry, typ)
		}
		if symbol := uint64(le.Uint32(table[at+12:])); symbol >= count {
			return f.sectionError(i, "relocation %d: its symbol is %d, there are %d symbols", at/entry, symbol, count)
		}
	}
	return nil
}

func (f *file) checkRelocationTable(i uint64, h *sectionHeader) error {
	link, info := uint64(h.link())%f.sections, uint64(h.info())%f.sections
	if t := f.section(link).typ(); t != sectionSymbols {
		return f.sectionError(i, "sh_link is %d, a section of type %d, not the symbol table (SHT_SYMTAB, 2)", link, t)
	}
	switch t := f.section(info).typ(); t {
	case sectionNull, sectionSymbols, sectionRela, sectionRel, sectionGroup, sectionIndexes:
		return f.sectionError(i, "sh_info is %d, a section of type %d, which has no relocations", info, t)
	}
	count, size := f.section(link).size()/symbolSize, f.section(info).size()
	if f.section(info).flags()&flagCompressed != 0 || f.isGNUCompressed(info) {
		size = 1<<64 - 1 // r_offset is in the uncompressed section
	}
	debug := f.isDebug(info)
	compressed := f.section(info).flags()&flagCompressed != 0 && string(f.sectionName(info)) == ".debug_info"
	var head [compressionHeaderSize + 8]byte
	if compressed {
		copy(head[:compressionHeaderSize], f.contents(info))
	}
	entry := relaSize
	if h.typ() == sectionRel {
		entry = relSize
	}
	table := f.contents(i)
	for at := 0; len(table)-at >= entry; at += entry {
		if offset := le.Uint64(table[at:]); offset >= size {
			return f.sectionError(i, "relocation %d: r_offset is %#x, section %d has %#x bytes", at/entry, offset, info, size)
		}
		if symbol := uint64(le.Uint32(table[at+12:])); symbol >= count {
			return f.sectionError(i, "relocation %d: its symbol is %d, there are %d symbols", at/entry, symbol, count)
		}
		if typ := le.Uint32(table[at+8:]); typ > relocHighest || debug && !relocatesDebug(typ) {
			return f.sectionError(i, "relocation %d: its type is %d, which is unknown to a debugger", at/entry, typ)
		}
		if compressed && entry == relaSize {
			relocateHeader(&head, table[at:])
		}
	}
	// lldb relocates before it inflates: what it takes for the size afterwards it
	// allocates, or dies.
	if size := le.Uint64(head[8:]); compressed && size/ratioZlib > f.section(info).size() {
		return f.sectionError(i, "the relocations are for uncompressed bytes, in section %d they make a ch_size of %#x", info, size)
	}
	return nil
}

// relocateHeader applies a relocation to a compression header.
func relocateHeader(head *[compressionHeaderSize + 8]byte, rela []byte) {
	offset, value := le.Uint64(rela), le.Uint64(rela[16:])
	if offset >= compressionHeaderSize {
		return
	}
	switch le.Uint32(rela[8:]) {
	case relocAbs64:
		le.PutUint64(head[offset:], value)
	case relocAbs32, relocAbs32S:
		le.PutUint32(head[offset:], uint32(value))
	}
}

// relocatesDebug says whether a relocation is one that debug sections have.
func relocatesDebug(typ uint32) bool {
	switch typ {
	case relocAbs64, relocAbs32, relocAbs32S, relocPC32, relocPC64:
		return true
	}
	return relocatesNothing(typ)
}

// unplaced stands for an address in an image without any: gdb makes one up. It is
// no offset into any section.
const unplaced = 1<<47 - 1

// findRelocations finds those that gdb applies to the debug sections of an object.
func (f *file) findRelocations() {
	if f.typ != typeRel || f.has&hasRelocations == 0 {
		return
	}
	f.relocations = make([]uint64, f.sections)
	for i := uint64(1); i < f.sections; i++ {
		h := f.section(i)
		if t := h.typ(); t == sectionRela || t == sectionRel {
			f.relocations[uint64(h.info())%f.sections] = i
		}
		f.placed = f.placed || h.addr() != 0
	}
}

// load is a section as a debugger sees it, relocated; ok is false if that is not
// known, as it is of compressed ones.
func (f *file) load(i uint64) (b []byte, ok bool, err error) {
	if f.section(i).flags()&flagCompressed != 0 || f.isGNUCompressed(i) {
		return nil, false, nil
	}
	b = f.contents(i)
	if f.relocations != nil && f.relocations[i] != 0 {
		return f.relocated(i, f.relocations[i], b)
	}
	return b, true, nil
}

// relocated is a copy of a section with its relocations applied; ok is false if
// that is not known.
func (f *file) relocated(i, by uint64, b []byte) (_ []byte, ok bool, err error) {
	if f.section(by).typ() != sectionRela {
		return nil, false, nil
	}
	table, symbols := f.contents(by), f.contents(uint64(f.section(by).link())%f.sections)
	base, loaded := uint64(0), f.section(i).flags()&flagAlloc != 0
	if loaded {
		base = f.section(i).addr()
	}
	b = append([]byte(nil), b...)
	for n := 0; len(table) >= relaSize; n, table = n+1, table[relaSize:] {
		offset, typ, symbol := le.Uint64(table), le.Uint32(table[8:]), uint64(le.Uint32(table[12:]))
		value := le.Uint64(table[16:])
		if symbol < uint64(len(symbols)/symbolSize) {
			s := (*[symbolSize]byte)(symbols[symbol*symbolSize:])
			value += le.Uint64(s[8:])
			// Where other sections are said to lie does not matter to gdb, unless
			// this one is loaded: newer LLVM gives addresses to debug sections too.
			if index := uint64(le.Uint16(s[6:])); index != 0 && index < f.sections && index < indexReserve &&
				(loaded || f.section(index).flags()&flagAlloc != 0) {
				value += f.section(index).addr()
				if !f.placed {
					value = unplaced
				}
			}
		}
		size := uint64(8)
		switch typ {
		case relocAbs64:
		case relocAbs32, relocAbs32S:
			size = 4
		case relocPC32:
			size = 4
			value -= base + offset
		case relocPC64:
			value -= base + offset
		default:
			continue // thread-local offsets and the like, which lead nowhere
		}
		if offset > uint64(len(b)) || size > uint64(len(b))-offset {
			return nil, false, f.sectionError(by, "relocation %d: r_offset is %#x, section %d has %#x bytes", n, offset, i, len(b))
		}
		if size == 8 {
			le.PutUint64(b[offset:], value)
		} else {
			le.PutUint32(b[offset:], uint32(value))
		}
	}
	return b, true, nil
}
