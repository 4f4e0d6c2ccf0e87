package symfile

import (
	"bytes"
	"fmt"
)

// A debug is the debug information of an image that is being checked: the
// sections as a debugger sees them, uncompressed and relocated.
type debug struct {
	f        *file
	relocate []uint64 // for each section, the index of its relocations or 0
	placed   bool     // there are sh_addr: where there are none, gdb makes some up

	abbrev, str, lineStr, line, strOffsets, addr, rnglists, loclists, loc debugSection

	abbrevs abbrevTable // the one that was used last
	entries places      // in .debug_info, the last one if there are several
	units   bitset      // where its units start

	signatures []uint64 // of the type units
	wanted     []uint64 // of types that entries refer to
	partial    bool     // not all sections could be looked into

	inflate uint64 // bytes that had to be inflated
	steps   int    // how much further to look
}

// A debugSection is one of the sections that units refer to.
type debugSection struct {
	b      []byte
	exists bool
	opaque bool // exists, but its contents are not known
}

// checkDebug checks the debug information, as far as a debugger would complain
// about it.
func checkDebug(f file) error {
	d := &debug{f: &f}
	var total uint64
	for i := uint64(1); i < f.sections; i++ {
		if f.section(i).addr() != 0 {
			d.placed = true
		}
		if t := f.section(i).typ(); t == sectionRela || t == sectionRel {
			if f.typ != typeRel {
				continue
			}
			if d.relocate == nil {
				d.relocate = make([]uint64, f.sections)
			}
			d.relocate[uint64(f.section(i).info())%f.sections] = i
		}
	}
	for i := uint64(1); i < f.sections; i++ {
		s := d.sectionFor(f.debugName(i))
		if s == nil || f.section(i).typ() == sectionNoBits {
			continue
		}
		b, ok, err := d.load(i)
		if err != nil {
			return err
		}
		*s = debugSection{b, true, !ok}
		total += uint64(len(b))
	}
	// What units share is looked at for each, which a malicious image could
	// drive to the square of its size: then the rest goes unseen.
	d.steps = 16 * int(total)
	if err := d.checkEach(checkUnitsOf); err != nil {
		return err
	}
	if err := d.checkSignatures(); err != nil {
		return err
	}
	return d.checkEach(checkTablesOf)
}

// checkEach runs the checks that are there for the sections' names.
func (d *debug) checkEach(checkFor func(name string) func(*debug, []byte) error) error {
	f := d.f
	for i := uint64(1); i < f.sections; i++ {
		check := checkFor(f.debugName(i))
		if check == nil || f.section(i).typ() == sectionNoBits {
			continue
		}
		b, ok, err := d.load(i)
		if err != nil {
			return err
		}
		if !ok {
			d.partial = true
			continue
		}
		d.steps += 1<<12 + 16*len(b)
		if err := check(d, b); err != nil {
			return fmt.Errorf("section %d%s: %w", i, quoted(f.sectionName(i)), err)
		}
	}
	return nil
}

// isDebugName says whether a name is that of a section of DWARF's.
func isDebugName(name []byte) bool {
	return bytes.HasPrefix(name, []byte(".debug_")) || bytes.HasPrefix(name, gnuCompressed)
}

// debugName is a section's name if that is one of debug information, less
// what says that it is compressed.
func (f *file) debugName(i uint64) string {
	name := string(f.sectionName(i))
	switch {
	case len(name) > 8 && name[:8] == ".zdebug_":
		return ".debug_" + name[8:]
	case len(name) > 7 && name[:7] == ".debug_", name == ".eh_frame":
		return name
	}
	return ""
}

// sectionFor is where a section is kept that others refer to.
func (d *debug) sectionFor(name string) *debugSection {
	switch name {
	case ".debug_abbrev":
		return &d.abbrev
	case ".debug_str":
		return &d.str
	case ".debug_line_str":
		return &d.lineStr
	case ".debug_line":
		return &d.line
	case ".debug_str_offsets":
		return &d.strOffsets
	case ".debug_addr":
		return &d.addr
	case ".debug_rnglists":
		return &d.rnglists
	case ".debug_loclists":
		return &d.loclists
	case ".debug_loc":
		return &d.loc
	}
	return nil
}

// checkUnitsOf is the check for a section that holds units.
func checkUnitsOf(name string) func(*debug, []byte) error {
	switch name {
	case ".debug_info":
		return (*debug).checkUnits
	case ".debug_types":
		return (*debug).checkTypeUnits
	}
	return nil
}

// checkTablesOf is the check for another section that a debugger reads by itself.
func checkTablesOf(name string) func(*debug, []byte) error {
	switch name {
	case ".debug_aranges":
		return (*debug).checkAddressRanges
	case ".debug_frame":
		return (*debug).checkFrames
	case ".eh_frame":
		return (*debug).checkExceptionFrames
	}
	return nil
}

// load is a section as a debugger sees it; ok is false if that is not known.
func (d *debug) load(i uint64) (b []byte, ok bool, err error) {
	b, ok, err = d.inflated(i)
	if ok && d.relocate != nil && d.relocate[i] != 0 {
		b, ok, err = d.relocated(i, d.relocate[i], b)
	}
	return b, ok, err
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
