// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package symfile

import (
	"bytes"

	"github.com/libjitdebug/libjitdebug/internal/elf"
	"github.com/libjitdebug/libjitdebug/internal/symfile/dwarf"
)

// The first eight bytes of the names of sections with debug information, as
// little-endian numbers.
const (
	startDebug    = 0x5f67756265642e   // ".debug_": seven, the eighth can be any
	startGNUDebug = 0x5f67756265647a2e // ".zdebug_"
	startFrame    = 0x6d6172665f68652e // ".eh_fram"
)

var (
	debugPrefix    = []byte(".debug_")
	gnuDebugPrefix = []byte(".zdebug_")
)

// nameStart is the first eight bytes of a section's name and what follows it, as a
// little-endian number; 0 if the table of names ends before.
func nameStart(names []byte, h *elf.Section64) uint64 {
	offset := uint64(h.Name)
	if offset >= uint64(len(names)) || len(names[offset:]) < 8 {
		return 0
	}
	return le.Uint64(names[offset:])
}

func isDebugStart(start uint64) bool {
	return start&(1<<56-1) == startDebug || start == startGNUDebug
}

// isDebug says whether the name of section i begins with .debug_ or .zdebug_.
func (f *file) isDebug(i uint64) bool {
	return isDebugStart(nameStart(f.Names, f.section(i)))
}

// isGNUCompressed says whether the name of section i begins with .zdebug_.
func (f *file) isGNUCompressed(i uint64) bool {
	return nameStart(f.Names, f.section(i)) == startGNUDebug
}

// noteDebug remembers what there is to check in section i, whose nameStart is start.
func (f *file) noteDebug(i, start uint64) {
	switch f.debugName(i) {
	case dwarf.None:
	case dwarf.Frame, dwarf.EHFrame:
		if f.frames == 0 {
			f.frames = i
		}
		f.lastFrames = i
	default:
		f.has |= hasDebug
	}
	if start == startGNUDebug {
		f.has |= hasCompressed
	}
}

// debugName says which of DWARF's sections section i is; None if it has no contents.
// A .zdebug_info is Info.
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
