package frame

import (
	"github.com/libjitdebug/libjitdebug/internal/cursor"
	"github.com/libjitdebug/libjitdebug/internal/machine"
)

// A writer of instructions that knows how far it has come in the code.
type writer struct {
	*cursor.Cursor
	at int
}

// advance writes that what follows holds from offset at of the code on.
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

// saved writes where a register is, in words below the CFA.
func (w *writer) saved(register byte, words int) {
	w.U8(offset | register)
	w.ULEB(uint64(words))
}

// Pointer writes the instructions of a function that keeps a frame pointer: the
// caller's frame pointer is where the function's points to, the return address
// next to it. It returns how many bytes of the code are its prologue, 0 if that is not
// known.
//
// That is so from the end of the prologue to the epilogue. Around that the code,
// if it is there to be read, says what holds: instruction by instruction from the
// entry on, until there is one that is not known. Data between the code can do
// harm only where they look like an epilogue, and there to themselves.
func Pointer(c *cursor.Cursor, m *machine.Machine, code []byte) (prologue int) {
	w := writer{Cursor: c}
	if m == &machine.AArch64 {
		return w.pointerAArch64(code)
	}
	return w.pointerX86(code)
}
