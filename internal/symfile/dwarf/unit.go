// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package dwarf

import (
	"github.com/libjitdebug/libjitdebug/internal/cursor"
	"github.com/libjitdebug/libjitdebug/internal/format"
)

// Unit types of DWARF 5.
const (
	unitCompile  = 1
	unitType     = 2
	unitPartial  = 3
	unitSkeleton = 4
)

// Tags.
const (
	tagArray                 = 0x01
	tagClass                 = 0x02
	tagCommonBlock           = 0x1a
	tagMember                = 0x0d
	tagCompileUnit           = 0x11
	tagPartialUnit           = 0x3c
	tagTypeUnit              = 0x41
	tagStructure             = 0x13
	tagSubroutineType        = 0x15
	tagTypedef               = 0x16
	tagUnion                 = 0x17
	tagSubrange              = 0x21
	tagConst                 = 0x26
	tagVolatile              = 0x35
	tagRestrict              = 0x37
	tagAtomic                = 0x47
	tagEnumeration           = 0x04
	tagInheritance           = 0x1c
	tagVariable              = 0x34
	tagParameter             = 0x05
	tagEntryPoint            = 0x03
	tagCallSite              = 0x48
	tagCallSiteParameter     = 0x49
	tagGNUCallSite           = 0x4109
	tagGNUCallSiteParameter  = 0x410a
	tagPointerMember         = 0x1f
	tagPointer               = 0x0f
	tagReference             = 0x10
	tagRvalue                = 0x42
	tagUnspecifiedType       = 0x3b
	tagUnspecifiedParameters = 0x18
	tagEnumerator            = 0x28
	tagImportedUnit          = 0x3d
	tagVariant               = 0x19
	tagVariantPart           = 0x33
	tagBaseType              = 0x24
	tagInlined               = 0x1d
	tagNamelist              = 0x2b
	tagNamelistItem          = 0x2c
	tagSubprogram            = 0x2e
	tagDwarfProcedure        = 0x36
	tagNamespace             = 0x39
	tagInterface             = 0x38
	tagTemplateAlias         = 0x43
)

// An encoding is what the size of values depends on.
type encoding struct {
	version              uint16
	offsetSize, addrSize int
}

// A unit is one unit of .debug_info or .debug_types.
type unit struct {
	encoding
	part      int    // which of the sections that are checked
	base      uint64 // the id of what is at offset 0 of the section
	at, end   uint64 // where it starts and ends in its section
	first     uint64 // where its first entry starts
	abbrevs   uint64
	table     *abbrevTable
	typeEntry uint64 // offset of the type in a type unit, or 0
	signature uint64 // of that type
	entry     uint64 // the id of the entry that is being read
	tag       uint16 // its tag
	functions int    // in how many functions it is
	language  language

	strOffsetsBase, addrBase, rnglistsBase, loclistsBase uint64
}

// id is the number of what is at an offset of the unit's section.
func (u *unit) id(offset uint64) uint64 { return u.base + offset }

// checkUnits checks a .debug_info, or a .debug_types of DWARF 4.
func (d *Debug) checkUnits(b []byte, types bool) error {
	part, base := len(d.parts)-1, d.parts[len(d.parts)-1].base
	u := new(unit)
	for at := 0; at < len(b); {
		*u = unit{part: part, base: base, at: uint64(at)}
		r := cursor.Reader{Bytes: b, At: at}
		if err := d.readUnit(&r, u, types); err != nil {
			return format.Errorf("unit at %#x: %s", at, err)
		}
		d.entries.units.add(u.id(u.at))
		r.Bytes = b[:u.end] // so that no entry is read past the unit's end
		d.readBases(r, u)
		u.first = uint64(r.At)
		d.entries.firsts.add(u.id(u.first))
		d.keep(u)
		if err := d.checkEntries(&r, u); err != nil {
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
	case unitSkeleton:
		return format.Errorf("it is a skeleton, and the rest is in another file (-gsplit-dwarf), without which gdb aborts commands")
	case unitType:
		u.signature = r.U64()
		u.typeEntry = r.Uint(offsetSize)
		if u.typeEntry >= u.end-u.at {
			return format.Errorf("its type_offset is %#x, it has %#x bytes", u.typeEntry, u.end-u.at)
		}
		d.types = append(d.types, signedType{u.signature, u.id(u.at + u.typeEntry)})
		d.entries.referred.add(u.id(u.at + u.typeEntry))
	default:
		return format.Errorf("its unit_type is %d, in an image it can be 1 to 3", typ)
	}
	if u.addrSize != 8 && u.addrSize != 4 {
		return format.Errorf("its address_size is %d, addresses have 8 bytes", u.addrSize)
	}
	if r.Short {
		return format.Errorf("its length is %#x, less than its header", length)
	}
	if !d.abbrev.exists {
		return format.Errorf("there is no .debug_abbrev")
	}
	if u.abbrevs >= uint64(len(d.abbrev.b)) {
		return format.Errorf("its debug_abbrev_offset is %#x, .debug_abbrev ends at %#x", u.abbrevs, len(d.abbrev.b))
	}
	var err error
	u.table, err = d.abbrevsAt(u.abbrevs)
	return err
}

// A language is DWARF's number of one.
type language uint64

const languageD = 0x13

func (l language) isAda() bool { return l == 0x03 || l == 0x0d || l == 0x2e || l == 0x2f }

func (l language) isFortran() bool {
	return l == 0x07 || l == 0x08 || l == 0x0e || l == 0x22 || l == 0x23 || l == 0x2d
}

// mostNested is how deep entries may be in others, and how many may lead from one to
// the next: debuggers call themselves for each.
const mostNested = 1000

// A parent is an entry whose children are being read.
type parent struct {
	tag     uint16
	sibling uint64 // where its DW_AT_sibling says that they end, or 0
	closing int    // which of the closings is its own, or -1
	method  bool   // it is a function of a class, and no child of it has been read yet
	virtual bool
	class   bool // it is one, and not only declared
}

// checkEntries checks a unit's debugging information entries.
func (d *Debug) checkEntries(r *cursor.Reader, u *unit) error {
	parents := d.parents[:0]
	defer func() { d.parents = parents }()
	for {
		at := r.At
		code := r.ULEB()
		if r.Short {
			return format.Errorf("unit at %#x: its entries go on past its end at %#x", u.at, u.end)
		}
		if r.At-at > longestCode {
			return format.Errorf("entry at %#x: its abbreviation code has %d bytes", at, r.At-at)
		}
		if code == 0 {
			if len(parents) == 0 {
				return format.Errorf("unit at %#x: its first entry is an end of entries", u.at)
			}
			p := parents[len(parents)-1]
			parents = parents[:len(parents)-1]
			if p.closing >= 0 {
				d.closings[p.closing].end = uint32(u.id(uint64(r.At)))
			}
			if p.tag == tagSubprogram {
				u.functions--
			}
			if p.method && p.virtual {
				return objectless(at)
			}
			if p.sibling != 0 && p.sibling != uint64(r.At) {
				return format.Errorf("its DW_AT_sibling refers to %#x, but the children of that entry end at %#x", p.sibling, r.At)
			}
			if len(parents) == 0 {
				return nil
			}
			continue
		}
		d.entries.starts.add(u.id(uint64(at)))
		a, ok := u.table.find(code)
		if !ok {
			return format.Errorf("entry at %#x: its abbreviation code %d is not in the table at .debug_abbrev %#x", at, code, u.abbrevs)
		}
		u.entry, u.tag = u.id(uint64(at)), a.tag
		sibling, err := d.checkAttributes(r, u, a, at, len(parents) == 0)
		if err != nil {
			return err
		}
		var above uint16
		inClass := false
		if len(parents) > 0 {
			above, inClass = parents[len(parents)-1].tag, parents[len(parents)-1].class
		}
		switch {
		case isUnit(a.tag) && len(parents) > 0:
			return format.Errorf("entry at %#x: its tag is %#x, a unit's, but it is not the first of its unit", at, a.tag)
		case len(parents) == 0 && (a.tag == tagTypeUnit) != (u.typeEntry != 0):
			return format.Errorf("entry at %#x: its tag is %#x, which is not that of its unit", at, a.tag)
		case !isUnit(a.tag) && len(parents) == 0:
			return format.Errorf("entry at %#x: its tag is %#x, the first entry of a unit has that of a unit", at, a.tag)
		case a.tag == tagSubprogram && a.virtual && !a.children && inClass:
			return objectless(at)
		case a.tag == tagNamelistItem && above != tagNamelist:
			return format.Errorf("entry at %#x: it is a DW_TAG_namelist_item outside of a DW_TAG_namelist", at)
		case a.tag == tagNamelistItem && !a.item:
			return format.Errorf("entry at %#x: it is a DW_TAG_namelist_item that refers to nothing", at)
		case a.tag == tagCommonBlock && !a.named:
			return format.Errorf("entry at %#x: it is a DW_TAG_common_block without a name", at)
		case a.tag == tagMember && !isAggregate(above) && above != tagVariant && above != tagVariantPart:
			return format.Errorf("entry at %#x: it is a DW_TAG_member outside of a class", at)
		case u.language.isFortran() && isAggregate(a.tag) && !a.named:
			return format.Errorf("entry at %#x: it is a class without a name, over which gdb crashes in Fortran", at)
		case a.children && isLeaf(a.tag):
			return format.Errorf("entry at %#x: its tag is %#x, and it has children", at, a.tag)
		case a.children && len(parents) == mostNested:
			return format.Errorf("entry at %#x: it is in %d others", at, mostNested)
		}
		if len(parents) > 0 {
			if p := &parents[len(parents)-1]; p.method {
				p.method = false
				if a.tag == tagParameter && (a.private || p.virtual) {
					d.entries.pointers.add(u.id(uint64(at))) // to the object
				} else if p.virtual {
					return objectless(at)
				}
			}
		}
		switch {
		case a.children:
			if a.tag == tagArray || a.tag == tagSubroutineType || isAggregate(a.tag) {
				d.entries.nodes.add(u.id(uint64(at)))
			}
			if a.tag == tagSubprogram {
				u.functions++
			}
			own := -1
			if isAggregate(above) || above == tagArray || above == tagSubroutineType || above == tagVariant || above == tagVariantPart {
				own = len(d.closings)
				d.closings = append(d.closings, closing{at: uint32(u.id(uint64(at)))})
			}
			parents = append(parents, parent{a.tag, sibling, own, a.tag == tagSubprogram && inClass, a.virtual, isAggregate(a.tag) && !a.declaration})
		case sibling != 0 && sibling != uint64(r.At):
			return format.Errorf("entry at %#x: its DW_AT_sibling refers to %#x, but it ends at %#x", at, sibling, r.At)
		case len(parents) == 0:
			return nil
		}
	}
}

// objectless is what is wrong with a virtual function up to an offset. A defect of gdb's:
// to print its class it reads the type of the object from the first parameter (ptype),
// and ends itself where there is none, or it is no pointer.
func objectless(at int) error {
	return format.Errorf("entry at %#x: a virtual function's first parameter is not there, which is its object's address", at)
}

// longestCode is how many bytes an abbreviation's code may have: it is read again for
// each reference to its entry.
const longestCode = 10

// checkAttributes checks the attributes of an entry, and returns where its DW_AT_sibling
// refers to, or 0.
func (d *Debug) checkAttributes(r *cursor.Reader, u *unit, a abbrev, at int, first bool) (sibling uint64, err error) {
	split, numbered, sized, contained, typed, slice := false, false, a.sized, false, false, false
	size, encoding := uint64(a.size), uint64(a.encoding)
	for _, s := range u.table.of(a) {
		attr, form := uint64(s.attr), uint64(s.form)
		if form == formIndirect {
			form, err = indirect(r, attr)
		}
		v := value{}
		if err == nil {
			v = u.readForm(r, form)
		}
		if r.Short {
			return 0, format.Errorf("entry at %#x: attribute %#x ends past the unit's end at %#x", at, attr, u.end)
		}
		if err == nil {
			err = d.checkValue(u, attr, v)
		}
		if err == nil && isReference(v.form) {
			if attr == attrSibling {
				sibling = v.number + u.at
			} else {
				err = d.refer(u, uint64(at), attr, v)
			}
		}
		if err != nil {
			return 0, format.Errorf("entry at %#x: attribute %#x %s", at, attr, err)
		}
		switch attr {
		case attrByteSize:
			sized = sized || v.number != 0 || v.block != nil
			size = v.number
		case attrEncoding:
			encoding = v.number
		case attrBitSize:
			if a.tag == tagMember && !u.language.isAda() {
				d.entries.bits.add(u.id(uint64(at)))
			}
		case attrContainingType:
			contained = true
		case attrType:
			typed = true
		case attrName: // A defect of gdb's: it goes by it for an array of D (dynamic_array_type).
			slice = a.tag == tagMember && u.language == languageD && string(d.text(u, v)) == "ptr"
		case attrDwoName, attrGNUDwoName:
			split = true
		case attrGNUDwoID:
			numbered = u.version < 5 && v.form == formData8
		}
	}
	if split && !numbered && first {
		return 0, format.Errorf("entry at %#x: it has the name of a DWARF object file, and the unit has no number to find in that", at)
	}
	if slice && !typed {
		return 0, format.Errorf("entry at %#x: it is the pointer of an array in D, and has no type", at)
	}
	if slice {
		d.entries.pointers.add(u.id(uint64(at)))
	}
	if a.tag == tagPointerMember && !contained {
		return 0, format.Errorf("entry at %#x: it is a DW_TAG_ptr_to_member_type without a DW_AT_containing_type", at)
	}
	if (a.tag == tagBaseType || a.tag == tagEnumeration) && !sized {
		d.entries.sizeless.add(u.id(uint64(at)))
	}
	if isNumber(size) && (a.tag == tagEnumeration || a.tag == tagBaseType && isInteger(encoding)) {
		d.entries.integers.add(u.id(uint64(at)))
	}
	return sibling, nil
}

// isNumber says whether a number can have so many bytes.
func isNumber(size uint64) bool { return size <= 16 && size&(size-1) == 0 }

// isInteger says whether DW_AT_encoding is that of a whole number.
func isInteger(encoding uint64) bool {
	switch encoding {
	case 0x02, 0x05, 0x06, 0x07, 0x08, 0x10: // boolean, signed, signed_char, unsigned, unsigned_char, UTF
		return true
	}
	return false
}

// indirect reads the form of a value that is in the entry itself.
func indirect(r *cursor.Reader, attr uint64) (uint64, error) {
	form := r.ULEB()
	if r.Short {
		return 0, nil
	}
	if form == formIndirect || form == formImplicitConst {
		return 0, format.Errorf("has an indirect form %#x", form)
	}
	if err := checkForm(form); err != nil {
		return 0, err
	}
	return form, checkClass(attr, form)
}

// refer notes to which entry an attribute refers.
func (d *Debug) refer(u *unit, at, attr uint64, v value) error {
	importing := u.tag == tagImportedUnit && attr == attrImport // its unit leads there, not it
	if attr < attrLowestUser && !importing {
		d.entries.nodes.add(u.id(at))
	}
	if v.form == formRefSig8 {
		d.wanted = append(d.wanted, v.number)
		return nil
	}
	to, err := d.target(u, v)
	switch {
	case err != nil:
		return err
	case importing:
		d.entries.nodes.add(u.id(u.first))
		d.imports = append(d.imports, imported{uint32(u.id(u.first)), uint32(to)})
	case to == u.id(u.first):
		return format.Errorf("refers to offset %#x, the unit's own entry, which gdb finds in no unit", v.number)
	case to != nowhere:
		d.entries.referred.add(to)
	}
	return nil
}

// nowhere is no id.
const nowhere = 1<<64 - 1

// target is the id of what a value refers to.
func (d *Debug) target(u *unit, v value) (uint64, error) {
	part := &d.parts[u.part]
	switch {
	case v.form != formRefAddr && v.number >= u.end-u.at:
		return 0, format.Errorf("refers to offset %#x of a unit of %#x bytes", v.number, u.end-u.at)
	case v.form != formRefAddr:
		return u.id(u.at + v.number), nil
	case u.typeEntry != 0 && (v.number < u.first || v.number >= u.end):
		return 0, format.Errorf("refers to %#x, outside of its unit: gdb finds other types than a type unit's own by their signatures alone", v.number)
	case v.number >= uint64(len(part.bytes)):
		return 0, format.Errorf("refers to %#x, past the end of the section", v.number)
	}
	return u.base + v.number, nil
}

func isType(tag uint16) bool {
	switch tag {
	case 0x01, 0x02, 0x04, 0x0f, 0x10, 0x12, 0x13, 0x15, 0x16, 0x17, 0x1f, 0x20, 0x21, 0x24, 0x26, 0x29, 0x2d,
		0x31, 0x35, 0x37, 0x38, 0x3b, 0x40, 0x42, 0x43, 0x44, 0x45, 0x46, 0x47, 0x4b:
		return true
	}
	return tag >= 0x4080 // a vendor's
}

func isUnit(tag uint16) bool {
	return tag == tagCompileUnit || tag == tagPartialUnit || tag == tagTypeUnit
}

func isClass(tag uint16) bool {
	switch tag {
	case tagClass, tagInterface, tagStructure, tagUnion, tagTypedef, tagTemplateAlias:
		return true
	}
	return false
}

// isLeaf says whether no compiler gives children to an entry; lldb crashes over types
// that are among those of some.
func isLeaf(tag uint16) bool {
	switch tag {
	case tagUnspecifiedParameters, tagImportedUnit, tagBaseType, tagEnumerator, tagMember, tagInheritance, tagUnspecifiedType, tagNamelistItem,
		tagConst, tagVolatile, tagRestrict, tagAtomic, tagPointer, tagReference, tagRvalue, tagPointerMember, tagSubrange:
		return true
	}
	return false
}

// isAggregate says whether what is in a value of a type is in its children.
func isAggregate(tag uint16) bool {
	switch tag {
	case tagClass, tagInterface, tagStructure, tagUnion:
		return true
	}
	return false
}

// isPointer says whether a value of a type does not hold one of the type that it
// refers to.
func isPointer(tag uint16) bool {
	switch tag {
	case tagPointer, tagReference, tagRvalue, tagPointerMember, tagSubroutineType:
		return true
	}
	return false
}

// readBases reads, from a unit's first entry, where its part of the tables of strings,
// addresses and lists starts.
func (d *Debug) readBases(r cursor.Reader, u *unit) {
	a, ok := u.table.find(r.ULEB())
	if !ok {
		return
	}
	for _, s := range u.table.of(a) {
		attr, form := uint64(s.attr), uint64(s.form)
		if form == formIndirect || r.Short {
			return
		}
		v := u.readForm(&r, form)
		switch attr {
		case attrLanguage:
			u.language = language(v.number)
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
