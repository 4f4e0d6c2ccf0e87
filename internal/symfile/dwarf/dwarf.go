// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Package dwarf says whether a debugger can read debug information: DWARF 2 to 5,
// without call frame information, which is package cfi's.
package dwarf

import (
	"slices"

	"github.com/libjitdebug/libjitdebug/internal/cursor"
	"github.com/libjitdebug/libjitdebug/internal/format"
)

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
	Macinfo
	Macro
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
	case "macinfo":
		return Macinfo
	case "macro":
		return Macro
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
// gets Info and Types, CheckReferences follows, and Check gets Aranges.
type Debug struct {
	abbrev, str, lineStr, line, strOffsets, addr, rnglists, loclists, loc, macro, macinfo section

	abbrevs     map[uint64]*abbrevTable // by their offsets
	abbrevsRead int                     // bytes of .debug_abbrev
	lines       map[uint64]lineContext  // the line programs that have been checked, by their offsets

	parts    []part
	units    []keptUnit // in the order of their entries' ids
	entries  entries
	closings []closing // in the order of the entries' ids
	imports  []imported
	types    []signedType
	wanted   []uint64 // signatures that entries refer to

	parents []parent // used anew for each unit
}

// A section is one to which units refer.
type section struct {
	b      []byte
	exists bool
	left   int       // how many bytes more of it are read
	read   [2]bitset // of .debug_macro: which lists have been, by how they are referred to
}

// reads is how often a section is read, at the most, by the lists or line programs in
// it to which units refer: each of those is read for each reference.
const reads = 16

// take takes bytes from what may be read of a section.
func (s *section) take(bytes int, name string) error {
	if s.left -= bytes; s.left < 0 {
		return format.Errorf("refers to %s, to which so much refers that it would be read %d times", name, reads)
	}
	return nil
}

// Wants says whether units refer to a section of this kind, so that Add must get it.
func (d *Debug) Wants(s Section) bool { return d.shared(s) != nil }

// Add adds a section to which units refer.
func (d *Debug) Add(s Section, b []byte) {
	*d.shared(s) = section{b: b, exists: true, left: 1<<12 + reads*len(b)}
}

// Check checks a section that refers to others.
func (d *Debug) Check(s Section, b []byte) error {
	if s == Aranges {
		return d.checkAddressRanges(b)
	}
	d.addPart(b)
	return d.checkUnits(b, s == Types)
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
	case Macinfo:
		return &d.macinfo
	case Macro:
		return &d.macro
	}
	return nil
}

// A part is a .debug_info or .debug_types. What is in it has an id: its offset and
// that of the part among all.
type part struct {
	bytes []byte
	base  uint64
}

// addPart makes room for what is known of the entries of a section.
func (d *Debug) addPart(b []byte) {
	base := 64 * uint64(len(d.entries.starts))
	d.parts = append(d.parts, part{b, base})
	d.entries.grow(len(b)/64 + 1)
	units := 0
	for r := (cursor.Reader{Bytes: b}); r.Left() > 0; units++ {
		length, _ := r.Length()
		r.Skip(length)
	}
	d.units = slices.Grow(d.units, units)
}

// entries are the debugging information entries of all parts, as sets of ids.
type entries struct {
	units    bitset // where a unit's header starts
	starts   bitset // where an entry starts
	firsts   bitset // where the first one of a unit does
	referred bitset // to what an attribute refers as an entry
	nodes    bitset // entries that may lead to others
	sizeless bitset // base types and enumerations that have no size
	integers bitset // base types and enumerations that are numbers of a machine's size
	bits     bitset // members of so many bits
	pointers bitset // what gdb takes for pointers, without a look
	calling  bitset // entries with an expression that calls another entry's
	called   bitset // the entries that are called
}

func (e *entries) grow(words int) {
	for _, b := range []*bitset{&e.units, &e.starts, &e.firsts, &e.referred, &e.nodes, &e.sizeless, &e.integers, &e.bits, &e.pointers, &e.calling, &e.called} {
		*b = append(*b, make(bitset, words)...)
	}
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
