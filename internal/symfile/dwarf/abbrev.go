package dwarf

import (
	"github.com/libjitdebug/libjitdebug/internal/cursor"
	"github.com/libjitdebug/libjitdebug/internal/format"
)

// An abbrevTable is one table of .debug_abbrev.
type abbrevTable struct {
	at     uint64 // offset in the section, plus 1
	dense  []abbrev
	sparse map[uint64]abbrev // those whose codes are not consecutive
}

// An abbrev is one abbreviation declaration.
type abbrev struct {
	attributes int // offset of its first attribute
	tag        uint64
	children   bool
	links      bool // isLink is true of one of its attributes
}

func (t *abbrevTable) find(code uint64) (abbrev, bool) {
	if code-1 < uint64(len(t.dense)) {
		return t.dense[code-1], true
	}
	a, ok := t.sparse[code]
	return a, ok
}

// readAbbrevs reads the table at an offset into d.abbrevs.
func (d *Debug) readAbbrevs(offset uint64) error {
	t := &d.abbrevs
	if t.at == offset+1 {
		return nil
	}
	t.at, t.dense, t.sparse = 0, t.dense[:0], nil
	r := cursor.Reader{Bytes: d.abbrev.b, At: int(offset)}
	for {
		start := r.At
		code := r.ULEB()
		if code == 0 {
			break
		}
		a := abbrev{tag: r.ULEB()}
		children := r.U8()
		if children > 1 && !r.Short {
			return format.Errorf("its abbreviation at .debug_abbrev %#x: its children flag is %d, it can be 0 and 1", start, children)
		}
		a.children, a.attributes = children == 1, r.At
		for !r.Short {
			name, form := r.ULEB(), r.ULEB()
			if form == formImplicitConst {
				r.ULEB()
			}
			if name == 0 && form == 0 {
				break
			}
			if r.Short {
				break
			}
			a.links = a.links || isLink(name)
			if name == 0 {
				return format.Errorf("its abbreviation at .debug_abbrev %#x: an attribute is 0, its form %#x", start, form)
			}
			if err := d.checkForm(form); err != nil {
				return format.Errorf("its abbreviation at .debug_abbrev %#x: attribute %#x: %s", start, name, err)
			}
			if err := checkClass(name, form); err != nil {
				return format.Errorf("its abbreviation at .debug_abbrev %#x: attribute %#x: %s", start, name, err)
			}
		}
		if r.Short {
			break
		}
		_, double := t.find(code)
		switch {
		case double:
			return format.Errorf("its abbreviation at .debug_abbrev %#x has code %d, which another one has", start, code)
		case code == uint64(len(t.dense))+1:
			t.dense = append(t.dense, a)
		case t.sparse == nil:
			t.sparse = map[uint64]abbrev{code: a}
		default:
			t.sparse[code] = a
		}
	}
	if r.Short {
		return format.Errorf("its abbreviations at .debug_abbrev %#x have no end before that of the section", offset)
	}
	t.at = offset + 1
	d.steps -= r.At - int(offset)
	return nil
}
