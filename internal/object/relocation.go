// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package object

import (
	"github.com/libjitdebug/libjitdebug/internal/elf"
	"github.com/libjitdebug/libjitdebug/internal/endian"
	"github.com/libjitdebug/libjitdebug/internal/machine"
)

// le is the byte order of what is relocated.
var le = endian.Little

// A relocationTable is a section of relocations.
type relocationTable struct {
	elf.Relocs
	f       *file
	section int // its index
	target  int // index of the section that is relocated
}

// relocations are the relocations of section i; an empty table if it has none.
func (f *file) relocations(i int) relocationTable {
	by := int(f.plans[i].relocations)
	return relocationTable{f.Relocs(&f.Sections[by]), f, by, i}
}

func (t *relocationTable) offset(n int) uint64 { return t.At(n).Off }

// A relocation is one of a table, read and checked.
type relocation struct {
	kind     *machine.Relocation
	symbol   int
	addend   uint64
	explicit bool // the addend is in the table, and not where the relocation applies
}

// read reads relocation n and checks it; the section that is relocated has size bytes.
func (t *relocationTable) read(n int, size uint64) (relocation, error) {
	entry := t.At(n)
	number, symbol := entry.Type(), uint64(entry.Symbol())
	r := relocation{
		kind: t.f.machine.Relocation(number), symbol: int(symbol),
		addend: entry.Addend, explicit: t.f.Sections[t.section].Type == elf.SHT_RELA,
	}
	if r.kind == nil || r.kind.Value == machine.Module {
		return r, t.error(Unsupported, n, number, "no kind of relocation that is known for a debugger's sections")
	}
	if entry.Off > size || uint64(r.kind.Size) > size-entry.Off {
		return r, t.error(BadObject, n, number, "the section has "+hex(size)+" bytes")
	}
	if symbol >= uint64(len(t.f.symbols)) && symbol != 0 {
		return r, t.error(BadObject, n, number, "its symbol is "+decimal(symbol)+", there are "+decimal(len(t.f.symbols))+" symbols")
	}
	return r, nil
}

// error is an error about relocation n, with its type and its offset in the text.
func (t *relocationTable) error(kind Kind, n int, number uint32, text string) error {
	return t.f.sectionError(kind, t.section, "relocation "+decimal(n)+", "+t.f.machine.RelocationName(number)+
		" at offset "+hex(t.offset(n))+" of "+t.f.describe(t.target)+": "+text)
}

// implicit is the addend that lies in the field to be relocated.
func (r *relocation) implicit(field []byte) uint64 {
	switch r.kind.Size {
	case 8:
		return le.Uint64(field)
	case 4:
		return uint64(int64(int32(le.Uint32(field))))
	case 2:
		return uint64(int64(int16(le.Uint16(field))))
	case 1:
		return uint64(int64(int8(field[0])))
	}
	return 0
}

// apply applies the relocations of a section of DWARF to its bytes b. References to
// code that was not loaded become the tombstone.
func (t *relocationTable) apply(b []byte, tombstone uint64) error {
	base := t.f.plans[t.target].address
	for n := range t.Len() {
		r, err := t.read(n, uint64(len(b)))
		if err != nil {
			return err
		}
		if r.kind.Value == machine.Nothing {
			continue
		}
		offset := t.offset(n)
		field := b[offset : offset+uint64(r.kind.Size)]
		if !r.explicit {
			r.addend = r.implicit(field)
		}
		v, err := t.f.value(&r, base+offset, tombstone)
		if err != nil {
			return err
		}
		if !holds(r.kind, v) {
			return t.error(BadObject, n, r.kind.Type, "the value "+hex(v)+" does not fit into "+decimal(int(r.kind.Size))+" bytes")
		}
		switch r.kind.Size {
		case 8:
			le.PutUint64(field, v)
		case 4:
			le.PutUint32(field, uint32(v))
		case 2:
			le.PutUint16(field, uint16(v))
		case 1:
			field[0] = byte(v)
		}
	}
	return nil
}

// value is what a relocation computes for a field at an offset in the image's section.
func (f *file) value(r *relocation, offset, tombstone uint64) (uint64, error) {
	switch r.kind.Value {
	case machine.SymbolSize, machine.ThreadLocal:
		if r.symbol == 0 {
			return r.addend, nil
		}
		if s := &f.symbols[r.symbol]; r.kind.Value == machine.SymbolSize {
			return s.Size + r.addend, nil
		} else {
			return s.Value + r.addend, nil
		}
	}
	address, known, err := f.resolve(r.symbol)
	if err != nil {
		return 0, err
	}
	if !known {
		return truncate(r.kind, tombstone), nil
	}
	if r.kind.Value == machine.Relative {
		address -= offset
	}
	return address + r.addend, nil
}

// holds says whether a value fits into the field that a relocation writes.
func holds(k *machine.Relocation, v uint64) bool {
	bits := 8 * uint(k.Size)
	asUnsigned, asSigned := v>>bits == 0, int64(v)>>(bits-1) == 0 || int64(v)>>(bits-1) == -1
	switch k.Range {
	case machine.Unsigned:
		return asUnsigned
	case machine.Signed:
		return asSigned
	case machine.Either:
		return asUnsigned || asSigned
	}
	return true
}

// truncate is the lowest bits of a value, as many as fit whether read as signed or as
// unsigned.
func truncate(k *machine.Relocation, v uint64) uint64 {
	if k.Range == machine.AnyRange {
		return v
	}
	return v & (1<<(8*uint(k.Size)-1) - 1)
}

// tombstone is the address that stands for code that was not loaded in a section of
// DWARF with this name, as linkers call and choose it: 0; but 1 in the lists of DWARF
// 4, which a 0 would end, and where 1 makes an empty range.
func tombstone(name string) uint64 {
	if name == ".debug_loc" || name == ".debug_ranges" {
		return 1
	}
	return 0
}
