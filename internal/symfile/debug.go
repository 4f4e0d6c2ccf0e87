package symfile

import (
	"bytes"
	"slices"
)

// A debug is the debug information of an image that is being checked: the
// sections as a debugger sees them, relocated. Compressed ones are not known.
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
	d := debug{f: &f}
	var total uint64
	for i := uint64(1); i < f.sections; i++ {
		if f.section(i).addr() != 0 {
			d.placed = true
		}
		// gdb ends itself over line numbers of code that is not loaded.
		if flags := f.section(i).flags(); flags&(flagAlloc|flagExec) == flagExec && f.hasContents(i) {
			return f.sectionError(i, "sh_flags is %#x: code with debug information that is not SHF_ALLOC", flags)
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
		s := d.sectionFor(d.name(i))
		if s == nil {
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
	if err := d.checkEach(".debug_info", ".debug_types"); err != nil {
		return err
	}
	if err := d.checkSignatures(); err != nil {
		return err
	}
	return d.checkEach(".debug_aranges", ".debug_frame", ".eh_frame")
}

// checkEach checks the sections with these names.
func (d *debug) checkEach(names ...string) error {
	f := d.f
	for i := uint64(1); i < f.sections; i++ {
		name := d.name(i)
		if name == "" || !slices.Contains(names, name) {
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
		switch name {
		case ".debug_info":
			err = d.checkUnits(b)
		case ".debug_types":
			err = d.checkTypeUnits(b)
		case ".debug_aranges":
			err = d.checkAddressRanges(b)
		case ".debug_frame":
			err = d.checkFrameEntries(b, false)
		case ".eh_frame":
			err = d.checkFrameEntries(b, true)
		}
		if err != nil {
			return errorf("section %d%s: %s", i, quoted(f.sectionName(i)), err)
		}
	}
	return nil
}

// How the names of DWARF sections start, and those of compressed ones without
// a flag that says so.
var (
	debugPrefix   = []byte(".debug_")
	gnuCompressed = []byte(".zdebug_")
)

// isDebugName says whether a name is that of a section of DWARF's.
func isDebugName(name []byte) bool {
	return bytes.HasPrefix(name, debugPrefix) || bytes.HasPrefix(name, gnuCompressed)
}

// name is the name of a section that is looked into, or "". Of compressed ones
// it is that of the uncompressed section.
func (d *debug) name(i uint64) string {
	if !d.f.hasContents(i) {
		return ""
	}
	name := d.f.sectionName(i)
	if bytes.HasPrefix(name, gnuCompressed) {
		name = name[len(gnuCompressed):]
	} else if bytes.HasPrefix(name, debugPrefix) {
		name = name[len(debugPrefix):]
	} else if string(name) == ".eh_frame" {
		return ".eh_frame"
	}
	switch string(name) {
	case "abbrev":
		return ".debug_abbrev"
	case "addr":
		return ".debug_addr"
	case "aranges":
		return ".debug_aranges"
	case "frame":
		return ".debug_frame"
	case "info":
		return ".debug_info"
	case "line":
		return ".debug_line"
	case "line_str":
		return ".debug_line_str"
	case "loc":
		return ".debug_loc"
	case "loclists":
		return ".debug_loclists"
	case "rnglists":
		return ".debug_rnglists"
	case "str":
		return ".debug_str"
	case "str_offsets":
		return ".debug_str_offsets"
	case "types":
		return ".debug_types"
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

// load is a section as a debugger sees it; ok is false if that is not known.
func (d *debug) load(i uint64) (b []byte, ok bool, err error) {
	if d.f.section(i).flags()&flagCompressed != 0 || bytes.HasPrefix(d.f.sectionName(i), gnuCompressed) {
		return nil, false, nil
	}
	b = d.f.contents(i)
	if d.relocate != nil && d.relocate[i] != 0 {
		return d.relocated(i, d.relocate[i], b)
	}
	return b, true, nil
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
