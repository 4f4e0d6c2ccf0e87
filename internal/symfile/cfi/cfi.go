// Package cfi says whether a debugger can read call frame information: .debug_frame,
// .eh_frame, and the instructions in them.
package cfi

import (
	"github.com/libjitdebug/libjitdebug/internal/cursor"
	"github.com/libjitdebug/libjitdebug/internal/format"
)

// Pointer encodings of .eh_frame.
const (
	encodingAbsolute = 0x00 // DW_EH_PE_absptr
	encodingULEB     = 0x01
	encodingU2       = 0x02
	encodingU4       = 0x03
	encodingU8       = 0x04
	encodingSigned   = 0x08
	encodingSLEB     = 0x09
	encodingS2       = 0x0a
	encodingS4       = 0x0b
	encodingS8       = 0x0c
	encodingAligned  = 0x50
	encodingOmit     = 0xff
)

// highestRegister is far above any machine's DWARF registers. gdb allocates a table
// of all registers up to the highest that an instruction names.
const highestRegister = 4096

// A commonEntry is what frame descriptions take from their CIE.
type commonEntry struct {
	version, addrSize byte
	pointers          byte // encoding of addresses
	data              byte // encoding of the LSDA's address, or encodingOmit
	augmented         bool // its augmentation begins with z: the data have a length in front
	opaque            bool // a letter of its augmentation is unknown
}

// A table is a section of call frame information.
type table struct {
	b         []byte
	exception bool // an .eh_frame
	steps     int  // how much more is read: a CIE is read again whenever an FDE's is another than the one before
}

// Check checks a section of call frame information. exception says whether it is
// an .eh_frame.
func Check(section []byte, exception bool) error {
	t := table{section, exception, 1<<12 + 16*len(section)}
	return t.checkEntries()
}

// CheckInstructions checks call frame instructions, as they stand in an FDE of
// .debug_frame. The error names the instruction by its offset.
func CheckInstructions(instructions []byte) error {
	t := table{}
	c := commonEntry{addrSize: 8, data: encodingOmit}
	return t.checkInstructions(&cursor.Reader{Bytes: instructions}, &c)
}

// checkEntries checks common information entries and frame descriptions.
func (t *table) checkEntries() error {
	var last commonEntry
	lastAt := -1
	for b, at := t.b, 0; at < len(b) && t.steps > 0; {
		r := cursor.Reader{Bytes: b, At: at}
		length, offsetSize := r.Length()
		if r.Short || length > uint64(r.Left()) {
			return format.Errorf("entry at %#x: its length is %#x, the section ends %#x bytes later", at, length, r.Left())
		}
		if length == 0 {
			if t.exception {
				return nil
			}
			at = r.At
			continue
		}
		r.Bytes = b[:r.At+int(length)]
		idAt := r.At
		idSize := offsetSize
		if t.exception {
			idSize = 4
		}
		id := r.Uint(idSize)
		if r.Short {
			return format.Errorf("entry at %#x: its length is %#x, less than its header", at, length)
		}
		var err error
		if t.isCommon(id, offsetSize) {
			if last, err = t.readCommonEntry(&r); err != nil {
				return format.Errorf("CIE at %#x: %s", at, err)
			}
			lastAt = at
		} else {
			cie := int(id)
			if t.exception {
				cie = idAt - int(id)
			}
			if cie != lastAt {
				if last, err = t.commonEntryAt(cie); err != nil {
					return format.Errorf("FDE at %#x: its CIE at %#x: %s", at, cie, err)
				}
				lastAt = cie
			}
			if err := t.checkDescription(&r, &last); err != nil {
				return format.Errorf("FDE at %#x: %s", at, err)
			}
		}
		t.steps--
		at = len(r.Bytes)
	}
	return nil
}

// isCommon says whether an entry's id is that of a CIE.
func (t *table) isCommon(id uint64, offsetSize int) bool {
	switch {
	case t.exception:
		return id == 0
	case offsetSize == 8:
		return id == 1<<64-1
	}
	return id == 1<<32-1
}

// commonEntryAt reads the CIE that an FDE refers to.
func (t *table) commonEntryAt(at int) (c commonEntry, err error) {
	b := t.b
	if at < 0 || at >= len(b) {
		return c, format.Errorf("the section has %#x bytes", len(b))
	}
	r := cursor.Reader{Bytes: b, At: at}
	length, offsetSize := r.Length()
	if r.Short || length > uint64(r.Left()) {
		return c, format.Errorf("its length is %#x, the section ends %#x bytes later", length, r.Left())
	}
	r.Bytes = b[:r.At+int(length)]
	if t.exception {
		offsetSize = 4
	}
	if id := r.Uint(offsetSize); r.Short || !t.isCommon(id, offsetSize) {
		return c, format.Errorf("its id is %#x, not a CIE's", id)
	}
	return t.readCommonEntry(&r)
}

// readCommonEntry reads and checks a CIE from its version on.
func (t *table) readCommonEntry(r *cursor.Reader) (c commonEntry, err error) {
	c = commonEntry{version: r.U8(), addrSize: 8, data: encodingOmit}
	if c.version != 1 && c.version != 3 && c.version != 4 {
		return c, format.Errorf("its version is %d, it can be 1, 3 and 4", c.version)
	}
	augmentation := r.String()
	if string(augmentation) == "eh" {
		r.Skip(8)
		augmentation = nil
	}
	if c.version >= 4 {
		c.addrSize = r.U8()
		if c.addrSize != 8 && c.addrSize != 4 {
			return c, format.Errorf("its address_size is %d, addresses have 8 bytes", c.addrSize)
		}
		if segment := r.U8(); segment != 0 {
			return c, format.Errorf("its segment_selector_size is %d, addresses have no segments", segment)
		}
	}
	r.ULEB() // code_alignment_factor
	r.ULEB() // data_alignment_factor
	register := uint64(0)
	if c.version == 1 {
		register = uint64(r.U8())
	} else {
		register = r.ULEB()
	}
	if register > highestRegister {
		return c, format.Errorf("its return_address_register is %d, no machine has so many", register)
	}
	end := len(r.Bytes)
	if len(augmentation) > 0 && augmentation[0] == 'z' {
		c.augmented = true
		size := r.ULEB()
		if size > uint64(r.Left()) {
			return c, format.Errorf("its augmentation data have %#x bytes, more than the entry", size)
		}
		end = r.At + int(size)
		augmentation = augmentation[1:]
	}
	for _, letter := range augmentation {
		switch letter {
		case 'L':
			c.data = r.U8()
			if c.data != encodingOmit && !validEncoding(c.data) {
				return c, format.Errorf("its LSDA encoding is %#x, which is unknown", c.data)
			}
		case 'R':
			c.pointers = r.U8()
			if !validEncoding(c.pointers) {
				return c, format.Errorf("its pointer encoding is %#x, which is unknown", c.pointers)
			}
		case 'P':
			encoding := r.U8()
			if !validEncoding(encoding) {
				return c, format.Errorf("its personality encoding is %#x, which is unknown", encoding)
			}
			skipPointer(r, encoding, 8)
		case 'S', 'B', 'G':
		default:
			c.opaque = true
		}
		if c.opaque {
			break
		}
	}
	if c.opaque && !c.augmented {
		return c, nil
	}
	if c.augmented {
		if r.At > end && !c.opaque {
			return c, format.Errorf("its augmentation data go on past their length")
		}
		r.At = end
	}
	if r.Short {
		return c, format.Errorf("its header ends past its end at %#x", len(r.Bytes))
	}
	return c, t.checkInstructions(r, &c)
}

// checkDescription checks an FDE from its address on.
func (t *table) checkDescription(r *cursor.Reader, c *commonEntry) error {
	if c.opaque && !c.augmented {
		return nil
	}
	skipPointer(r, c.pointers, c.addrSize)
	skipPointer(r, c.pointers&0x0f, c.addrSize)
	if c.augmented {
		r.Skip(r.ULEB())
	}
	if r.Short {
		return format.Errorf("its header ends past its end at %#x", len(r.Bytes))
	}
	return t.checkInstructions(r, c)
}

// validEncoding says whether gdb can read an address of this encoding; it gives
// up on others.
func validEncoding(encoding byte) bool {
	switch encoding & 0x0f {
	case encodingAbsolute, encodingULEB, encodingU2, encodingU4, encodingU8,
		encodingSigned, encodingSLEB, encodingS2, encodingS4, encodingS8:
		return encoding&0x70 <= encodingAligned && (encoding&0x70 != encodingAligned || encoding&0x8f == 0)
	}
	return false
}

// skipPointer skips an encoded address.
func skipPointer(r *cursor.Reader, encoding, addrSize byte) {
	switch encoding & 0x0f {
	case encodingULEB, encodingSLEB:
		r.ULEB()
	case encodingU2, encodingS2:
		r.Skip(2)
	case encodingU4, encodingS4:
		r.Skip(4)
	case encodingU8, encodingS8:
		r.Skip(8)
	default:
		if encoding&0x70 == encodingAligned {
			r.Skip(-uint64(r.At) & 7)
		}
		r.Skip(uint64(addrSize))
	}
}

// checkInstructions checks call frame instructions. A defect of gdb's: in
// execute_cfa_program an unknown instruction is an internal error, and a register's
// number has no limit but memory.
func (t *table) checkInstructions(r *cursor.Reader, c *commonEntry) error {
	t.steps -= r.Left()
	for {
		r.At += shortInstructions(r.Bytes[r.At:])
		if r.Left() == 0 {
			return nil
		}
		at := r.At
		op := r.U8()
		register := uint64(0)
		switch {
		case op>>6 == 2: // DW_CFA_offset
			r.ULEB()
		default:
			switch op {
			case 0x0a, 0x0b, 0x2d: // remember_state, restore_state, GNU_window_save
			case 0x01: // set_loc
				skipPointer(r, c.pointers, c.addrSize)
			case 0x02: // advance_loc1
				r.Skip(1)
			case 0x03: // advance_loc2
				r.Skip(2)
			case 0x04: // advance_loc4
				r.Skip(4)
			case 0x05, 0x0c, 0x11, 0x12, 0x14, 0x15, 0x2f: // offset_extended, def_cfa, offset_extended_sf, def_cfa_sf, val_offset, val_offset_sf, GNU_negative_offset_extended
				register = r.ULEB()
				r.ULEB()
			case 0x06, 0x07, 0x08, 0x0d: // restore_extended, undefined, same_value, def_cfa_register
				register = r.ULEB()
			case 0x09: // register
				register = max(r.ULEB(), r.ULEB())
			case 0x0e, 0x13, 0x2e: // def_cfa_offset, def_cfa_offset_sf, GNU_args_size
				r.ULEB()
			case 0x0f: // def_cfa_expression
				r.Skip(r.ULEB())
			case 0x10, 0x16: // expression, val_expression
				register = r.ULEB()
				r.Skip(r.ULEB())
			default:
				return format.Errorf("its instruction at %#x is %#x, which is unknown", at, op)
			}
		}
		if r.Short {
			return format.Errorf("its instruction at %#x ends past its end at %#x", at, len(r.Bytes))
		}
		if register > highestRegister {
			return format.Errorf("its instruction at %#x is about register %d, no machine has so many", at, register)
		}
	}
}

// shortInstructions is how many bytes of instructions at the start of b have one
// operand of one byte, or none: most are so, and need no more than to be skipped.
func shortInstructions(b []byte) int {
	n := 0
	for n < len(b) {
		switch op := b[n]; {
		case op == 0x00, op>>6 == 1, op>>6 == 3: // nop, advance_loc, restore
			n++
		case op>>6 == 2, op == 0x0e: // offset, def_cfa_offset
			if len(b)-n < 2 || b[n+1] >= 0x80 {
				return n
			}
			n += 2
		default:
			return n
		}
	}
	return n
}
