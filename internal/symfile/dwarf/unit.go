package dwarf

import (
	"math/bits"
	"slices"

	"github.com/libjitdebug/libjitdebug/internal/cursor"
	"github.com/libjitdebug/libjitdebug/internal/format"
)

// Unit types of DWARF 5.
const (
	unitCompile  = 1
	unitType     = 2
	unitPartial  = 3
	unitSkeleton = 4
	unitSplit    = 5
	unitSplitTyp = 6
)

// Tags.
const (
	tagClass          = 0x02
	tagLexicalBlock   = 0x0b
	tagMember         = 0x0d
	tagCompileUnit    = 0x11
	tagPartialUnit    = 0x3c
	tagTypeUnit       = 0x41
	tagSkeletonUnit   = 0x4a
	tagStructure      = 0x13
	tagSubroutineType = 0x15
	tagTypedef        = 0x16
	tagUnion          = 0x17
	tagSubrange       = 0x21
	tagBaseType       = 0x24
	tagInlined        = 0x1d
	tagNamelist       = 0x2b
	tagNamelistItem   = 0x2c
	tagSubprogram     = 0x2e
	tagDwarfProcedure = 0x36
	tagNamespace      = 0x39
	tagInterface      = 0x38
	tagTemplateAlias  = 0x43
)

// A unit is one unit of .debug_info or .debug_types.
type unit struct {
	at, end    uint64 // where it starts and ends in its section
	version    uint16
	offsetSize int
	addrSize   int
	abbrevs    uint64
	first      uint64 // where its first entry starts
	typeEntry  uint64 // offset of the type in a type unit, or 0
	entries    *entries
	types      bool   // in .debug_types
	numbered   bool   // its header has a dwo_id
	tag        uint64 // of the entry that is being read

	strOffsetsBase, addrBase, rnglistsBase, loclistsBase uint64
}

// checkUnits checks .debug_info.
func (d *Debug) checkUnits(b []byte) error {
	d.entries = newEntries(len(b))
	d.units = make(bitset, len(b)/64+1)
	if err := d.checkUnitSection(b, false, &d.entries); err != nil {
		return err
	}
	if d.steps <= 0 {
		return nil // not all entries have been read
	}
	return d.entries.check()
}

// checkTypeUnits checks a .debug_types of DWARF 4.
func (d *Debug) checkTypeUnits(b []byte) error {
	entries := newEntries(len(b))
	if err := d.checkUnitSection(b, true, &entries); err != nil || d.steps <= 0 {
		return err
	}
	return entries.check()
}

// check checks that attributes refer to where an entry starts.
func (e *entries) check() error {
	for i := range e.starts {
		if bad := e.referred[i] &^ e.starts[i]; bad != 0 {
			return format.Errorf("an entry refers to %#x, where no entry starts", i*64+bits.TrailingZeros64(bad))
		}
		if bad := e.siblings[i] &^ (e.starts[i] | e.ends[i]); bad != 0 {
			return format.Errorf("a DW_AT_sibling refers to %#x, where no entry starts", i*64+bits.TrailingZeros64(bad))
		}
	}
	return nil
}

func (d *Debug) checkUnitSection(b []byte, types bool, entries *entries) error {
	for at := 0; at < len(b) && d.steps > 0; {
		u := unit{at: uint64(at), entries: entries, types: types}
		r := cursor.Reader{Bytes: b, At: at}
		if err := d.readUnit(&r, &u, types); err != nil {
			return format.Errorf("unit at %#x: %s", at, err)
		}
		if !types {
			d.units.add(u.at)
		}
		r.Bytes = b[:u.end] // so that no entry is read past the unit's end
		if err := d.checkEntries(&r, &u); err != nil {
			return err
		}
		at = int(u.end)
	}
	return nil
}

// readUnit reads and checks a unit's header.
func (d *Debug) readUnit(r *cursor.Reader, u *unit, types bool) error {
	length, offsetSize := r.Length()
	if r.Short || length > uint64(r.Left()) {
		return format.Errorf("its length is %#x, the section ends %#x bytes later", length, r.Left())
	}
	u.end, u.offsetSize = uint64(r.At)+length, offsetSize
	r.Bytes = r.Bytes[:u.end]
	u.version = r.U16()
	if u.version < 2 || u.version > 5 {
		return format.Errorf("its version is %d, debuggers read DWARF 2 to 5", u.version)
	}
	typ := byte(unitCompile)
	if u.version >= 5 {
		typ = r.U8()
		u.addrSize = int(r.U8())
		u.abbrevs = r.Uint(offsetSize)
	} else {
		u.abbrevs = r.Uint(offsetSize)
		u.addrSize = int(r.U8())
		if types {
			typ = unitType
		}
	}
	switch typ {
	case unitCompile, unitPartial:
	case unitSkeleton, unitSplit:
		u.numbered = true
		r.Skip(8)
	case unitType, unitSplitTyp:
		d.signatures = append(d.signatures, r.U64())
		u.typeEntry = r.Uint(offsetSize)
		if u.typeEntry >= u.end-u.at {
			return format.Errorf("its type_offset is %#x, it has %#x bytes", u.typeEntry, u.end-u.at)
		}
		u.entries.referred.add(u.at + u.typeEntry)
	default:
		return format.Errorf("its unit_type is %d, DWARF has 1 to 6", typ)
	}
	if u.addrSize != 8 && u.addrSize != 4 {
		return format.Errorf("its address_size is %d, addresses have 8 bytes", u.addrSize)
	}
	if r.Short {
		return format.Errorf("its length is %#x, less than its header", length)
	}
	if !d.abbrev.opaque {
		if !d.abbrev.exists {
			return format.Errorf("there is no .debug_abbrev")
		}
		if u.abbrevs >= uint64(len(d.abbrev.b)) {
			return format.Errorf("its debug_abbrev_offset is %#x, .debug_abbrev ends at %#x", u.abbrevs, len(d.abbrev.b))
		}
		if err := d.readAbbrevs(u.abbrevs); err != nil {
			return err
		}
	}
	return nil
}

// checkEntries checks a unit's debugging information entries.
func (d *Debug) checkEntries(r *cursor.Reader, u *unit) error {
	if d.abbrev.opaque {
		return nil
	}
	d.readBases(*r, u)
	u.first = uint64(r.At)
	depth := 0
	var parents [64]uint64 // tags of the entries above; of deeper ones they are not kept
	for d.steps > 0 {
		at := r.At
		code := r.ULEB()
		if r.Short {
			return format.Errorf("unit at %#x: its entries go on past its end at %#x", u.at, u.end)
		}
		d.steps--
		if code == 0 {
			u.entries.ends.add(uint64(at))
			if depth == 0 {
				return format.Errorf("unit at %#x: its first entry is an end of entries", u.at)
			}
			if depth--; depth == 0 {
				return nil
			}
			continue
		}
		u.entries.starts.add(uint64(at))
		a, ok := d.abbrevs.find(code)
		if !ok {
			return format.Errorf("entry at %#x: its abbreviation code %d is not in the table at .debug_abbrev %#x", at, code, u.abbrevs)
		}
		u.tag = a.tag
		declaration, split, numbered := false, false, u.numbered
		attributes := cursor.Reader{Bytes: d.abbrev.b, At: a.attributes}
		for {
			attr, form := attributes.ULEB(), attributes.ULEB()
			if form == formImplicitConst {
				attributes.ULEB()
			}
			if attr == 0 && form == 0 {
				break
			}
			for form == formIndirect && !r.Short {
				form = r.ULEB()
				if err := checkClass(attr, form); err != nil {
					return format.Errorf("entry at %#x: attribute %#x: %s", at, attr, err)
				}
			}
			if err := d.checkForm(form); err != nil && !r.Short {
				return format.Errorf("entry at %#x: attribute %#x: %s", at, attr, err)
			}
			if !known(form) {
				d.steps = 0 // where the next value starts is not known: the rest is not checked
				return nil
			}
			v := u.readForm(r, form)
			if r.Short {
				return format.Errorf("entry at %#x: attribute %#x ends past the unit's end at %#x", at, attr, u.end)
			}
			if err := d.checkValue(u, attr, v); err != nil {
				return format.Errorf("entry at %#x: attribute %#x %s", at, attr, err)
			}
			declaration = declaration || attr == attrDeclaration
			if v.form == formRefSig8 {
				d.wanted = append(d.wanted, v.number)
			}
			if attr == attrContainingType || attr == attrType && a.tag == tagSubrange {
				if err := d.checkTypeReference(r, u, attr, v); err != nil {
					return format.Errorf("entry at %#x: attribute %#x %s", at, attr, err)
				}
			}
			if isLink(attr) {
				if err := d.checkLink(r, u, uint64(at), v); err != nil {
					return format.Errorf("entry at %#x: attribute %#x %s", at, attr, err)
				}
			}
			if attr == attrDwoName || attr == attrGNUDwoName {
				split = true
			}
			numbered = numbered || attr == attrGNUDwoID
			d.steps--
		}
		if split && !numbered && depth == 0 {
			return format.Errorf("entry at %#x: it has the name of a DWARF object file, and the unit has no number to find in that", at)
		}
		if isUnit(a.tag) != (depth == 0) {
			if depth == 0 {
				return format.Errorf("entry at %#x: its tag is %#x, the first entry of a unit has that of a unit", at, a.tag)
			}
			return format.Errorf("entry at %#x: its tag is %#x, a unit's, but it is not the first of its unit", at, a.tag)
		}
		if a.tag == tagNamelistItem && depth > 0 && depth <= len(parents) && parents[depth-1] != tagNamelist {
			return format.Errorf("entry at %#x: it is a DW_TAG_namelist_item outside of a DW_TAG_namelist", at)
		}
		if a.tag == tagMember && !declaration && depth > 0 && depth <= len(parents) && isScope(parents[depth-1]) {
			return format.Errorf("entry at %#x: it is a DW_TAG_member outside of a class", at)
		}
		if a.children {
			if depth < len(parents) {
				parents[depth] = a.tag
			}
			depth++
		} else if depth == 0 {
			return nil
		}
	}
	return nil
}

// checkTypeReference checks DW_AT_containing_type, which has to refer to a class, and
// a subrange's DW_AT_type, which has to refer to a type with a size. A defect of
// gdb's: where they do not, internal_type_vptr_fieldno and create_range_type end it with
// an internal error.
func (d *Debug) checkTypeReference(r *cursor.Reader, u *unit, attr uint64, v value) error {
	to, ok := u.target(v)
	if !ok {
		return nil
	}
	target := cursor.Reader{Bytes: r.Bytes, At: int(to)}
	a, ok := d.abbrevs.find(target.ULEB())
	switch {
	case !ok:
		return nil // entries.check finds out that no entry starts there
	case attr == attrContainingType && !isClass(a.tag):
		return format.Errorf("refers to %#x, an entry with tag %#x, which is no class", to, a.tag)
	case attr == attrContainingType:
		return nil
	case !isType(a.tag):
		return format.Errorf("refers to %#x, an entry with tag %#x, which is no type", to, a.tag)
	case a.tag != tagBaseType:
		return nil
	}
	attributes := cursor.Reader{Bytes: d.abbrev.b, At: a.attributes}
	for !target.Short && !attributes.Short {
		attr, form := attributes.ULEB(), attributes.ULEB()
		size := value{form: form}
		if form == formImplicitConst {
			size.number = attributes.ULEB()
		}
		if attr == 0 && form == 0 {
			return format.Errorf("refers to %#x, a type without a size", to)
		}
		if form == formIndirect || !known(form) {
			return nil
		}
		if form != formImplicitConst {
			size = u.readForm(&target, form)
		}
		if attr == attrByteSize && size.number != 0 || attr == attrBitSize {
			return nil
		}
	}
	return nil
}

// longestLink is more links in a row than any compiler writes: from a concrete function
// to its abstract one, and from that to the declaration in its class.
const longestLink = 16

// checkLink follows the links from an entry, within its unit, and refuses a circle.
func (d *Debug) checkLink(r *cursor.Reader, u *unit, from uint64, v value) error {
	to, ok := u.target(v)
	for n := 0; ok; n++ {
		if to == from || n == longestLink {
			return format.Errorf("leads by way of others back to %#x: gdb follows it for ever", to)
		}
		target := cursor.Reader{Bytes: r.Bytes, At: int(to)}
		a, found := d.abbrevs.find(target.ULEB())
		if !found || !a.links {
			return nil
		}
		attributes := cursor.Reader{Bytes: d.abbrev.b, At: a.attributes}
		for ok = false; !ok && !target.Short && !attributes.Short; d.steps-- {
			attr, form := attributes.ULEB(), attributes.ULEB()
			if form == formImplicitConst {
				attributes.ULEB()
			}
			for form == formIndirect && !target.Short {
				form = target.ULEB()
			}
			if attr == 0 && form == 0 || !known(form) {
				return nil
			}
			if next := u.readForm(&target, form); isLink(attr) {
				to, ok = u.target(next)
			}
		}
	}
	return nil
}

// target is the offset to which a value refers; false where that is not in the unit.
func (u *unit) target(v value) (uint64, bool) {
	switch {
	case v.form >= formRef1 && v.form <= formRefUdata && v.number < u.end-u.at:
		return u.at + v.number, true
	case v.form == formRefAddr && !u.types && v.number >= u.first && v.number < u.end:
		return v.number, true
	}
	return 0, false
}

func isType(tag uint64) bool {
	switch tag {
	case 0x01, 0x02, 0x04, 0x0f, 0x10, 0x12, 0x13, 0x15, 0x16, 0x17, 0x1f, 0x20, 0x21, 0x24, 0x26, 0x29, 0x2d,
		0x31, 0x35, 0x37, 0x38, 0x3b, 0x40, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x4b:
		return true
	}
	return tag >= 0x4080 // a vendor's
}

func isUnit(tag uint64) bool {
	return tag == tagCompileUnit || tag == tagPartialUnit || tag == tagTypeUnit || tag == tagSkeletonUnit
}

func isClass(tag uint64) bool {
	switch tag {
	case tagClass, tagInterface, tagStructure, tagUnion, tagTypedef, tagTemplateAlias:
		return true
	}
	return false
}

func isScope(tag uint64) bool {
	switch tag {
	case tagNamespace, tagCompileUnit, tagPartialUnit, tagTypeUnit,
		tagLexicalBlock, tagInlined, tagSubprogram, tagSubroutineType:
		return true
	}
	return false
}

// readBases reads, from a unit's first entry, where its part of the tables of strings,
// addresses and lists starts.
func (d *Debug) readBases(r cursor.Reader, u *unit) {
	a, ok := d.abbrevs.find(r.ULEB())
	if !ok {
		return
	}
	attributes := cursor.Reader{Bytes: d.abbrev.b, At: a.attributes}
	for !r.Short {
		attr, form := attributes.ULEB(), attributes.ULEB()
		if form == formImplicitConst {
			attributes.ULEB()
		}
		if attr == 0 && form == 0 || !known(form) || form == formIndirect {
			return
		}
		v := u.readForm(&r, form)
		switch attr {
		case attrStrOffsetsBase:
			u.strOffsetsBase = v.number
		case attrAddrBase:
			u.addrBase = v.number
		case attrRnglistsBase:
			u.rnglistsBase = v.number
		case attrLoclistsBase:
			u.loclistsBase = v.number
		}
	}
}

// CheckSignatures checks that the types exist to which entries refer by signature. A
// defect of gdb's: where a class is missing, internal_type_vptr_fieldno ends it with an
// internal error.
func (d *Debug) CheckSignatures() error {
	if len(d.wanted) == 0 || d.steps <= 0 || d.partial {
		return nil
	}
	slices.Sort(d.signatures)
	for _, signature := range d.wanted {
		if _, ok := slices.BinarySearch(d.signatures, signature); !ok {
			return format.Errorf("an entry refers to the type with signature %#x, which no type unit has", signature)
		}
	}
	return nil
}
