package symfile

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

// highestRegister is far above any machine's DWARF registers: gdb makes room
// for all registers up to the highest that is mentioned.
const highestRegister = 4096

// A commonEntry is what frame descriptions take from their CIE.
type commonEntry struct {
	version, addrSize byte
	pointers          byte // encoding of addresses
	data              byte // encoding of the LSDA's address, or encodingOmit
	augmented         bool // augmentation data with their length are there
	opaque            bool // an augmentation of which nothing is known
}

// A frameTable is a section of call frame information.
type frameTable struct {
	b         []byte
	exception bool // an .eh_frame
	steps     int  // how much further to look: CIEs are read for each change between them
}

// checkFrames checks call frame information.
func (f *file) checkFrames() error {
	for i := f.frames; i < f.sections; i++ {
		name := f.debugName(i)
		if name != debugFrame && name != ehFrame {
			continue
		}
		b, ok, err := f.load(i)
		if err != nil {
			return err
		}
		if !ok {
			continue
		}
		t := frameTable{b, name == ehFrame, 1<<12 + 16*len(b)}
		if err := t.checkEntries(); err != nil {
			return f.sectionError(i, "%s", err)
		}
	}
	return nil
}

// checkEntries checks common information entries and frame descriptions.
func (t *frameTable) checkEntries() error {
	var last commonEntry
	lastAt := -1
	for b, at := t.b, 0; at < len(b) && t.steps > 0; {
		r := reader{b: b, at: at}
		length, offsetSize := r.length()
		if r.short || length > uint64(r.left()) {
			return errorf("entry at %#x: its length is %#x, the section ends %#x bytes later", at, length, r.left())
		}
		if length == 0 {
			if t.exception {
				return nil
			}
			at = r.at
			continue
		}
		r.b = b[:r.at+int(length)]
		idAt := r.at
		idSize := offsetSize
		if t.exception {
			idSize = 4
		}
		id := r.uint(idSize)
		if r.short {
			return errorf("entry at %#x: its length is %#x, less than its header", at, length)
		}
		var err error
		if t.isCommon(id, offsetSize) {
			if last, err = t.readCommonEntry(&r); err != nil {
				return errorf("CIE at %#x: %s", at, err)
			}
			lastAt = at
		} else {
			cie := int(id)
			if t.exception {
				cie = idAt - int(id)
			}
			if cie != lastAt {
				if last, err = t.commonEntryAt(cie); err != nil {
					return errorf("FDE at %#x: its CIE at %#x: %s", at, cie, err)
				}
				lastAt = cie
			}
			if err := t.checkDescription(&r, &last); err != nil {
				return errorf("FDE at %#x: %s", at, err)
			}
		}
		t.steps--
		at = len(r.b)
	}
	return nil
}

// isCommon says whether an entry's id is that of a CIE.
func (t *frameTable) isCommon(id uint64, offsetSize int) bool {
	switch {
	case t.exception:
		return id == 0
	case offsetSize == 8:
		return id == 1<<64-1
	}
	return id == 1<<32-1
}

// commonEntryAt reads the CIE that an FDE refers to.
func (t *frameTable) commonEntryAt(at int) (c commonEntry, err error) {
	b := t.b
	if at < 0 || at >= len(b) {
		return c, errorf("the section has %#x bytes", len(b))
	}
	r := reader{b: b, at: at}
	length, offsetSize := r.length()
	if r.short || length > uint64(r.left()) {
		return c, errorf("its length is %#x, the section ends %#x bytes later", length, r.left())
	}
	r.b = b[:r.at+int(length)]
	if t.exception {
		offsetSize = 4
	}
	if id := r.uint(offsetSize); r.short || !t.isCommon(id, offsetSize) {
		return c, errorf("its id is %#x, not a CIE's", id)
	}
	return t.readCommonEntry(&r)
}

// readCommonEntry reads and checks a CIE from its version on.
func (t *frameTable) readCommonEntry(r *reader) (c commonEntry, err error) {
	c = commonEntry{version: r.u8(), addrSize: 8, data: encodingOmit}
	if c.version != 1 && c.version != 3 && c.version != 4 {
		return c, errorf("its version is %d, it can be 1, 3 and 4", c.version)
	}
	from := r.at
	length := r.str()
	augmentation := r.b[from:min(from+length, len(r.b))]
	if string(augmentation) == "eh" {
		r.skip(8)
		augmentation = nil
	}
	if c.version >= 4 {
		c.addrSize = r.u8()
		if c.addrSize != 8 && c.addrSize != 4 {
			return c, errorf("its address_size is %d, addresses have 8 bytes", c.addrSize)
		}
		if segment := r.u8(); segment != 0 {
			return c, errorf("its segment_selector_size is %d, addresses have no segments", segment)
		}
	}
	r.uleb() // code_alignment_factor
	r.uleb() // data_alignment_factor
	register := uint64(0)
	if c.version == 1 {
		register = uint64(r.u8())
	} else {
		register = r.uleb()
	}
	if register > highestRegister {
		return c, errorf("its return_address_register is %d, no machine has so many", register)
	}
	end := len(r.b)
	if len(augmentation) > 0 && augmentation[0] == 'z' {
		c.augmented = true
		size := r.uleb()
		if size > uint64(r.left()) {
			return c, errorf("its augmentation data have %#x bytes, more than the entry", size)
		}
		end = r.at + int(size)
		augmentation = augmentation[1:]
	}
	for _, letter := range augmentation {
		switch letter {
		case 'L':
			c.data = r.u8()
			if c.data != encodingOmit && !validEncoding(c.data) {
				return c, errorf("its LSDA encoding is %#x, which is unknown", c.data)
			}
		case 'R':
			c.pointers = r.u8()
			if !validEncoding(c.pointers) {
				return c, errorf("its pointer encoding is %#x, which is unknown", c.pointers)
			}
		case 'P':
			encoding := r.u8()
			if !validEncoding(encoding) {
				return c, errorf("its personality encoding is %#x, which is unknown", encoding)
			}
			r.pointer(encoding, 8)
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
		if r.at > end && !c.opaque {
			return c, errorf("its augmentation data go on past their length")
		}
		r.at = end
	}
	if r.short {
		return c, errorf("its header ends past its end at %#x", len(r.b))
	}
	return c, t.checkInstructions(r, &c)
}

// checkDescription checks an FDE from its address on.
func (t *frameTable) checkDescription(r *reader, c *commonEntry) error {
	if c.opaque && !c.augmented {
		return nil
	}
	r.pointer(c.pointers, c.addrSize)
	r.pointer(c.pointers&0x0f, c.addrSize)
	if c.augmented {
		r.skip(r.uleb())
	}
	if r.short {
		return errorf("its header ends past its end at %#x", len(r.b))
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

// pointer skips an encoded address.
func (r *reader) pointer(encoding, addrSize byte) {
	switch encoding & 0x0f {
	case encodingULEB, encodingSLEB:
		r.uleb()
	case encodingU2, encodingS2:
		r.skip(2)
	case encodingU4, encodingS4:
		r.skip(4)
	case encodingU8, encodingS8:
		r.skip(8)
	default:
		if encoding&0x70 == encodingAligned {
			r.skip(-uint64(r.at) & 7)
		}
		r.skip(uint64(addrSize))
	}
}

// checkInstructions checks call frame instructions: an unknown one, or a
// register without end, ends gdb itself.
func (t *frameTable) checkInstructions(r *reader, c *commonEntry) error {
	t.steps -= r.left()
	for {
		r.at += shortInstructions(r.b[r.at:])
		if r.left() == 0 {
			return nil
		}
		at := r.at
		op := r.u8()
		register := uint64(0)
		switch {
		case op>>6 == 2: // DW_CFA_offset
			r.uleb()
		default:
			switch op {
			case 0x0a, 0x0b, 0x2d: // remember_state, restore_state, GNU_window_save
			case 0x01: // set_loc
				r.pointer(c.pointers, c.addrSize)
			case 0x02: // advance_loc1
				r.skip(1)
			case 0x03: // advance_loc2
				r.skip(2)
			case 0x04: // advance_loc4
				r.skip(4)
			case 0x05, 0x0c, 0x11, 0x12, 0x14, 0x15, 0x2f: // offset_extended, def_cfa, offset_extended_sf, def_cfa_sf, val_offset, val_offset_sf, GNU_negative_offset_extended
				register = r.uleb()
				r.uleb()
			case 0x06, 0x07, 0x08, 0x0d: // restore_extended, undefined, same_value, def_cfa_register
				register = r.uleb()
			case 0x09: // register
				register = max(r.uleb(), r.uleb())
			case 0x0e, 0x13, 0x2e: // def_cfa_offset, def_cfa_offset_sf, GNU_args_size
				r.uleb()
			case 0x0f: // def_cfa_expression
				r.skip(r.uleb())
			case 0x10, 0x16: // expression, val_expression
				register = r.uleb()
				r.skip(r.uleb())
			default:
				return errorf("its instruction at %#x is %#x, which is unknown", at, op)
			}
		}
		if r.short {
			return errorf("its instruction at %#x ends past its end at %#x", at, len(r.b))
		}
		if register > highestRegister {
			return errorf("its instruction at %#x is about register %d, no machine has so many", at, register)
		}
	}
}

// shortInstructions is the length of the instructions up to the next one that
// takes a closer look: most have one operand of one byte, or none.
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
