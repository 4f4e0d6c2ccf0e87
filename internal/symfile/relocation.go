// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package symfile

import (
	"github.com/libjitdebug/libjitdebug/internal/elf"
	"github.com/libjitdebug/libjitdebug/internal/machine"
)

// checkRelocationHeader checks the header of a section of relocations.
func (f *file) checkRelocationHeader(i uint64, h *elf.Section64) error {
	f.has |= hasRelocations
	want := elf.RelocSize(h.Type)
	if entry := h.Entsize; entry != want {
		return f.sectionErrorf(i, "sh_entsize is %d, a relocation has %d bytes", entry, want)
	}
	if size := h.Size; size%want != 0 {
		return f.sectionErrorf(i, "sh_size is %#x, not a multiple of sh_entsize %d", size, want)
	}
	if info := uint64(h.Info); info >= f.count {
		return f.sectionErrorf(i, "sh_info is %d, there are %d sections", info, f.count)
	}
	return nil
}

// checkRelocations checks relocations: that the symbol exists and, in an ET_REL
// image, that r_offset is in the section.
func (f *file) checkRelocations() error {
	var targets sectionSet
	targets.init(f.count)
	for i := uint64(1); i < f.count; i++ {
		h := f.section(i)
		if t := h.Type; t != elf.SHT_RELA && t != elf.SHT_REL {
			continue
		}
		if f.Type != elf.ET_REL || h.Flags&elf.SHF_ALLOC != 0 {
			if err := f.checkDynamicRelocations(i, h); err != nil {
				return err
			}
			continue
		}
		if err := f.checkRelocationTable(i, h); err != nil {
			return err
		}
		if target := uint64(h.Info); targets.add(target) {
			return f.sectionErrorf(i, "sh_info is %d: that section has other relocations already", target)
		}
	}
	return nil
}

// checkDynamicRelocations checks relocations of a linked image, which gdb reads
// for the names of the procedure linkage table.
func (f *file) checkDynamicRelocations(i uint64, h *elf.Section64) error {
	link := uint64(h.Link) % f.count
	count := uint64(1 << 32)
	if t := f.section(link).Type; t == elf.SHT_SYMTAB || t == elf.SHT_DYNSYM {
		count = f.section(link).Size / elf.SymSize
	}
	table := f.Relocs(h)
	for n := range table.Len() {
		r := table.At(n)
		if typ := r.Type(); typ > f.machine.LastRelocation {
			return f.sectionErrorf(i, "relocation %d: its type is %d, which is unknown", n, typ)
		}
		if symbol := r.Symbol(); uint64(symbol) >= count {
			return f.sectionErrorf(i, "relocation %d: its symbol is %d, there are %d symbols", n, symbol, count)
		}
	}
	return nil
}

func (f *file) checkRelocationTable(i uint64, h *elf.Section64) error {
	link, info := uint64(h.Link)%f.count, uint64(h.Info)%f.count
	if t := f.section(link).Type; t != elf.SHT_SYMTAB {
		return f.sectionErrorf(i, "sh_link is %d, a section of type %d, not the symbol table (SHT_SYMTAB, 2)", link, t)
	}
	switch t := f.section(info).Type; t {
	case elf.SHT_NULL, elf.SHT_SYMTAB, elf.SHT_RELA, elf.SHT_REL, elf.SHT_GROUP, elf.SHT_SYMTAB_SHNDX:
		return f.sectionErrorf(i, "sh_info is %d, a section of type %d, which has no relocations", info, t)
	}
	count, size := f.section(link).Size/elf.SymSize, f.section(info).Size
	if f.section(info).Flags&elf.SHF_COMPRESSED != 0 || f.isGNUCompressed(info) {
		size = 1<<64 - 1 // r_offset is in the uncompressed section
	}
	debug := f.isDebug(info)
	compressed := f.section(info).Flags&elf.SHF_COMPRESSED != 0 && string(f.sectionName(info)) == ".debug_info"
	var head [elf.ChdrSize + 8]byte
	if compressed {
		copy(head[:elf.ChdrSize], f.contents(info))
	}
	table := f.Relocs(h)
	for n := range table.Len() {
		r := table.At(n)
		if r.Off >= size {
			return f.sectionErrorf(i, "relocation %d: r_offset is %#x, section %d has %#x bytes", n, r.Off, info, size)
		}
		if symbol := r.Symbol(); uint64(symbol) >= count {
			return f.sectionErrorf(i, "relocation %d: its symbol is %d, there are %d symbols", n, symbol, count)
		}
		typ := r.Type()
		if typ > f.machine.LastRelocation || debug && f.machine.Relocation(typ) == nil {
			return f.sectionErrorf(i, "relocation %d: its type is %d, which is unknown to a debugger", n, typ)
		}
		if compressed && h.Type == elf.SHT_RELA && r.Off < elf.ChdrSize {
			if kind := f.machine.Relocation(typ); kind != nil && kind.Value == machine.Absolute {
				put(head[r.Off:], kind.Size, r.Addend)
			}
		}
	}
	// A defect of lldb's: it relocates the compressed bytes, before it decompresses
	// them (ObjectFileELF), and allocates whatever has become of ch_size.
	if size := elf.In[elf.Chdr64](head[:]).Size; compressed && size/elf.MaxRatio(elf.ELFCOMPRESS_ZLIB) > f.section(info).Size {
		return f.sectionErrorf(i, "the relocations are for uncompressed bytes, in section %d they make a ch_size of %#x", info, size)
	}
	return nil
}

// put writes a value of four or eight bytes. Those of other sizes are no addresses
// and no offsets, so no check depends on them.
func put(b []byte, size uint8, value uint64) {
	switch size {
	case 8:
		le.PutUint64(b, value)
	case 4:
		le.PutUint32(b, uint32(value))
	}
}

// unaddressed stands for an address in an image whose sections have none, for which
// gdb makes addresses up. It is larger than any offset into a section.
const unaddressed = 1<<47 - 1

// findRelocations finds, for each section of an ET_REL image, its relocations.
func (f *file) findRelocations() {
	if f.Type != elf.ET_REL || f.has&hasRelocations == 0 {
		return
	}
	f.relocations = make([]uint64, f.count)
	for i := uint64(1); i < f.count; i++ {
		h := f.section(i)
		if t := h.Type; t == elf.SHT_RELA || t == elf.SHT_REL {
			f.relocations[uint64(h.Info)%f.count] = i
		}
		f.addressed = f.addressed || h.Addr != 0
	}
}

// load is a section as a debugger sees it, uncompressed and relocated.
func (f *file) load(i uint64) (b []byte, err error) {
	if f.section(i).Flags&elf.SHF_COMPRESSED != 0 || f.isGNUCompressed(i) {
		if b, err = f.uncompressed(i); err != nil {
			return nil, err
		}
	} else {
		b = f.contents(i)
	}
	if f.relocations != nil && f.relocations[i] != 0 {
		return f.relocated(i, f.relocations[i], b)
	}
	return b, nil
}

// relocated is a copy of the bytes b of section i, with the relocations of section
// table applied.
func (f *file) relocated(i, table uint64, b []byte) ([]byte, error) {
	if f.section(table).Type != elf.SHT_RELA {
		return nil, f.sectionErrorf(table, "sh_type is SHT_REL (9), relocations of this machine are SHT_RELA (4)")
	}
	relocations := f.Relocs(f.section(table))
	symbols := elf.Table[elf.Sym64](f.contents(uint64(f.section(table).Link) % f.count))
	base, loaded := uint64(0), f.section(i).Flags&elf.SHF_ALLOC != 0
	if loaded {
		base = f.section(i).Addr
	}
	b = append([]byte(nil), b...)
	for n := range relocations.Len() {
		r := relocations.At(n)
		value := r.Addend
		if symbol := r.Symbol(); uint64(symbol) < uint64(len(symbols)) {
			s := &symbols[symbol]
			value += s.Value
			// In a section that is not loaded, gdb adds the addresses of loaded
			// sections only: newer LLVM gives debug sections an sh_addr too.
			if index := uint64(s.Shndx); index != 0 && index < f.count && index < elf.SHN_LORESERVE &&
				(loaded || f.section(index).Flags&elf.SHF_ALLOC != 0) {
				value += f.section(index).Addr
				if !f.addressed {
					value = unaddressed
				}
			}
		}
		kind := f.machine.Relocation(r.Type())
		if kind == nil || kind.Size < 4 {
			continue
		}
		switch kind.Value {
		case machine.Absolute:
		case machine.Relative:
			value -= base + r.Off
		default:
			continue // no address and no offset into a section, such as R_X86_64_DTPOFF64
		}
		if elf.Slice(b, r.Off, uint64(kind.Size)) == nil {
			return nil, f.sectionErrorf(table, "relocation %d: r_offset is %#x, section %d has %#x bytes", n, r.Off, i, len(b))
		}
		put(b[r.Off:], kind.Size, value)
	}
	return b, nil
}
