// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package dwarf

import (
	"cmp"
	"math/bits"
	"slices"

	"github.com/libjitdebug/libjitdebug/internal/cursor"
	"github.com/libjitdebug/libjitdebug/internal/format"
)

// A unitRange is what is known of a unit when its entries are read again.
type unitRange struct {
	encoding
	table     *abbrevTable
	part      int
	base      uint64 // of its part
	at, first uint64 // ids: of its header, its first entry
}

// A keptUnit is a unitRange as it is kept: units can be small, and many.
type keptUnit struct {
	table                         *abbrevTable
	at, first                     uint32
	part                          uint16
	version, offsetSize, addrSize uint8
}

// keep keeps what will be needed of a unit.
func (d *Debug) keep(u *unit) {
	d.units = append(d.units, keptUnit{u.table, uint32(u.id(u.at)), uint32(u.id(u.first)), uint16(u.part),
		uint8(u.version), uint8(u.offsetSize), uint8(u.addrSize)})
}

// A closing is where the children of an entry end, as ids.
type closing struct{ at, end uint32 }

// An imported is a DW_TAG_imported_unit: the first entries of the unit that has it and
// of the one that it imports, as ids.
type imported struct{ from, to uint32 }

// A signedType is the type of a type unit.
type signedType struct{ signature, id uint64 }

// CheckReferences checks to what entries refer, once all have been read. The error is
// about one of the sections that Check was given, by their order.
func (d *Debug) CheckReferences() (section int, err error) {
	if id, text := d.badTarget(); text != "" {
		section, offset := d.place(id)
		return section, format.Errorf("an entry refers to %#x, %s", offset, text)
	}
	slices.SortFunc(d.types, func(a, b signedType) int { return cmp.Compare(a.signature, b.signature) })
	// A defect of gdb's: where such a type should have been a class, it ends itself.
	for _, signature := range d.wanted {
		if d.signed(signature) == nowhere {
			return 0, format.Errorf("an entry refers to the type with signature %#x, which no type unit has", signature)
		}
	}
	g := graph{Debug: d}
	for g.way = range ways {
		if id, err := g.walk(); err != nil {
			section, offset := d.place(id)
			return section, format.Errorf("entry at %#x %s", offset, err)
		}
	}
	return 0, nil
}

// badTarget is the first id to which an attribute refers for nothing, and what is wrong
// with it, or "".
func (d *Debug) badTarget() (id uint64, text string) {
	e := &d.entries
	for i, referred := range e.referred {
		if bad := referred &^ e.starts[i]; bad != 0 {
			return uint64(i*64 + bits.TrailingZeros64(bad)), "where no entry starts"
		}
		if bad := referred & e.firsts[i]; bad != 0 {
			return uint64(i*64 + bits.TrailingZeros64(bad)), "a unit's own entry, which gdb finds in no unit"
		}
		if bad := e.called[i] & e.calling[i]; bad != 0 {
			return uint64(i*64 + bits.TrailingZeros64(bad)), "for its expression, and that one calls another one's: a debugger could go round for ever"
		}
	}
	for _, i := range d.imports {
		if !e.firsts.has(uint64(i.to)) {
			return uint64(i.to), "which it imports as a unit, but no unit's first entry is there"
		}
	}
	return 0, ""
}

// place is where the entry with an id is: in which section, at which offset.
func (d *Debug) place(id uint64) (section int, offset uint64) {
	section = len(d.parts) - 1
	for section > 0 && d.parts[section].base > id {
		section--
	}
	return section, id - d.parts[section].base
}

// signed is the id of the type with a signature.
func (d *Debug) signed(signature uint64) uint64 {
	i, ok := slices.BinarySearchFunc(d.types, signature, func(t signedType, s uint64) int { return cmp.Compare(t.signature, s) })
	if !ok {
		return nowhere
	}
	return d.types[i].id
}

// closing is where the children of an entry end.
func (d *Debug) closing(id uint64) uint64 {
	i, ok := slices.BinarySearchFunc(d.closings, uint32(id), func(c closing, at uint32) int { return cmp.Compare(c.at, at) })
	if !ok {
		return id
	}
	return uint64(d.closings[i].end)
}

// A graph is entries and what debuggers follow from one to the next. They follow a
// circle for ever, and call themselves at each step.
//
// Types of real programs go in circles by taking several ways, and on none alone.
type graph struct {
	*Debug
	way way

	before  []uint32 // how many nodes there are before each word of their set
	depth   []uint16 // of each node: 0 unknown, 1 on the path, or 2 and how many may follow
	path    []step
	pending []uint32 // where the steps on the path lead to
}

// A way is one that debuggers follow.
type way uint8

const (
	// From a type to what it is made from, and from an entry to what it stands for: from
	// a pointer to what it points to, from a function to what it returns. A class leads
	// to nothing, since debuggers read its members later.
	made way = iota

	// From a type to what its values hold: from a class to its members and bases. A
	// pointer leads to nothing.
	held

	// From a type to those by which it is called: from a function to what it takes and
	// returns. What has a name of its own, and a class, leads to nothing.
	called
	ways
)

// A step is an entry on the path.
type step struct {
	id      uint64
	pending int    // where its own begin
	depth   uint16 // of the deepest that it leads to
}

const (
	onPath   = 1
	atTheEnd = 2
)

// walk visits each node once. The error is about the entry with an id.
func (g *graph) walk() (id uint64, err error) {
	if g.before == nil {
		g.before = make([]uint32, len(g.entries.nodes))
		n := 0
		for i, word := range g.entries.nodes {
			g.before[i] = uint32(n)
			n += bits.OnesCount64(word)
		}
		g.depth = make([]uint16, n)
	}
	clear(g.depth)
	for i, word := range g.entries.nodes {
		for ; word != 0; word &= word - 1 {
			id := uint64(i*64 + bits.TrailingZeros64(word))
			if *g.depthOf(id) == 0 {
				if id, err := g.visit(id); err != nil {
					return id, err
				}
			}
		}
	}
	return 0, nil
}

// visit follows all that leads on from an entry.
func (g *graph) visit(id uint64) (uint64, error) {
	g.path, g.pending = g.path[:0], g.pending[:0]
	if err := g.enter(id); err != nil {
		return id, err
	}
	for len(g.path) > 0 {
		s := &g.path[len(g.path)-1]
		if len(g.pending) == s.pending {
			deep := s.depth + 1
			if deep > atTheEnd+mostNested {
				return s.id, format.Errorf("leads to others, and those to others, %d times: debuggers call themselves for each", mostNested)
			}
			*g.depthOf(s.id) = deep
			g.path = g.path[:len(g.path)-1]
			if len(g.path) > 0 {
				above := &g.path[len(g.path)-1]
				above.depth = max(above.depth, deep)
			}
			continue
		}
		to := uint64(g.pending[len(g.pending)-1])
		g.pending = g.pending[:len(g.pending)-1]
		if !g.entries.nodes.has(to) {
			s.depth = max(s.depth, atTheEnd)
			continue
		}
		switch depth := *g.depthOf(to); {
		case depth == onPath:
			_, offset := g.place(to)
			return s.id, format.Errorf("leads by way of others back to %#x: debuggers follow it for ever", offset)
		case depth != 0:
			s.depth = max(s.depth, depth)
		case len(g.path) > mostNested:
			return s.id, format.Errorf("is led to by others, and those by others, %d times: debuggers call themselves for each", mostNested)
		default:
			if err := g.enter(to); err != nil {
				return to, err
			}
		}
	}
	return 0, nil
}

// depthOf is where the depth of a node is.
func (g *graph) depthOf(id uint64) *uint16 {
	below := g.entries.nodes[id/64] & (1<<(id%64) - 1)
	return &g.depth[int(g.before[id/64])+bits.OnesCount64(below)]
}

// enter puts an entry on the path, and what it leads to on what is pending.
func (g *graph) enter(id uint64) error {
	*g.depthOf(id) = onPath
	g.path = append(g.path, step{id, len(g.pending), atTheEnd - 1})
	u := g.unitOf(id)
	r := cursor.Reader{Bytes: g.parts[u.part].bytes, At: int(id - u.base)}
	a, _ := u.table.find(r.ULEB())
	if id == u.first {
		n, _ := slices.BinarySearchFunc(g.imports, id, func(i imported, id uint64) int { return cmp.Compare(uint64(i.from), id) })
		for ; n < len(g.imports) && uint64(g.imports[n].from) == id && g.way == made; n++ {
			g.pending = append(g.pending, g.imports[n].to)
		}
		return nil
	}
	if g.way == held && isPointer(a.tag) || g.way == called && (isAggregate(a.tag) || a.named || !isType(a.tag)) {
		return nil
	}
	if err := g.attributes(&r, &u, a, id, g.way == made); err != nil {
		return err
	}
	if a.children && (g.way == held && isAggregate(a.tag) || g.way == made && a.tag == tagArray || g.way == called && a.tag == tagSubroutineType) {
		return g.children(&r, &u, a.tag)
	}
	return nil
}

// children puts what the children of an entry lead to on what is pending.
func (g *graph) children(r *cursor.Reader, u *unitRange, tag uint16) error {
	for depth := 0; ; {
		at := u.base + uint64(r.At)
		code := r.ULEB()
		if code == 0 {
			if depth == 0 {
				return nil
			}
			depth--
			continue
		}
		a, _ := u.table.find(code)
		switch {
		case a.tag == tagVariantPart || a.tag == tagVariant:
			g.skip(r, u, a)
			if a.children {
				depth++
			}
			continue
		case tag == tagArray || tag == tagSubroutineType, a.tag == tagInheritance, a.tag == tagMember && !a.declaration && !a.external:
			if err := g.attributes(r, u, a, at, false); err != nil {
				return err
			}
		default:
			g.skip(r, u, a)
		}
		if a.children {
			r.At = int(g.closing(at) - u.base)
		}
	}
}

// skip leaves out the attributes of an entry.
func (g *graph) skip(r *cursor.Reader, u *unitRange, a abbrev) {
	for _, s := range u.table.of(a) {
		form := uint64(s.form)
		if form == formIndirect {
			form = r.ULEB()
		}
		u.readForm(r, form)
	}
}

// attributes puts what an entry's attributes lead to on what is pending: all of them, or
// those of its type.
func (g *graph) attributes(r *cursor.Reader, u *unitRange, a abbrev, id uint64, all bool) error {
	for _, s := range u.table.of(a) {
		attr, form := uint64(s.attr), uint64(s.form)
		if form == formIndirect {
			form = r.ULEB()
		}
		v := u.readForm(r, form)
		if !isReference(form) {
			continue
		}
		to := g.to(u, v)
		if to == nowhere {
			continue
		}
		if attr < attrLowestUser {
			if err := g.checkKind(attr, a.tag, id, to); err != nil {
				return format.Errorf("attribute %#x: %s", attr, err)
			}
		}
		if follows(attr, a.tag, all) {
			g.pending = append(g.pending, uint32(to))
		}
	}
	return nil
}

// follows says whether debuggers follow an attribute of an entry.
func follows(attr uint64, tag uint16, all bool) bool {
	switch attr {
	case attrType, attrSpecification, attrAbstractOrigin, attrExtension, attrSignature:
		return true
	case attrContainingType: // of a class it is where the table of virtual functions is from: often itself
		return all && tag == tagPointerMember
	case attrSibling, attrImport:
		return all && attr == attrImport && tag != tagImportedUnit
	}
	return all && attr != 0 && attr < attrLowestUser
}

// checkKind checks that a type is one, that DW_AT_containing_type and the type of a base
// are classes, and that of a subrange one with a size. A defect of gdb's: where they are
// not, internal_type_vptr_fieldno and create_range_type end it with an internal error.
func (g *graph) checkKind(attr uint64, tag uint16, id, to uint64) error {
	first := g.abbrevOf(to)
	_, offset := g.place(to)
	switch {
	case attr == attrAbstractOrigin || attr == attrSpecification || attr == attrExtension:
		if !alike(attr, tag, first.tag) {
			return format.Errorf("refers to %#x, an entry with another tag, %#x", offset, first.tag)
		}
	case attr == attrNamelistItem:
		if first.tag != tagVariable && first.tag != tagParameter || first.private {
			return format.Errorf("refers to %#x, which is no variable of a user's", offset)
		}
	case attr == attrType && !isType(first.tag):
		return format.Errorf("refers to %#x, an entry with tag %#x, which is no type", offset, first.tag)
	case attr == attrContainingType || attr == attrType && tag == tagInheritance:
		if !isClass(first.tag) {
			return format.Errorf("refers to %#x, an entry with tag %#x, which is no class", offset, first.tag)
		}
		if _, last := g.behind(to); tag == tagInheritance && !isAggregate(last) {
			return format.Errorf("refers to %#x, another name of what is no class", offset)
		}
	case attr == attrType && tag == tagMember && g.entries.bits.has(id):
		// A defect of lldb's: it asks no type of its own how many bits it has.
		if last, _ := g.behind(to); !g.entries.integers.has(last) {
			return format.Errorf("refers to %#x, for so many bits of which there is no number of the machine's", offset)
		}
	case attr == attrType && g.entries.pointers.has(id):
		if _, last := g.behind(to); last != tagPointer {
			return format.Errorf("refers to %#x, which is no pointer, and gdb takes it for one", offset)
		}
	case attr == attrType && tag == tagSubrange:
		id, last := g.behind(to)
		if !isIndex(last) {
			return format.Errorf("refers to %#x, which is no type of an index", offset)
		}
		if g.entries.sizeless.has(id) {
			return format.Errorf("refers to %#x, a type without a size", offset)
		}
	}
	return nil
}

// alike says whether an entry can be another description of what another one describes,
// by their tags. A defect of gdb's: it reads the children of the one as if they were the
// other's.
func alike(attr uint64, tag, other uint16) bool {
	switch tag {
	case other:
		return true
	case tagInlined, tagCallSite, tagGNUCallSite, tagEntryPoint:
		return attr == attrAbstractOrigin && other == tagSubprogram
	case tagClass, tagStructure, tagInterface:
		return other == tagClass || other == tagStructure || other == tagInterface
	case tagVariable:
		return other == tagMember || other == tagParameter
	case tagParameter, tagCallSiteParameter, tagGNUCallSiteParameter:
		return other == tagVariable || other == tagParameter
	}
	return tag >= 0x4080 // a vendor's
}

// isIndex says whether gdb makes an index of a type, or of none: void.
func isIndex(tag uint16) bool {
	switch tag {
	case tagBaseType, tagEnumeration, tagSubrange, tagPointer, 0:
		return true
	}
	return false
}

// mostNames is how many other names a type may have where its kind matters.
const mostNames = 16

// behind is the type behind other names of it, and its tag: 0 for none. Where there are
// too many names, it is one of them.
func (g *graph) behind(id uint64) (uint64, uint16) {
	tag := uint16(0)
	for range mostNames {
		u := g.unitOf(id)
		r := cursor.Reader{Bytes: g.parts[u.part].bytes, At: int(id - u.base)}
		a, _ := u.table.find(r.ULEB())
		if tag = a.tag; !isName(tag) {
			break
		}
		next := uint64(nowhere)
		for _, s := range u.table.of(a) {
			form := uint64(s.form)
			if form == formIndirect {
				form = r.ULEB()
			}
			if v := u.readForm(&r, form); s.attr == attrType && isReference(form) {
				next = g.to(&u, v)
				break
			}
		}
		if next == nowhere {
			return id, 0
		}
		id = next
	}
	return id, tag
}

// isName says whether a type is but another name of one, or the same with a qualifier.
func isName(tag uint16) bool {
	switch tag {
	case tagTypedef, tagTemplateAlias, tagConst, tagVolatile, tagRestrict, tagAtomic:
		return true
	}
	return false
}

// to is the id of the entry that a value refers to, or nowhere: the image may have
// changed since its entries were checked.
func (g *graph) to(u *unitRange, v value) uint64 {
	to := u.at + v.number
	switch v.form {
	case formRefSig8:
		to = g.signed(v.number)
	case formRefAddr:
		to = u.base + v.number
	}
	if !g.entries.starts.has(to) {
		return nowhere
	}
	return to
}

// abbrevOf is the abbreviation of an entry.
func (g *graph) abbrevOf(id uint64) abbrev {
	u := g.unitOf(id)
	r := cursor.Reader{Bytes: g.parts[u.part].bytes, At: int(id - u.base)}
	a, _ := u.table.find(r.ULEB())
	return a
}

// unitOf is the unit with an entry.
func (d *Debug) unitOf(id uint64) unitRange {
	i, ok := slices.BinarySearchFunc(d.units, id, func(u keptUnit, id uint64) int { return cmp.Compare(uint64(u.first), id) })
	if !ok {
		i--
	}
	u := &d.units[i]
	return unitRange{encoding{uint16(u.version), int(u.offsetSize), int(u.addrSize)}, u.table, int(u.part),
		d.parts[u.part].base, uint64(u.at), uint64(u.first)}
}
