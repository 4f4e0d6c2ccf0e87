// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package dwarf

import (
	"cmp"
	"slices"

	"github.com/libjitdebug/libjitdebug/internal/cursor"
	"github.com/libjitdebug/libjitdebug/internal/format"
)

// An abbrevTable is one table of .debug_abbrev.
type abbrevTable struct {
	dense  []abbrev
	sparse []numbered // those whose codes are not consecutive, by their codes
	specs  []spec     // of all
}

// An abbrev is one abbreviation declaration.
type abbrev struct {
	first, count uint32 // its specs
	tag          uint16 // 0 for one that no debugger knows
	children     bool
	declaration  bool // has DW_AT_declaration
	external     bool // has DW_AT_external
	private      bool // has DW_AT_artificial or DW_AT_accessibility
	named        bool // has DW_AT_name
	virtual      bool // has DW_AT_virtuality or DW_AT_vtable_elem_location
	item         bool // has a DW_AT_namelist_item that refers to an entry
	size         byte // DW_AT_byte_size and DW_AT_encoding, where they are in the declaration
	encoding     byte
	sized        bool // has a size that is in the declaration, or one in bits
}

// A numbered one is one with its code, and where it is declared.
type numbered struct {
	code uint64
	at   int
	abbrev
}

// A spec is an attribute that has bytes in the entries, and its form. An attribute that
// no debugger knows is 0. One that has no bytes is looked at once, in the declaration:
// what an entry costs is then what it has.
type spec struct{ attr, form uint16 }

func (t *abbrevTable) find(code uint64) (abbrev, bool) {
	if code-1 < uint64(len(t.dense)) {
		return t.dense[code-1], true
	}
	i, ok := slices.BinarySearchFunc(t.sparse, code, func(n numbered, code uint64) int { return cmp.Compare(n.code, code) })
	if !ok {
		return abbrev{}, false
	}
	return t.sparse[i].abbrev, true
}

// of are the specs of an abbreviation.
func (t *abbrevTable) of(a abbrev) []spec { return t.specs[a.first:][:a.count] }

// abbrevsAt is the table at an offset, which is read once.
func (d *Debug) abbrevsAt(offset uint64) (*abbrevTable, error) {
	if t := d.abbrevs[offset]; t != nil {
		return t, nil
	}
	t := &abbrevTable{}
	end, err := d.readAbbrevs(t, offset)
	if err != nil {
		return nil, err
	}
	if d.abbrevsRead += end - int(offset); d.abbrevsRead > len(d.abbrev.b) {
		return nil, format.Errorf("its abbreviations at .debug_abbrev %#x overlap others", offset)
	}
	if d.abbrevs == nil {
		d.abbrevs = map[uint64]*abbrevTable{}
	}
	d.abbrevs[offset] = t
	return t, nil
}

// readAbbrevs reads a table and returns where it ends.
func (d *Debug) readAbbrevs(t *abbrevTable, offset uint64) (end int, err error) {
	r := cursor.Reader{Bytes: d.abbrev.b, At: int(offset)}
	for {
		start := r.At
		code := r.ULEB()
		if code == 0 {
			break
		}
		tag := r.ULEB()
		a := abbrev{first: uint32(len(t.specs)), tag: short(tag)}
		children := r.U8()
		if children > 1 && !r.Short {
			return 0, format.Errorf("its abbreviation at .debug_abbrev %#x: its children flag is %d, it can be 0 and 1", start, children)
		}
		a.children = children == 1
		for !r.Short {
			attr, form := r.ULEB(), r.ULEB()
			constant := uint64(0)
			if form == formImplicitConst {
				constant = r.ULEB()
			}
			if attr == 0 && form == 0 || r.Short {
				break
			}
			if attr == 0 {
				return 0, format.Errorf("its abbreviation at .debug_abbrev %#x: an attribute is 0, its form %#x", start, form)
			}
			err := checkForm(form)
			if err == nil {
				err = checkClass(attr, form)
			}
			if err != nil {
				return 0, format.Errorf("its abbreviation at .debug_abbrev %#x: attribute %#x: %s", start, attr, err)
			}
			a.declaration = a.declaration || attr == attrDeclaration
			a.external = a.external || attr == attrExternal
			a.private = a.private || attr == attrArtificial || attr == attrAccessibility
			a.named = a.named || attr == attrName
			a.item = a.item || attr == attrNamelistItem && isReference(form)
			a.virtual = a.virtual || attr == attrVirtuality || attr == attrVtableLocation
			if form == formImplicitConst && attr == attrByteSize {
				a.size = byte(min(constant, 255))
			}
			if form == formImplicitConst && attr == attrEncoding {
				a.encoding = byte(min(constant, 255))
			}
			a.sized = a.sized || attr == attrBitSize || attr == attrByteSize && constant != 0
			if form != formImplicitConst && form != formFlagPresent {
				t.specs = append(t.specs, spec{short(attr), uint16(form)})
			}
		}
		if r.Short {
			break
		}
		a.count = uint32(len(t.specs)) - a.first
		if code == uint64(len(t.dense))+1 {
			t.dense = append(t.dense, a)
		} else {
			t.sparse = append(t.sparse, numbered{code, start, a})
		}
	}
	if r.Short {
		return 0, format.Errorf("its abbreviations at .debug_abbrev %#x have no end before that of the section", offset)
	}
	slices.SortStableFunc(t.sparse, func(a, b numbered) int { return cmp.Compare(a.code, b.code) })
	for i, n := range t.sparse {
		if n.code <= uint64(len(t.dense)) || i > 0 && n.code == t.sparse[i-1].code {
			return 0, format.Errorf("its abbreviation at .debug_abbrev %#x has code %d, which another one has", n.at, n.code)
		}
	}
	return r.At, nil
}

// short is a number of 16 bits, as all are that debuggers know, or 0.
func short(v uint64) uint16 {
	if v >= 1<<16 {
		return 0
	}
	return uint16(v)
}
