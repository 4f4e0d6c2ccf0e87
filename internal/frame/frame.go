// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Package frame writes .debug_frame, DWARF version 4: how to get from a frame to
// its caller's.
package frame

import (
	"unsafe"

	"github.com/libjitdebug/libjitdebug/internal/cursor"
	"github.com/libjitdebug/libjitdebug/internal/machine"
)

// The alignment factors of the CIE: an advance is in bytes, an offset from the CFA in
// words of 8 bytes, downwards. They are part of the contract, because a caller's own
// instructions depend on them.
const (
	CodeAlignment = 1
	DataAlignment = -8
)

const (
	advance        = 0x40 // DW_CFA_advance_loc, with the distance
	offset         = 0x80 // DW_CFA_offset, with the register
	restore        = 0xc0 // DW_CFA_restore, with the register
	advance1       = 0x02
	advance2       = 0x03
	advance4       = 0x04
	define         = 0x0c // DW_CFA_def_cfa
	defineRegister = 0x0d // DW_CFA_def_cfa_register
	defineOffset   = 0x0e // DW_CFA_def_cfa_offset
	rememberState  = 0x0a
	restoreState   = 0x0b
	nop            = 0
)

// Common writes the CIE to which all FDEs that Describe writes refer, with the state at a
// function's entry. It must be the first entry of its section.
func Common(c *cursor.Cursor, m *machine.Machine) {
	c.U32(0)
	start := c.At()
	c.U32(0xffffffff) // CIE_id
	c.U8(4)           // version
	c.U8(0)           // no augmentation
	c.U8(8)           // address_size
	c.U8(0)           // segment_selector_size
	c.ULEB(CodeAlignment)
	c.SLEB(DataAlignment)
	c.ULEB(uint64(m.ReturnAddress))
	c.U8(define)
	c.ULEB(uint64(m.StackPointer))
	c.ULEB(uint64(m.Pushed))
	if m.Pushed != 0 {
		c.U8(offset | m.ReturnAddress)
		c.ULEB(1)
	}
	c.Align(8, nop)
	c.SetU32(start-4, uint32(c.At()-start))
}

// Describe writes the FDE of a function, whose instructions start from the state
// at its entry.
func Describe(c *cursor.Cursor, address, size uint64, instructions []byte) {
	c.U32(0)
	start := c.At()
	c.U32(0) // CIE_pointer: the first entry
	c.U64(address)
	c.U64(size)
	c.Bytes(instructions)
	c.Align(8, nop)
	c.SetU32(start-4, uint32(c.At()-start))
}

// Instructions is where a description's instructions are, from its start.
const Instructions = 24

// CommonSize is how many bytes Common writes, at most.
const CommonSize = 32

// Size returns how many bytes Describe writes, for so many of instructions.
func Size(instructions int) int { return (Instructions + instructions + 7) &^ 7 }

// CrossOut makes a description one of no address, by one store.
func CrossOut(description []byte) {
	*(*uint64)(unsafe.Pointer(&description[Instructions-8])) = 0
}
