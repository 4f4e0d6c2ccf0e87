// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package frame

import (
	"github.com/libjitdebug/libjitdebug/internal/cursor"
	"github.com/libjitdebug/libjitdebug/internal/machine"
)

// A writer writes call frame instructions.
type writer struct {
	*cursor.Cursor
	at int // the offset in the code up to which they have advanced
}

// advance writes that the next instructions hold from an offset in the code on.
func (w *writer) advance(at int) {
	switch distance := at - w.at; {
	case distance == 0:
	case distance < 0x40:
		w.U8(advance | byte(distance))
	case distance < 0x100:
		w.U8(advance1)
		w.U8(byte(distance))
	case distance < 0x10000:
		w.U8(advance2)
		w.U16(uint16(distance))
	default:
		w.U8(advance4)
		w.U32(uint32(distance))
	}
	w.at = at
}

func (w *writer) define(register byte, offset int) {
	w.U8(define)
	w.ULEB(uint64(register))
	w.ULEB(uint64(offset))
}

// saved writes where a register is saved, in words below the CFA.
func (w *writer) saved(register byte, words int) {
	w.U8(offset | register)
	w.ULEB(uint64(words))
}

// Pointer writes the call frame instructions of a function that keeps a frame pointer:
// the caller's frame pointer is saved where the function's points to, and the return
// address is next to it. It returns the length of the function's prologue in bytes, 0 if
// it begins with none that is known.
//
// That rule holds from the end of the prologue to the epilogues. What holds within them
// is read from the code, instruction by instruction from the entry on, as far as the
// instructions are known. Without code, or without a prologue that is known, the rule is
// written for the whole function. Data between the instructions can be taken for an
// epilogue, but then only the rules for the data themselves are wrong.
func Pointer(c *cursor.Cursor, m *machine.Machine, code []byte) (prologue int) {
	w := writer{Cursor: c}
	if m == &machine.AArch64 {
		return w.pointerAArch64(code)
	}
	return w.pointerX86(code)
}
