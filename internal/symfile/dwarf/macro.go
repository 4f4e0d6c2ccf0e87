// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package dwarf

import (
	"github.com/libjitdebug/libjitdebug/internal/cursor"
	"github.com/libjitdebug/libjitdebug/internal/format"
)

// Operations of .debug_macro. The first four are .debug_macinfo's, too.
const (
	macroDefine     = 0x01
	macroUndef      = 0x02
	macroStartFile  = 0x03
	macroEndFile    = 0x04
	macroDefineStrp = 0x05
	macroUndefStrp  = 0x06
	macroImport     = 0x07
	macroDefineStrx = 0x0b
	macroUndefStrx  = 0x0c
	macinfoVendor   = 0xff // DW_MACINFO_vendor_ext
)

// Flags of a list's header.
const (
	macroOffsets64 = 1
	macroLines     = 2
	macroOperands  = 4
)

// A macroRole is how a list of macros is referred to.
type macroRole uint8

const (
	macrosOfUnit macroRole = iota
	macrosImported
)

// checkMacros checks the list at an offset of .debug_macro. One that is imported may not
// import: debuggers call themselves for that, and no compiler writes it.
func (d *Debug) checkMacros(u *unit, offset uint64, role macroRole) error {
	s := &d.macro
	if offset >= uint64(len(s.b)) {
		return format.Errorf("refers to .debug_macro %#x, which ends at %#x", offset, len(s.b))
	}
	for i := range s.read {
		if s.read[i] == nil {
			s.read[i] = make(bitset, len(s.b)/64+1)
		}
	}
	if s.read[role].has(offset) {
		return nil
	}
	s.read[role].add(offset)
	r := cursor.Reader{Bytes: s.b, At: int(offset)}
	version, flags := r.U16(), r.U8()
	if (version != 4 && version != 5 || flags > 7) && !r.Short {
		return format.Errorf("refers to .debug_macro %#x, where the version is %d and the flags %#x; debuggers read 4 and 5", offset, version, flags)
	}
	offsetSize := 4
	if flags&macroOffsets64 != 0 {
		offsetSize = 8
	}
	if flags&macroLines != 0 {
		r.Uint(offsetSize)
	}
	if flags&macroOperands != 0 {
		return format.Errorf("refers to .debug_macro %#x, where operations are described that debuggers do not know", offset)
	}
	files := 0
	for {
		at := r.At
		op := r.U8()
		var err error
		switch op {
		case 0:
			if r.Short {
				return format.Errorf("refers to .debug_macro %#x, a list that does not end in the section", offset)
			}
			return s.take(r.At-int(offset), ".debug_macro")
		case macroDefine, macroUndef:
			r.ULEB()
			r.String()
		case macroStartFile, macroEndFile:
			files, err = checkMacroFile(&r, op, files)
		case macroDefineStrp, macroUndefStrp:
			r.ULEB()
			err = inSection(r.Uint(offsetSize), &d.str, ".debug_str")
		case macroDefineStrx, macroUndefStrx:
			r.ULEB()
			err = d.checkStringIndex(u, r.ULEB())
		case macroImport:
			to := r.Uint(offsetSize)
			if role == macrosImported {
				err = format.Errorf("imports others, and is imported")
			} else if !r.Short {
				err = d.checkMacros(u, to, macrosImported)
			}
		default:
			err = format.Errorf("is %#x, which is unknown", op)
		}
		if err != nil && !r.Short {
			return format.Errorf("refers to .debug_macro %#x, where the operation at %#x %s", offset, at, err)
		}
	}
}

// checkMacinfo checks the list at an offset of .debug_macinfo.
func (d *Debug) checkMacinfo(offset uint64) error {
	s := &d.macinfo
	if offset >= uint64(len(s.b)) {
		return format.Errorf("refers to .debug_macinfo %#x, which ends at %#x", offset, len(s.b))
	}
	r := cursor.Reader{Bytes: s.b, At: int(offset)}
	files := 0
	for {
		at := r.At
		op := r.U8()
		var err error
		switch op {
		case 0:
			if r.Short {
				return format.Errorf("refers to .debug_macinfo %#x, a list that does not end in the section", offset)
			}
			return s.take(r.At-int(offset), ".debug_macinfo")
		case macroDefine, macroUndef, macinfoVendor:
			r.ULEB()
			r.String()
		case macroStartFile, macroEndFile:
			files, err = checkMacroFile(&r, op, files)
		default:
			err = format.Errorf("is %#x, which is unknown", op)
		}
		if err != nil && !r.Short {
			return format.Errorf("refers to .debug_macinfo %#x, where the operation at %#x %s", offset, at, err)
		}
	}
}

// checkMacroFile checks the beginning or the end of a file in so many others, and returns
// in how many what follows is.
func checkMacroFile(r *cursor.Reader, op byte, files int) (int, error) {
	if op == macroEndFile {
		return max(files-1, 0), nil
	}
	r.ULEB()
	r.ULEB()
	if files == mostNested {
		return files, format.Errorf("begins a file in %d others", files)
	}
	return files + 1, nil
}
