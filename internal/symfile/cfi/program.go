// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package cfi

import (
	"github.com/libjitdebug/libjitdebug/internal/cursor"
	"github.com/libjitdebug/libjitdebug/internal/format"
	"github.com/libjitdebug/libjitdebug/internal/machine"
	"github.com/libjitdebug/libjitdebug/internal/symfile/expression"
)

// A cfa is where a row says that the frame is.
type cfa uint8

const (
	undefined cfa = iota
	registerOffset
	byExpression
)

// mostRemembered is how many states may be remembered: compilers remember one.
const mostRemembered = 32

// A program is call frame instructions, and the state that they start from. Of a
// state no more matters than the CFA.
type program struct {
	addrSize   byte
	pointers   byte // encoding of addresses
	common     bool // of a CIE, which has no rows of its own
	cfa        cfa
	depth      uint8  // how many states are remembered
	remembered uint64 // two bits each
}

// check checks instructions: an unknown one, a row without a CFA, or a register that
// the machine has not, ends gdb itself or its command.
func (p *program) check(r *cursor.Reader) error {
	row := r.At // where the instructions of the row start
	b := r.Bytes
	for at := r.At; at < len(b); at = r.At {
		op := b[at]
		register := uint64(op & 0x3f)
		switch op >> 6 {
		case 1: // advance_loc
			r.At = at + 1
			if p.cfa == undefined || p.common {
				return p.noRow(at, row)
			}
			row = at + 1
			continue
		case 2: // offset
			if r.At = at + 2; r.At > len(b) || b[at+1] >= 0x80 {
				r.At = at + 1
				r.ULEB()
			}
		case 3: // restore
			r.At = at + 1
			if !machine.Host.HasName(register) {
				return unnamed(at, register)
			}
		default:
			if op == 0 { // nop
				r.At = at + 1
				continue
			}
			if op == 0x0e && p.cfa == registerOffset && at+1 < len(b) && b[at+1] < 0x80 { // def_cfa_offset
				r.At = at + 2
				continue
			}
			var err error
			if register, err = p.instruction(r); err != nil {
				return err
			}
			if op <= 0x04 { // set_loc, advance_loc1, advance_loc2, advance_loc4
				if p.cfa == undefined || p.common {
					return p.noRow(at, row)
				}
				row = r.At
			}
		}
		if r.Short {
			return format.Errorf("its instruction at %#x ends past its end at %#x", at, len(b))
		}
		if !machine.Host.HasRegister(register) {
			return format.Errorf("its instruction at %#x is about register %d, which the machine has not", at, register)
		}
	}
	if p.cfa == undefined && !p.common {
		return p.noRow(len(b), row)
	}
	return nil
}

// noRow is what is wrong with the row that ends with the instruction at an offset,
// and whose instructions start at another.
func (p *program) noRow(at, row int) error {
	if p.common {
		return format.Errorf("its instruction at %#x moves on to another row, in a CIE", at)
	}
	return format.Errorf("its row that ends at %#x has no CFA: neither the CIE nor the instructions from %#x on say where it is", at, row)
}

// unnamed is what is wrong with an instruction that restores a register. A defect of
// gdb's: where it complains that there is no rule to restore (set complaints), it ends
// itself over a register without a name, such as those of MMX.
func unnamed(at int, register uint64) error {
	return format.Errorf("its instruction at %#x restores register %d, for which gdb has no name", at, register)
}

// instruction reads one that has no operand in its opcode. It returns the register
// that it is about, or one that there is.
func (p *program) instruction(r *cursor.Reader) (register uint64, err error) {
	at := r.At
	switch op := r.U8(); op {
	case 0x01: // set_loc
		// A defect of gdb's: it has forgotten to what the address would be relative.
		if p.pointers&0x70 != 0 {
			return 0, format.Errorf("its instruction at %#x is a DW_CFA_set_loc, and addresses are relative (encoding %#x)", at, p.pointers)
		}
		skipPointer(r, p.pointers, p.addrSize)
	case 0x02: // advance_loc1
		r.Skip(1)
	case 0x03: // advance_loc2
		r.Skip(2)
	case 0x04: // advance_loc4
		r.Skip(4)
	case 0x05, 0x11, 0x14, 0x15, 0x2f: // offset_extended, offset_extended_sf, val_offset, val_offset_sf, GNU_negative_offset_extended
		register = r.ULEB()
		r.ULEB()
	case 0x06: // restore_extended
		if register = r.ULEB(); machine.Host.HasRegister(register) && !machine.Host.HasName(register) {
			return 0, unnamed(at, register)
		}
	case 0x07, 0x08: // undefined, same_value
		register = r.ULEB()
	case 0x09: // register
		register = r.ULEB()
		if from := r.ULEB(); machine.Host.HasRegister(register) {
			register = from
		}
	case 0x0a: // remember_state
		if p.depth == mostRemembered {
			return 0, format.Errorf("its instruction at %#x remembers a state, and %d are remembered already", at, mostRemembered)
		}
		p.remembered = p.remembered<<2 | uint64(p.cfa)
		p.depth++
	case 0x0b: // restore_state
		if p.depth == 0 {
			return 0, format.Errorf("its instruction at %#x restores a state, and none was remembered", at)
		}
		p.cfa = cfa(p.remembered & 3)
		p.remembered >>= 2
		p.depth--
	case 0x0c, 0x12: // def_cfa, def_cfa_sf
		register = r.ULEB()
		r.ULEB()
		return register, p.define(r, at, register)
	case 0x0d: // def_cfa_register
		register = r.ULEB()
		if p.cfa == undefined {
			return 0, p.noCFA(r, at)
		}
		return register, p.define(r, at, register)
	case 0x0e, 0x13: // def_cfa_offset, def_cfa_offset_sf
		r.ULEB()
		if p.cfa == undefined { // of an expression, it has no effect
			return 0, p.noCFA(r, at)
		}
	case 0x0f: // def_cfa_expression
		p.cfa = byExpression
		return 0, p.expression(r, at, 0)
	case 0x10, 0x16: // expression, val_expression
		register = r.ULEB()
		return register, p.expression(r, at, 1)
	case 0x2d: // GNU_window_save, or AARCH64_negate_ra_state
		if machine.Host == &machine.X86_64 {
			return 0, format.Errorf("its instruction at %#x is 0x2d, which is unknown on this machine", at)
		}
	case 0x2e: // GNU_args_size
		r.ULEB()
	default:
		return 0, format.Errorf("its instruction at %#x is %#x, which is unknown", at, op)
	}
	return register, nil
}

// define makes the CFA a register and an offset.
func (p *program) define(r *cursor.Reader, at int, register uint64) error {
	p.cfa = registerOffset
	if !machine.Host.HoldsAddress(register) && !r.Short {
		return format.Errorf("its instruction at %#x takes the CFA from register %d, which holds no address", at, register)
	}
	return nil
}

func (p *program) noCFA(r *cursor.Reader, at int) error {
	if r.Short {
		return nil // which is found out next
	}
	return format.Errorf("its instruction at %#x changes a CFA, and none is defined before it", at)
}

func (p *program) expression(r *cursor.Reader, at, stack int) error {
	b := r.Take(r.ULEB())
	if r.Short {
		return nil
	}
	if err := expression.Check(b, expression.Place{AddrSize: int(p.addrSize), Stack: stack}); err != nil {
		return format.Errorf("its instruction at %#x %s", at, err)
	}
	return nil
}
