// Package dwarf says whether a debugger can read debug information: DWARF 2 to 5,
// but for call frame information.
package dwarf

// A Section is one of DWARF's, by what it is looked into for.
type Section uint8

const (
	None  Section = iota // not DWARF's
	Other                // DWARF's, but not looked into
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

// SectionOf is the section with a name, without its .debug_.
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
// a debugger sees them. First those are added to which units refer, and then the
// others checked: Info and Types, the signatures, Aranges.
type Debug struct {
	abbrev, str, lineStr, line, strOffsets, addr, rnglists, loclists, loc section

	abbrevs abbrevTable // the one that was used last
	entries places      // in .debug_info, the last one if there are several
	units   bitset      // where its units start

	signatures []uint64 // of the type units
	wanted     []uint64 // of types that entries refer to
	partial    bool     // not all sections could be looked into

	steps int // how much further to look
}

// A section is one of those that units refer to.
type section struct {
	b      []byte
	exists bool
	opaque bool // exists, but its contents are not known
}

// Wants says whether units refer to a section: it is to be added.
func (d *Debug) Wants(s Section) bool { return d.shared(s) != nil }

// Add adds a section that units refer to. known says whether its contents are.
func (d *Debug) Add(s Section, b []byte, known bool) {
	*d.shared(s) = section{b, true, !known}
	// What units share is looked at for each, which a malicious image could
	// drive to the square of its size: then the rest goes unseen.
	d.steps += 16 * len(b)
}

// Check checks a section that refers to others.
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

// shared is where a section is kept that units refer to, or nil.
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

// places are sets of places in .debug_info: where entries start, where a list
// of siblings ends, and what is referred to as an entry and as a sibling.
type places struct {
	starts, ends, referred, siblings bitset
}

func newPlaces(size int) places {
	n := size/64 + 1
	b := make(bitset, 4*n)
	return places{b[:n], b[n : 2*n], b[2*n : 3*n], b[3*n:]}
}

// A bitset is a set of offsets in a section.
type bitset []uint64

func (b bitset) add(at uint64) {
	if at/64 < uint64(len(b)) {
		b[at/64] |= 1 << (at % 64)
	}
}

func (b bitset) has(at uint64) bool {
	return at/64 < uint64(len(b)) && b[at/64]>>(at%64)&1 != 0
}
