// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package symfile

import (
	"bytes"

	"github.com/libjitdebug/libjitdebug/internal/elf"
)

// noteOther remembers that section i, whose name starts with start, has to be looked at
// by checkOther: it is one that debuggers read, or its name is too short to tell.
func (f *file) noteOther(start uint64) {
	switch uint32(start) {
	case 0, startGNU, startCTF, startGDB, startStabs, startMdebug:
		f.has |= hasOther
	case startDebug & (1<<32 - 1):
		switch start >> 56 {
		case 'g', 'n', 's': // .debug_gdb_scripts, .debug_names, .debug_sfnames, .debug_srcinfo
			f.has |= hasOther
		}
	}
}

// How the names of such sections start, as little-endian numbers.
const (
	startGNU    = 0x756e672e // ".gnu"
	startCTF    = 0x6674632e // ".ctf"
	startGDB    = 0x6264672e // ".gdb"
	startStabs  = 0x6174732e // ".sta"
	startMdebug = 0x65646d2e // ".mde"
)

// checkOther checks sections that debuggers read, besides symbols and DWARF's own. Those
// that no image needs are refused rather than read: an index that saves no time in a
// small image, and formats older than DWARF or beside it. Debuggers trust what is in
// them.
func (f *file) checkOther() error {
	for i := uint64(1); i < f.count; i++ {
		if !f.hasContents(i) {
			continue
		}
		var why string
		switch name := f.sectionName(i); string(name) {
		case ".gdb_index", ".debug_names":
			why = "an index of the debug information, which gdb trusts"
		case ".ctf":
			why = "types in the format CTF, over which gdb aborts a command"
		case ".mdebug", ".debug_sfnames", ".debug_srcinfo":
			why = "debug information in a format that was before DWARF 2"
		case ".gnu_debugaltlink":
			if f.has&hasDebug != 0 { // what was stripped may have it still
				why = "the name of another file with debug information, without which gdb aborts a command"
			}
		case ".gnu_debugdata":
			why = "symbols that are compressed with LZMA"
		case ".gnu_debuglink":
			if err := f.checkDebugLink(i); err != nil {
				return err
			}
		case ".debug_gdb_scripts":
			if err := f.checkScripts(i); err != nil {
				return err
			}
		default:
			if bytes.HasPrefix(name, []byte(".stab")) {
				why = "debug information in the format stabs"
			}
		}
		if why != "" {
			return f.sectionErrorf(i, "it holds %s: remove it from the image (objcopy --remove-section)", why)
		}
	}
	return nil
}

// checkDebugLink checks a .gnu_debuglink: the name of a file with debug information, and
// a checksum at the next multiple of four bytes. lldb crashes over one without a NUL.
func (f *file) checkDebugLink(i uint64) error {
	c := f.contents(i)
	end := bytes.IndexByte(c, 0)
	if end <= 0 || (end+4)&^3+4 != len(c) {
		return f.sectionErrorf(i, "its %d bytes are not the name of a file, a NUL, and a checksum of 4 bytes", len(c))
	}
	return nil
}

// Kinds of entries in .debug_gdb_scripts that name a file, which gdb loads if its user
// lets it. The others are scripts themselves, which no image shall have gdb run.
const (
	scriptPython = 1 // SECTION_SCRIPT_ID_PYTHON_FILE
	scriptScheme = 3 // SECTION_SCRIPT_ID_SCHEME_FILE
)

func (f *file) checkScripts(i uint64) error {
	if f.section(i).Flags&elf.SHF_COMPRESSED != 0 {
		return f.sectionErrorf(i, "it is compressed, which gdb does not read")
	}
	for c := f.contents(i); len(c) > 0; {
		kind, end := c[0], bytes.IndexByte(c, 0)
		switch {
		case kind == 0: // padding between what was linked
			c = c[1:]
			continue
		case kind != scriptPython && kind != scriptScheme:
			return f.sectionErrorf(i, "it has a script of kind %d in itself, which gdb would run", kind)
		case end < 0:
			return f.sectionErrorf(i, "it does not end in a NUL")
		}
		c = c[end+1:]
	}
	return nil
}
