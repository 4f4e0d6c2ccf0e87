package symfile

// Location lists of DWARF 5.
const (
	lleEnd          = 0
	lleBaseAddressx = 1
	lleStartxEndx   = 2
	lleStartxLength = 3
	lleOffsetPair   = 4
	lleDefault      = 5
	lleBaseAddress  = 6
	lleStartEnd     = 7
	lleStartLength  = 8
	lleViewPair     = 9 // DW_LLE_GNU_view_pair
)

// checkLocations checks the location list at an offset.
func (d *debug) checkLocations(u *unit, offset uint64) error {
	if u.version < 5 {
		return d.checkOldLocations(u, offset)
	}
	if d.loclists.opaque {
		return nil
	}
	if offset >= uint64(len(d.loclists.b)) {
		return errorf("refers to .debug_loclists %#x, which ends at %#x", offset, len(d.loclists.b))
	}
	r := reader{b: d.loclists.b, at: int(offset)}
	for d.steps > 0 {
		d.steps--
		at := r.at
		kind := r.u8()
		if kind == lleEnd {
			if r.short {
				return errorf("refers to .debug_loclists %#x, a list that does not end in the section", offset)
			}
			return nil
		}
		known, err := d.checkListAddresses(u, &r, kind)
		if !known {
			return errorf("refers to .debug_loclists %#x, where an entry at %#x is of kind %d, which is unknown", offset, at, kind)
		}
		if err == nil && kind != lleBaseAddressx && kind != lleBaseAddress && kind != lleViewPair {
			err = d.checkExpression(u, r.take(r.uleb()))
		}
		if err != nil && !r.short {
			return errorf("refers to .debug_loclists %#x, where the entry at %#x %s", offset, at, err)
		}
	}
	return nil
}

// checkListAddresses checks what comes before the expression in an entry of a
// location list; it says whether it knows the kind.
func (d *debug) checkListAddresses(u *unit, r *reader, kind byte) (known bool, err error) {
	switch kind {
	case lleBaseAddressx:
		err = d.checkAddressIndex(u, r.uleb())
	case lleStartxEndx:
		if err = d.checkAddressIndex(u, r.uleb()); err == nil {
			err = d.checkAddressIndex(u, r.uleb())
		}
	case lleStartxLength:
		err = d.checkAddressIndex(u, r.uleb())
		r.uleb()
	case lleOffsetPair, lleViewPair:
		r.uleb()
		r.uleb()
	case lleDefault:
	case lleBaseAddress:
		r.uint(u.addrSize)
	case lleStartEnd:
		r.skip(2 * uint64(u.addrSize))
	case lleStartLength:
		r.uint(u.addrSize)
		r.uleb()
	default:
		return false, nil
	}
	return true, err
}

// checkOldLocations checks a location list of DWARF 2 to 4.
func (d *debug) checkOldLocations(u *unit, offset uint64) error {
	if d.loc.opaque {
		return nil
	}
	if offset >= uint64(len(d.loc.b)) {
		return errorf("refers to .debug_loc %#x, which ends at %#x", offset, len(d.loc.b))
	}
	r := reader{b: d.loc.b, at: int(offset)}
	for d.steps > 0 {
		d.steps--
		at := r.at
		start, end := r.uint(u.addrSize), r.uint(u.addrSize)
		if r.short {
			return errorf("refers to .debug_loc %#x, a list that does not end in the section", offset)
		}
		switch {
		case start == 0 && end == 0:
			return nil
		case start == 1<<(8*u.addrSize)-1: // a base address
			continue
		}
		if err := d.checkExpression(u, r.take(uint64(r.u16()))); err != nil {
			return errorf("refers to .debug_loc %#x, where the entry at %#x %s", offset, at, err)
		}
	}
	return nil
}

func (d *debug) checkAddressIndex(u *unit, index uint64) error {
	return inTable(index, u.addrBase, uint64(u.addrSize), &d.addr, ".debug_addr")
}

// checkExpression checks that the operations of a DWARF expression are known
// and whole; what they compute is not looked at.
func (d *debug) checkExpression(u *unit, b []byte) error {
	r := reader{b: b}
	for r.left() > 0 && d.steps > 0 {
		d.steps--
		op := r.u8()
		var base uint64 // an operand that refers to a base type
		switch {
		case op == 0x03: // addr
			r.uint(u.addrSize)
		case op >= 0x08 && op <= 0x0f: // const1u to const8s
			r.skip(1 << ((op - 0x08) / 2))
		case op == 0x10, op == 0x11, op == 0x23, op >= 0x70 && op <= 0x91, op == 0x93: // constu, consts, plus_uconst, breg, regx, fbreg, piece
			r.uleb()
		case op == 0xa1, op == 0xa2, op == 0xfb, op == 0xfc: // addrx, constx
			if err := d.checkAddressIndex(u, r.uleb()); err != nil && !r.short {
				return err
			}
		case op == 0x15, op == 0x94, op == 0x95: // pick, deref_size, xderef_size
			r.u8()
		case op == 0x28, op == 0x2f, op == 0x98: // bra, skip, call2
			r.u16()
		case op == 0x99, op == 0xfa: // call4, GNU_parameter_ref
			r.u32()
		case op == 0x9a, op == 0xfd: // call_ref, GNU_variable_value
			r.uint(u.offsetSize)
		case op == 0x92, op == 0x9d: // bregx, bit_piece
			r.uleb()
			r.uleb()
		case op == 0x9e: // implicit_value
			r.skip(r.uleb())
		case op == 0xa0, op == 0xf2: // implicit_pointer
			r.uint(u.offsetSize)
			r.uleb()
		case op == 0xa3, op == 0xf3: // entry_value: its expression is read as if it stood here
			r.short = r.uleb() > uint64(r.left()) || r.short
		case op == 0xa4, op == 0xf4: // const_type
			base = r.uleb()
			r.skip(uint64(r.u8()))
		case op == 0xa5, op == 0xf5: // regval_type
			r.uleb()
			base = r.uleb()
		case op == 0xa6, op == 0xa7, op == 0xf6: // deref_type, xderef_type
			r.u8()
			base = r.uleb()
		case op == 0xa8, op == 0xa9, op == 0xf7, op == 0xf9: // convert, reinterpret
			base = r.uleb()
		case op == 0x06, op >= 0x12 && op <= 0x6f, op == 0x96, op == 0x97, op == 0x9b, op == 0x9c, op == 0x9f, op == 0xe0, op == 0xf0:
			// without operands
		case op >= 0xe0 && op <= 0xfd:
			return nil // some vendor's
		default:
			return errorf("has an expression with operation %#x, which is unknown", op)
		}
		if r.short {
			return errorf("has an expression whose operation %#x ends past its end", op)
		}
		if base != 0 {
			if base >= u.end-u.at {
				return errorf("has an expression with a type at offset %#x of a unit of %#x bytes", base, u.end-u.at)
			}
			if u.entries != nil {
				u.entries.referred.add(u.at + base)
			}
		}
	}
	return nil
}
