package symfile

import (
	"bytes"

	"github.com/libjitdebug/libjitdebug/internal/elf"
	"github.com/libjitdebug/libjitdebug/internal/symfile/dwarf"
)

// How the names of such sections start, as little-endian numbers: those of
// DWARF's, of DWARF's that are compressed without a flag that says so, and
// .eh_frame.
const (
	startDebug    = 0x5f67756265642e   // ".debug_", and one byte of any value
	startGNUDebug = 0x5f67756265647a2e // ".zdebug_"
	startFrame    = 0x6d6172665f68652e // ".eh_fram"
)

var (
	debugPrefix    = []byte(".debug_")
	gnuDebugPrefix = []byte(".zdebug_")
)

// nameStart is how the name of a section starts, 0 if the names end there.
func nameStart(names []byte, h *elf.Section64) uint64 {
	at := uint64(h.Name)
	if at >= uint64(len(names)) || len(names[at:]) < 8 {
		return 0
	}
	return le.Uint64(names[at:])
}

func isDebugStart(start uint64) bool {
	return start&(1<<56-1) == startDebug || start == startGNUDebug
}

// isDebug says whether section i has a name of DWARF's.
func (f *file) isDebug(i uint64) bool {
	return isDebugStart(nameStart(f.Names, f.section(i)))
}

// isGNUCompressed says whether section i has the name of a compressed one.
func (f *file) isGNUCompressed(i uint64) bool {
	return nameStart(f.Names, f.section(i)) == startGNUDebug
}

// noteDebug remembers what to check because of section i, whose name starts with start.
func (f *file) noteDebug(i, start uint64) {
	switch f.debugName(i) {
	case dwarf.None:
	case dwarf.Frame, dwarf.EHFrame:
		if f.frames == 0 {
			f.frames = i
		}
	default:
		f.has |= hasDebug
	}
	if start == startGNUDebug {
		f.has |= hasCompressed
	}
}

// debugName is the name of section i, if it has contents. Of a compressed one it
// is that of the uncompressed section.
func (f *file) debugName(i uint64) dwarf.Section {
	start := nameStart(f.Names, f.section(i))
	if !isDebugStart(start) && start != startFrame || !f.hasContents(i) {
		return dwarf.None
	}
	name := f.sectionName(i)
	if rest, ok := bytes.CutPrefix(name, debugPrefix); ok {
		name = rest
	} else if rest, ok := bytes.CutPrefix(name, gnuDebugPrefix); ok {
		name = rest
	} else if string(name) == ".eh_frame" {
		return dwarf.EHFrame
	} else {
		return dwarf.None
	}
	return dwarf.SectionOf(name)
}
