// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Package cursor writes numbers and strings one after another, as ELF and DWARF
// encode them.
//
// The memory is the caller's: an image lies in C memory, which has to be allocated
// first, and that may fail. So everything is written twice: first without memory, to
// count the bytes, and then into as much.
package cursor

import "unsafe"

// A Cursor is a position in memory that each write moves on. What does not fit into the
// memory is only counted, so the zero Cursor counts all.
type Cursor struct {
	memory []byte
	at     int
}

// On returns a cursor at the start of memory.
func On(memory []byte) Cursor { return Cursor{memory: memory} }

// At returns how many bytes have been written or counted.
func (c *Cursor) At() int { return c.at }

// next moves on by n bytes, and returns them, or nil if there is no memory for them.
func (c *Cursor) next(n int) []byte {
	at := c.at
	c.at += n
	if c.at > len(c.memory) {
		return nil
	}
	return c.memory[at:c.at]
}

// U8 writes a byte.
func (c *Cursor) U8(v byte) {
	if c.at < len(c.memory) {
		c.memory[c.at] = v
	}
	c.at++
}

// U16 writes a number of two bytes.
func (c *Cursor) U16(v uint16) {
	if b := c.next(2); b != nil {
		*(*[2]byte)(b) = *(*[2]byte)(unsafe.Pointer(&v))
	}
}

// U32 writes a number of four bytes.
func (c *Cursor) U32(v uint32) {
	if b := c.next(4); b != nil {
		*(*[4]byte)(b) = *(*[4]byte)(unsafe.Pointer(&v))
	}
}

// U64 writes a number of eight bytes.
func (c *Cursor) U64(v uint64) {
	if b := c.next(8); b != nil {
		*(*[8]byte)(b) = *(*[8]byte)(unsafe.Pointer(&v))
	}
}

// ULEB writes an unsigned LEB128.
func (c *Cursor) ULEB(v uint64) {
	for v >= 0x80 {
		c.U8(byte(v) | 0x80)
		v >>= 7
	}
	c.U8(byte(v))
}

// SLEB writes a signed LEB128.
func (c *Cursor) SLEB(v int64) {
	for v < -0x40 || v >= 0x40 {
		c.U8(byte(v) | 0x80)
		v >>= 7
	}
	c.U8(byte(v) & 0x7f)
}

// Bytes writes bytes as they are.
func (c *Cursor) Bytes(v []byte) { copy(c.next(len(v)), v) }

// Text writes the bytes of a string, without a NUL.
func (c *Cursor) Text(v string) { copy(c.next(len(v)), v) }

// String writes a string that has no NUL in it, and ends it in one.
func (c *Cursor) String(v []byte) {
	c.Bytes(v)
	c.U8(0)
}

// Align writes bytes until a multiple of alignment has been written.
func (c *Cursor) Align(alignment int, padding byte) {
	for c.at%alignment != 0 {
		c.U8(padding)
	}
}

// SetU32 overwrites the number of four bytes at an offset.
func (c *Cursor) SetU32(at int, v uint32) {
	if at+4 <= len(c.memory) {
		*(*[4]byte)(c.memory[at:]) = *(*[4]byte)(unsafe.Pointer(&v))
	}
}

// Skip moves on by n bytes without writing them.
func (c *Cursor) Skip(n int) { c.at += n }

// Written returns n bytes from an offset that the cursor has passed, or nil if there
// is no memory for them.
func (c *Cursor) Written(at, n int) []byte {
	if at+n > len(c.memory) {
		return nil
	}
	return c.memory[at : at+n]
}
