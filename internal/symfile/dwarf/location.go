package dwarf

import (
	"github.com/libjitdebug/libjitdebug/internal/cursor"
	"github.com/libjitdebug/libjitdebug/internal/format"
)

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
func (d *Debug) checkLocations(u *unit, offset uint64) error {
	if u.version < 5 {
		return d.checkOldLocations(u, offset)
	}
	if d.loclists.opaque {
		return nil
	}
	if offset >= uint64(len(d.loclists.b)) {
		return format.Errorf("refers to .debug_loclists %#x, which ends at %#x", offset, len(d.loclists.b))
	}
	r := cursor.Reader{Bytes: d.loclists.b, At: int(offset)}
	for d.steps > 0 {
		d.steps--
		at := r.At
		kind := r.U8()
		if kind == lleEnd {
			if r.Short {
				return format.Errorf("refers to .debug_loclists %#x, a list that does not end in the section", offset)
			}
			return nil
		}
		known, err := d.checkListAddresses(u, &r, kind)
		if !known {
			return format.Errorf("refers to .debug_loclists %#x, where an entry at %#x is of kind %d, which is unknown", offset, at, kind)
		}
		if err == nil && kind != lleBaseAddressx && kind != lleBaseAddress && kind != lleViewPair {
			err = d.checkExpression(u, r.Take(r.ULEB()))
		}
		if err != nil && !r.Short {
			return format.Errorf("refers to .debug_loclists %#x, where the entry at %#x %s", offset, at, err)
		}
	}
	return nil
}

// checkListAddresses checks the addresses in front of the expression in an entry of a
// location list. known is false for an unknown kind of entry.
func (d *Debug) checkListAddresses(u *unit, r *cursor.Reader, kind byte) (known bool, err error) {
	switch kind {
	case lleBaseAddressx:
		err = d.checkAddressIndex(u, r.ULEB())
	case lleStartxEndx:
		if err = d.checkAddressIndex(u, r.ULEB()); err == nil {
			err = d.checkAddressIndex(u, r.ULEB())
		}
	case lleStartxLength:
		err = d.checkAddressIndex(u, r.ULEB())
		r.ULEB()
	case lleOffsetPair, lleViewPair:
		r.ULEB()
		r.ULEB()
	case lleDefault:
	case lleBaseAddress:
		r.Uint(u.addrSize)
	case lleStartEnd:
		r.Skip(2 * uint64(u.addrSize))
	case lleStartLength:
		r.Uint(u.addrSize)
		r.ULEB()
	default:
		return false, nil
	}
	return true, err
}

// checkOldLocations checks a location list of DWARF 2 to 4.
func (d *Debug) checkOldLocations(u *unit, offset uint64) error {
	if d.loc.opaque {
		return nil
	}
	if offset >= uint64(len(d.loc.b)) {
		return format.Errorf("refers to .debug_loc %#x, which ends at %#x", offset, len(d.loc.b))
	}
	r := cursor.Reader{Bytes: d.loc.b, At: int(offset)}
	for d.steps > 0 {
		d.steps--
		at := r.At
		start, end := r.Uint(u.addrSize), r.Uint(u.addrSize)
		if r.Short {
			return format.Errorf("refers to .debug_loc %#x, a list that does not end in the section", offset)
		}
		switch {
		case start == 0 && end == 0:
			return nil
		case start == 1<<(8*u.addrSize)-1: // a base address
			continue
		}
		if err := d.checkExpression(u, r.Take(uint64(r.U16()))); err != nil {
			return format.Errorf("refers to .debug_loc %#x, where the entry at %#x %s", offset, at, err)
		}
	}
	return nil
}

func (d *Debug) checkAddressIndex(u *unit, index uint64) error {
	return inTable(index, u.addrBase, uint64(u.addrSize), &d.addr, ".debug_addr")
}

// checkExpression checks that the operations of a DWARF expression are known and that
// their operands are there. It does not evaluate them.
func (d *Debug) checkExpression(u *unit, b []byte) error {
	r := cursor.Reader{Bytes: b}
	for r.Left() > 0 && d.steps > 0 {
		d.steps--
		op := r.U8()
		var base uint64 // an operand that refers to a base type
		switch {
		case op == 0x03: // addr
			r.Uint(u.addrSize)
		case op >= 0x08 && op <= 0x0f: // const1u to const8s
			r.Skip(1 << ((op - 0x08) / 2))
		case op == 0x10, op == 0x11, op == 0x23, op >= 0x70 && op <= 0x91, op == 0x93: // constu, consts, plus_uconst, breg, regx, fbreg, piece
			r.ULEB()
		case op == 0xa1, op == 0xa2, op == 0xfb, op == 0xfc: // addrx, constx
			if err := d.checkAddressIndex(u, r.ULEB()); err != nil && !r.Short {
				return err
			}
		case op == 0x15, op == 0x94, op == 0x95: // pick, deref_size, xderef_size
			r.U8()
		case op == 0x28, op == 0x2f, op == 0x98: // bra, skip, call2
			r.U16()
		case op == 0x99, op == 0xfa: // call4, GNU_parameter_ref
			r.U32()
		case op == 0x9a, op == 0xfd: // call_ref, GNU_variable_value
			r.Uint(u.offsetSize)
		case op == 0x92, op == 0x9d: // bregx, bit_piece
			r.ULEB()
			r.ULEB()
		case op == 0x9e: // implicit_value
			r.Skip(r.ULEB())
		case op == 0xa0, op == 0xf2: // implicit_pointer
			r.Uint(u.offsetSize)
			r.ULEB()
		case op == 0xa3, op == 0xf3: // entry_value: its expression is read as if it stood here
			r.Short = r.ULEB() > uint64(r.Left()) || r.Short
		case op == 0xa4, op == 0xf4: // const_type
			base = r.ULEB()
			r.Skip(uint64(r.U8()))
		case op == 0xa5, op == 0xf5: // regval_type
			r.ULEB()
			base = r.ULEB()
		case op == 0xa6, op == 0xa7, op == 0xf6: // deref_type, xderef_type
			r.U8()
			base = r.ULEB()
		case op == 0xa8, op == 0xa9, op == 0xf7, op == 0xf9: // convert, reinterpret
			base = r.ULEB()
		case op == 0x06, op >= 0x12 && op <= 0x6f, op == 0x96, op == 0x97, op == 0x9b, op == 0x9c, op == 0x9f, op == 0xe0, op == 0xf0:
			// without operands
		case op >= 0xe0 && op <= 0xfd:
			return nil // some vendor's
		default:
			return format.Errorf("has an expression with operation %#x, which is unknown", op)
		}
		if r.Short {
			return format.Errorf("has an expression whose operation %#x ends past its end", op)
		}
		if base != 0 {
			if base >= u.end-u.at {
				return format.Errorf("has an expression with a type at offset %#x of a unit of %#x bytes", base, u.end-u.at)
			}
			if u.entries != nil {
				u.entries.referred.add(u.at + base)
			}
		}
	}
	return nil
}
