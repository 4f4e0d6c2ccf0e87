// Package dwarf says whether a debugger can read debug information: DWARF 2 to 5,
// without call frame information, which is package cfi's.
package dwarf

// A Section is a kind of section, by its name.
type Section uint8

const (
	None  Section = iota // not DWARF's
	Other                // DWARF's, but nothing checks it
	Abbrev
	Addr
	Aranges
	Frame
	Info
	Line
	LineStr
	Loc
	Loclists
	Rnglists
	Str
	StrOffsets
	Types
	EHFrame
)

// SectionOf is the section with a name, which is given without .debug_ in front.
func SectionOf(name []byte) Section {
	switch string(name) {
	case "abbrev":
		return Abbrev
	case "addr":
		return Addr
	case "aranges":
		return Aranges
	case "frame":
		return Frame
	case "info":
		return Info
	case "line":
		return Line
	case "line_str":
		return LineStr
	case "loc":
		return Loc
	case "loclists":
		return Loclists
	case "rnglists":
		return Rnglists
	case "str":
		return Str
	case "str_offsets":
		return StrOffsets
	case "types":
		return Types
	}
	return Other
}

// Debug is the debug information of an image that is being checked: its sections as
// a debugger sees them, relocated. First Add takes all sections that Wants; then Check
// gets Info and Types, CheckSignatures follows, and Check gets Aranges.
type Debug struct {
	abbrev, str, lineStr, line, strOffsets, addr, rnglists, loclists, loc section

	abbrevs abbrevTable // the one that was read last
	entries entries     // of .debug_info; of the last one if there are several
	units   bitset      // where the units of .debug_info start

	signatures []uint64 // of the type units
	wanted     []uint64 // signatures that entries refer to
	partial    bool     // the contents of a .debug_info or .debug_types are not known

	// steps is how much more is read. What units share is read for each of them, so
	// an image can be built for which a full check takes time by the square of its
	// size. When the steps are used up, the rest of the image is not checked.
	steps int
}

// A section is one to which units refer.
type section struct {
	b      []byte
	exists bool
	opaque bool // its contents are not known: it is compressed
}

// Wants says whether units refer to a section of this kind, so that Add must get it.
func (d *Debug) Wants(s Section) bool { return d.shared(s) != nil }

// Add adds a section to which units refer; known is false where its contents are not
// known.
func (d *Debug) Add(s Section, b []byte, known bool) {
	*d.shared(s) = section{b, true, !known}
	d.steps += 16 * len(b)
}

// Check checks a section that refers to others; known is as for Add.
func (d *Debug) Check(s Section, b []byte, known bool) error {
	if !known {
		d.partial = true
		return nil
	}
	d.steps += 1<<12 + 16*len(b)
	switch s {
	case Info:
		return d.checkUnits(b)
	case Types:
		return d.checkTypeUnits(b)
	case Aranges:
		return d.checkAddressRanges(b)
	}
	return nil
}

// shared is where a section is kept to which units refer; nil for other sections.
func (d *Debug) shared(s Section) *section {
	switch s {
	case Abbrev:
		return &d.abbrev
	case Str:
		return &d.str
	case LineStr:
		return &d.lineStr
	case Line:
		return &d.line
	case StrOffsets:
		return &d.strOffsets
	case Addr:
		return &d.addr
	case Rnglists:
		return &d.rnglists
	case Loclists:
		return &d.loclists
	case Loc:
		return &d.loc
	}
	return nil
}

// entries are the debugging information entries of a section, as sets of offsets:
// where an entry starts, where a list of children ends, to what an attribute refers as
// an entry, and to what a DW_AT_sibling refers.
type entries struct {
	starts, ends, referred, siblings bitset
}

func newEntries(size int) entries {
	n := size/64 + 1
	b := make(bitset, 4*n)
	return entries{b[:n], b[n : 2*n], b[2*n : 3*n], b[3*n:]}
}

// A bitset is a set of offsets in a section.
type bitset []uint64

func (b bitset) add(offset uint64) {
	if offset/64 < uint64(len(b)) {
		b[offset/64] |= 1 << (offset % 64)
	}
}

func (b bitset) has(offset uint64) bool {
	return offset/64 < uint64(len(b)) && b[offset/64]>>(offset%64)&1 != 0
}
