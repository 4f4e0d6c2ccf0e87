// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package dwarf

import (
	"github.com/libjitdebug/libjitdebug/internal/cursor"
	"github.com/libjitdebug/libjitdebug/internal/format"
	"github.com/libjitdebug/libjitdebug/internal/symfile/expression"
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
	if offset >= uint64(len(d.loclists.b)) {
		return format.Errorf("refers to .debug_loclists %#x, which ends at %#x", offset, len(d.loclists.b))
	}
	r := cursor.Reader{Bytes: d.loclists.b, At: int(offset)}
	for {
		at := r.At
		kind := r.U8()
		if kind == lleEnd {
			if r.Short {
				return format.Errorf("refers to .debug_loclists %#x, a list that does not end in the section", offset)
			}
			return d.loclists.take(r.At-int(offset), ".debug_loclists")
		}
		known, err := d.checkListAddresses(u, &r, kind)
		if !known || kind == lleStartxEndx || kind == lleDefault || kind == lleViewPair { // gdb does not know these either
			return format.Errorf("refers to .debug_loclists %#x, where an entry at %#x is of kind %d, which is unknown", offset, at, kind)
		}
		if err == nil && kind != lleBaseAddressx && kind != lleBaseAddress && kind != lleViewPair {
			err = d.checkExpression(u, r.Take(r.ULEB()), anything)
		}
		if err != nil && !r.Short {
			return format.Errorf("refers to .debug_loclists %#x, where the entry at %#x %s", offset, at, err)
		}
	}
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
	if offset >= uint64(len(d.loc.b)) {
		return format.Errorf("refers to .debug_loc %#x, which ends at %#x", offset, len(d.loc.b))
	}
	r := cursor.Reader{Bytes: d.loc.b, At: int(offset)}
	for {
		at := r.At
		start, end := r.Uint(u.addrSize), r.Uint(u.addrSize)
		if r.Short {
			return format.Errorf("refers to .debug_loc %#x, a list that does not end in the section", offset)
		}
		switch {
		case start == 0 && end == 0:
			return d.loc.take(r.At-int(offset), ".debug_loc")
		case start == 1<<(8*u.addrSize)-1: // a base address
			continue
		}
		if err := d.checkExpression(u, r.Take(uint64(r.U16())), anything); err != nil {
			return format.Errorf("refers to .debug_loc %#x, where the entry at %#x %s", offset, at, err)
		}
	}
}

func (d *Debug) checkAddressIndex(u *unit, index uint64) error {
	return inTable(index, u.addrBase, uint64(u.addrSize), &d.addr, ".debug_addr")
}

// checkExpression checks a DWARF expression that begins with so many values on the
// stack.
func (d *Debug) checkExpression(u *unit, b []byte, stack int) error {
	return expression.Check(b, expression.Place{Unit: &unitOf{d, u}, AddrSize: u.addrSize, OffsetSize: u.offsetSize, Stack: stack,
		Function: u.functions > 0 || u.tag == tagSubprogram || u.tag == tagSubrange})
}

// anything is for an expression that may take more from the stack than it has put
// there.
const anything = 1 << 10

// stackOf is how many values are on the stack when the expression of an attribute
// begins. A defect of gdb's: where it reads a place ahead, for its index of symbols or
// for the members of a class, it writes in front of the stack if too much is taken from
// that. Elsewhere it notices, and gcc does write such.
func stackOf(attr uint64, tag uint16) int {
	switch {
	case tag == tagDwarfProcedure: // it has arguments, which are not known here
		return anything
	case attr == attrLocation || attr == attrFrameBase:
		return 0
	case attr == attrMemberLocation || attr == attrVtableLocation:
		return 1
	}
	return anything
}

// checkOffset checks the expression that says where in a class a member is. A defect of
// gdb's: it prints offsets without looking whether it has one (ptype /o), which is an
// internal error. In Ada, where it does not print any, they may depend on the value.
func (d *Debug) checkOffset(u *unit, b []byte) error {
	return expression.Check(b, expression.Place{Unit: &unitOf{d, u}, AddrSize: u.addrSize, OffsetSize: u.offsetSize, Stack: 1,
		Function: true, Offset: !u.language.isAda()})
}

// A unitOf is what expressions refer to from a unit.
type unitOf struct {
	d *Debug
	u *unit
}

func (r *unitOf) Address(index uint64) error { return r.d.checkAddressIndex(r.u, index) }

func (r *unitOf) Type(offset uint64) error {
	if offset >= r.u.end-r.u.at {
		return format.Errorf("has an expression with a type at offset %#x of a unit of %#x bytes", offset, r.u.end-r.u.at)
	}
	r.d.entries.referred.add(r.u.id(r.u.at + offset))
	return nil
}

func (r *unitOf) Entry(offset uint64, section, calls bool) error {
	v := value{form: formRef4, number: offset}
	if section {
		v.form = formRefAddr
	}
	to, err := r.d.target(r.u, v)
	if err != nil {
		return format.Errorf("has an expression that %s", err)
	}
	r.d.entries.referred.add(to)
	if calls {
		r.d.entries.calling.add(r.u.entry)
		r.d.entries.called.add(to)
	}
	return nil
}
