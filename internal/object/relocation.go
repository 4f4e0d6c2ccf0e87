package object

const (
	relaSize = 24
	relSize  = 16
)

// A relocationTable is a section of relocations.
type relocationTable struct {
	f       *file
	section int // its own
	target  int // of the section that it is for
	entries []byte
	entry   int
}

// relocations are those of section i; none, if there are none.
func (f *file) relocations(i int) relocationTable {
	by := int(f.sections[i].relocations)
	t := relocationTable{f, by, i, nil, relaSize}
	if by != 0 {
		t.entries = f.contents(by)
		if f.headers[by].typ() == sectionRel {
			t.entry = relSize
		}
	}
	return t
}

func (t *relocationTable) len() int { return len(t.entries) / t.entry }

func (t *relocationTable) offset(n int) uint64 { return le.Uint64(t.entries[n*t.entry:]) }

// A relocation is one of a table, read and checked.
type relocation struct {
	kind     *kind
	symbol   int
	addend   uint64
	explicit bool // the addend is not at the place
}

// read reads relocation n, whose place is in a section of so many bytes.
func (t *relocationTable) read(n int, size uint64) (relocation, error) {
	b := t.entries[n*t.entry : (n+1)*t.entry]
	offset, number, symbol := le.Uint64(b), le.Uint32(b[8:]), uint64(le.Uint32(b[12:]))
	r := relocation{kind: t.f.machine.kind(number), symbol: int(symbol)}
	if r.kind == nil {
		return r, t.error(Unsupported, n, number, "no kind of relocation that is known for a debugger's sections")
	}
	if offset > size || uint64(r.kind.size) > size-offset {
		return r, t.error(BadObject, n, number, "the section has "+hex(size)+" bytes")
	}
	if symbol >= uint64(t.f.symbolCount()) && symbol != 0 {
		return r, t.error(BadObject, n, number, "its symbol is "+decimal(symbol)+", there are "+decimal(t.f.symbolCount())+" symbols")
	}
	if t.entry == relaSize {
		r.addend, r.explicit = le.Uint64(b[16:]), true
	}
	return r, nil
}

// error is an error about relocation n, which names it, its kind and its place.
func (t *relocationTable) error(kind Kind, n int, number uint32, text string) error {
	return t.f.sectionError(kind, t.section, "relocation "+decimal(n)+", "+t.f.machine.name(number)+
		" at offset "+hex(t.offset(n))+" of "+t.f.describe(t.target)+": "+text)
}

// implicit is the addend that lies at the place.
func (r *relocation) implicit(place []byte) uint64 {
	switch r.kind.size {
	case 8:
		return le.Uint64(place)
	case 4:
		return uint64(int64(int32(le.Uint32(place))))
	case 2:
		return uint64(int64(int16(le.Uint16(place))))
	case 1:
		return uint64(int64(int8(place[0])))
	}
	return 0
}

// apply applies the relocations of a section of DWARF to its bytes. What refers
// to code that is not there becomes the given number.
func (t *relocationTable) apply(b []byte, gone uint64) error {
	base := t.f.sections[t.target].address
	for n := range t.len() {
		r, err := t.read(n, uint64(len(b)))
		if err != nil {
			return err
		}
		if r.kind.value == nothing {
			continue
		}
		offset := t.offset(n)
		place := b[offset : offset+uint64(r.kind.size)]
		if !r.explicit {
			r.addend = r.implicit(place)
		}
		v, err := t.f.value(&r, base+offset, gone)
		if err != nil {
			return err
		}
		if !r.kind.holds(v) {
			return t.error(BadObject, n, r.kind.number, "the value "+hex(v)+" does not fit into "+decimal(int(r.kind.size))+" bytes")
		}
		switch r.kind.size {
		case 8:
			le.PutUint64(place, v)
		case 4:
			le.PutUint32(place, uint32(v))
		case 2:
			le.PutUint16(place, uint16(v))
		case 1:
			place[0] = byte(v)
		}
	}
	return nil
}

// value is what a relocation at a place computes.
func (f *file) value(r *relocation, place, gone uint64) (uint64, error) {
	switch r.kind.value {
	case symbolsSize, threadLocal:
		if r.symbol == 0 {
			return r.addend, nil
		}
		if s := f.symbol(r.symbol); r.kind.value == symbolsSize {
			return s.size() + r.addend, nil
		} else {
			return s.value() + r.addend, nil
		}
	}
	address, known, err := f.resolve(r.symbol)
	if err != nil {
		return 0, err
	}
	if !known {
		return r.kind.cut(gone), nil
	}
	if r.kind.value == relative {
		address -= place
	}
	return address + r.addend, nil
}

// holds says whether a value fits.
func (k *kind) holds(v uint64) bool {
	bits := 8 * uint(k.size)
	asUnsigned, asSigned := v>>bits == 0, int64(v)>>(bits-1) == 0 || int64(v)>>(bits-1) == -1
	switch k.fits {
	case unsigned:
		return asUnsigned
	case signed:
		return asSigned
	case either:
		return asUnsigned || asSigned
	}
	return true
}

// cut is a value made to fit, by its lowest bits.
func (k *kind) cut(v uint64) uint64 {
	if k.fits == anyRange {
		return v
	}
	return v & (1<<(8*uint(k.size)-1) - 1)
}

// gone stands, in a section of DWARF of this name, for the address of code that
// is not there: as linkers have it. 0 ends the lists of DWARF 4, so there it is
// 1, which makes an empty range; in an index it must be no address at all.
func gone(name string) uint64 {
	switch name {
	case ".debug_loc", ".debug_ranges":
		return 1
	case ".debug_names":
		return 1<<64 - 1
	}
	return 0
}
