package symfile

import "slices"

// A debug is the debug information of an image that is being checked: the
// sections as a debugger sees them.
type debug struct {
	f     *file
	names []debugName // of the sections, by index

	abbrev, str, lineStr, line, strOffsets, addr, rnglists, loclists, loc debugSection

	abbrevs abbrevTable // the one that was used last
	entries places      // in .debug_info, the last one if there are several
	units   bitset      // where its units start

	signatures []uint64 // of the type units
	wanted     []uint64 // of types that entries refer to
	partial    bool     // not all sections could be looked into

	steps int // how much further to look
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
	d := debug{f: &f, names: make([]debugName, f.sections)}
	var total uint64
	for i := uint64(1); i < f.sections; i++ {
		d.names[i] = f.debugName(i)
		s := d.sectionFor(d.names[i])
		if s == nil {
			continue
		}
		b, ok, err := f.load(i)
		if err != nil {
			return err
		}
		*s = debugSection{b, true, !ok}
		total += uint64(len(b))
	}
	// What units share is looked at for each, which a malicious image could
	// drive to the square of its size: then the rest goes unseen.
	d.steps = 16 * int(total)
	if err := d.checkEach(debugInfo, debugTypes); err != nil {
		return err
	}
	if err := d.checkSignatures(); err != nil {
		return err
	}
	return d.checkEach(debugAranges)
}

// checkEach checks the sections with these names.
func (d *debug) checkEach(names ...debugName) error {
	for i, name := range d.names {
		if !slices.Contains(names, name) {
			continue
		}
		i := uint64(i)
		b, ok, err := d.f.load(i)
		if err != nil {
			return err
		}
		if !ok {
			d.partial = true
			continue
		}
		d.steps += 1<<12 + 16*len(b)
		switch name {
		case debugInfo:
			err = d.checkUnits(b)
		case debugTypes:
			err = d.checkTypeUnits(b)
		case debugAranges:
			err = d.checkAddressRanges(b)
		}
		if err != nil {
			return d.f.sectionError(i, "%s", err)
		}
	}
	return nil
}

// sectionFor is where a section is kept that others refer to.
func (d *debug) sectionFor(name debugName) *debugSection {
	switch name {
	case debugAbbrev:
		return &d.abbrev
	case debugStr:
		return &d.str
	case debugLineStr:
		return &d.lineStr
	case debugLine:
		return &d.line
	case debugStrOffsets:
		return &d.strOffsets
	case debugAddr:
		return &d.addr
	case debugRnglists:
		return &d.rnglists
	case debugLoclists:
		return &d.loclists
	case debugLoc:
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
