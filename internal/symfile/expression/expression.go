// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Package expression says whether a debugger can read a DWARF expression: that its
// operations are known and whole, that the stack holds what they take, and that none
// jumps back, for ever, or to where no operation starts. What they compute is not
// looked at.
package expression

import (
	"github.com/libjitdebug/libjitdebug/internal/cursor"
	"github.com/libjitdebug/libjitdebug/internal/format"
	"github.com/libjitdebug/libjitdebug/internal/machine"
)

// A Unit is what an expression refers to from the unit that it stands in.
type Unit interface {
	// Address checks an index into the unit's addresses.
	Address(index uint64) error

	// Type checks the offset in the unit of a base type.
	Type(offset uint64) error

	// Entry checks a reference to an entry: its offset in the unit, or in the
	// section. Where calls, the expression goes on with that entry's.
	Entry(offset uint64, section, calls bool) error
}

// A Place is where an expression stands.
type Place struct {
	Unit                 Unit // nil in call frame information
	AddrSize, OffsetSize int
	Stack                int  // how many values are on the stack when it begins
	Function             bool // there is a function around it, so it may be about its frame
	Offset               bool // it is an offset that is known without the process
}

// Check checks an expression.
func Check(b []byte, p Place) error {
	e := reading{Place: p, r: cursor.Reader{Bytes: b}, stack: p.Stack}
	return e.operations()
}

// A reading is an expression that is being read.
type reading struct {
	Place
	r cursor.Reader

	// What is on the stack, at the least; unreachable after a jump that is always
	// taken.
	stack int

	// Where the jumps so far go to, and the nearest of those places.
	jumps   [mostJumps]jump
	open    int
	nearest int
}

// A jump is where one goes to, and what is on the stack then.
type jump struct{ to, stack int }

// mostJumps is how many may be open at once: compilers' expressions have one or two.
const mostJumps = 32

const unreachable = 1 << 30

func (e *reading) operations() error {
	for {
		if e.open > 0 && e.r.At >= e.nearest {
			if err := e.land(); err != nil {
				return err
			}
		}
		if e.r.Left() == 0 {
			break
		}
		op := e.r.U8()
		if err := e.operation(op); err != nil {
			return err
		}
		if e.r.Short {
			return format.Errorf("has an expression whose operation %#x ends past its end", op)
		}
	}
	if e.Unit == nil && e.stack < 1 {
		return format.Errorf("has an expression that leaves nothing on the stack")
	}
	return nil
}

func (e *reading) operation(op byte) error {
	o := of(op)
	if o.kind == unknown || e.Unit == nil && o.kind >= ofUnits {
		return format.Errorf("has an expression with operation %#x, which is unknown%s", op, e.there())
	}
	if e.Offset && !o.known(op) {
		return format.Errorf("has an expression with operation %#x, where gdb needs a number", op)
	}
	if e.stack < int(o.pops) {
		return format.Errorf("has an expression whose operation %#x takes %d from a stack of %d", op, o.pops, e.stack)
	}
	if e.stack < unreachable {
		e.stack += int(o.pushes) - int(o.pops)
	}
	r := &e.r
	switch o.kind {
	case plain, operandless:
	case fixed:
		r.Skip(uint64(o.size))
	case address:
		r.Uint(e.AddrSize)
	case leb:
		r.ULEB()
	case frameBase:
		// A defect of gdb's: DWARF expressions ask the function for its frame, and
		// without one that is an internal error (get_frame_base).
		if !e.Function {
			return format.Errorf("has an expression with DW_OP_fbreg (%#x) outside of a function", op)
		}
		r.ULEB()
	case size:
		if n := r.U8(); (n == 0 || int(n) > e.AddrSize) && !r.Short {
			return format.Errorf("has an expression whose operation %#x reads %d bytes for an address of %d", op, n, e.AddrSize)
		}
	case pick:
		if n := int(r.U8()); n >= e.stack-1 && !r.Short {
			return format.Errorf("has an expression that picks value %d of a stack of %d", n, e.stack-1)
		}
	case relative:
		r.ULEB()
		return e.addressRegister(uint64(op - opBreg0))
	case relativeTo:
		register := r.ULEB()
		r.ULEB()
		return e.addressRegister(register)
	case branch:
		return e.jump(op)
	case register:
		return e.register(uint64(op - opReg0))
	case registerNumber:
		return e.register(r.ULEB())
	case registerType:
		register, offset := r.ULEB(), r.ULEB()
		if err := e.register(register); err != nil {
			return err
		}
		return e.baseType(offset)
	case piece:
		e.stack = max(e.stack-1, 0)
		r.ULEB()
	case bitPiece:
		e.stack = max(e.stack-1, 0)
		r.ULEB()
		r.ULEB()
	case block:
		r.Skip(r.ULEB())
	case index:
		if i := r.ULEB(); !r.Short {
			return e.Unit.Address(i)
		}
	case constant:
		offset := r.ULEB()
		r.Skip(uint64(r.U8()))
		return e.baseType(offset)
	case conversion:
		return e.baseType(r.ULEB())
	case dereference:
		r.U8()
		return e.baseType(r.ULEB())
	case call:
		if offset := r.Uint(int(o.size)); !r.Short {
			return e.Unit.Entry(offset, false, op != opGNUParameterRef)
		}
	case variable, pointer:
		offset := r.Uint(e.OffsetSize)
		if o.kind == pointer {
			r.ULEB()
		}
		if !r.Short {
			return e.Unit.Entry(offset, true, o.kind == variable)
		}
	case entry:
		return e.entryValue(r.Take(r.ULEB()))
	}
	return nil
}

// there says where an operation is unknown that others know.
func (e *reading) there() string {
	if e.Unit == nil {
		return " in call frame information"
	}
	return ""
}

// entryValue checks the expression of a DW_OP_entry_value: debuggers know a register,
// and what it points to.
func (e *reading) entryValue(b []byte) error {
	if e.r.Short {
		return nil
	}
	inner := reading{Place: e.Place, r: cursor.Reader{Bytes: b}}
	for inner.r.Left() > 0 {
		op := inner.r.U8()
		if of(op).kind == entry {
			return format.Errorf("has an expression with a DW_OP_entry_value in another one")
		}
		if err := inner.operation(op); err != nil {
			return err
		}
		if inner.r.Short {
			return format.Errorf("has an expression whose operation %#x ends past its DW_OP_entry_value's end", op)
		}
	}
	return nil
}

// jump reads the operand of a DW_OP_skip or DW_OP_bra.
func (e *reading) jump(op byte) error {
	distance := int(int16(e.r.U16()))
	if e.r.Short {
		return nil
	}
	to := e.r.At + distance
	switch {
	case distance < 0 && e.Unit != nil && ends(e.r.Bytes[:e.r.At]):
		e.stack = unreachable
		return nil
	case distance < 0:
		return format.Errorf("has an expression that jumps back at %#x: a debugger could go round for ever", e.r.At-3)
	case to > len(e.r.Bytes):
		return format.Errorf("has an expression that jumps at %#x to %#x, past its end", e.r.At-3, to)
	case e.open == len(e.jumps):
		return format.Errorf("has an expression with more than %d jumps over the same operation", len(e.jumps))
	}
	e.jumps[e.open] = jump{to, e.stack}
	if e.open == 0 || to < e.nearest {
		e.nearest = to
	}
	e.open++
	if op == opSkip {
		e.stack = unreachable
	}
	return nil
}

// land closes the jumps that go to where the next operation starts.
func (e *reading) land() error {
	if e.nearest < e.r.At {
		return format.Errorf("has an expression that jumps to %#x, into the middle of an operation", e.nearest)
	}
	open := e.jumps[:e.open]
	e.open, e.nearest = 0, len(e.r.Bytes)
	for _, j := range open {
		if j.to == e.r.At {
			e.stack = min(e.stack, j.stack)
			continue
		}
		e.jumps[e.open] = j
		e.open++
		e.nearest = min(e.nearest, j.to)
	}
	return nil
}

func (e *reading) register(number uint64) error {
	if !machine.Host.HasRegister(number) && !e.r.Short {
		return format.Errorf("has an expression with register %d, which the machine has not", number)
	}
	return nil
}

func (e *reading) addressRegister(number uint64) error {
	if e.Unit != nil {
		return e.register(number) // gcc takes numbers out of vector registers, too
	}
	if !machine.Host.HoldsAddress(number) && !e.r.Short {
		return format.Errorf("has an expression with an address in register %d, which holds none", number)
	}
	return nil
}

// baseType checks the offset of a type; 0 stands for that of addresses.
func (e *reading) baseType(offset uint64) error {
	if offset == 0 || e.r.Short {
		return nil
	}
	return e.Unit.Type(offset)
}
