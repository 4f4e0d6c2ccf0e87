// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package cursor

import (
	"bytes"

	"github.com/libjitdebug/libjitdebug/internal/endian"
)

// A Reader reads what a Cursor writes, from bytes that need not be right. What would lie
// past their end reads as zero, and sets Short.
type Reader struct {
	Bytes []byte
	At    int
	Short bool
}

var le = endian.Little

// Left returns how many bytes have not been read.
func (r *Reader) Left() int { return len(r.Bytes) - r.At }

// Take returns the next n bytes, or nil.
func (r *Reader) Take(n uint64) []byte {
	if n > uint64(r.Left()) {
		r.At, r.Short = len(r.Bytes), true
		return nil
	}
	b := r.Bytes[r.At : r.At+int(n)]
	r.At += int(n)
	return b
}

// Skip moves on by n bytes.
func (r *Reader) Skip(n uint64) { r.Take(n) }

func (r *Reader) U8() byte {
	if r.At >= len(r.Bytes) {
		r.Short = true
		return 0
	}
	r.At++
	return r.Bytes[r.At-1]
}

func (r *Reader) U16() uint16 {
	if b := r.Take(2); b != nil {
		return le.Uint16(b)
	}
	return 0
}

func (r *Reader) U32() uint32 {
	if b := r.Take(4); b != nil {
		return le.Uint32(b)
	}
	return 0
}

func (r *Reader) U64() uint64 {
	if b := r.Take(8); b != nil {
		return le.Uint64(b)
	}
	return 0
}

// Uint reads an unsigned number of size bytes.
func (r *Reader) Uint(size int) (v uint64) {
	switch size {
	case 4:
		return uint64(r.U32())
	case 8:
		return r.U64()
	}
	for i, c := range r.Take(uint64(size)) {
		v |= uint64(c) << (8 * i)
	}
	return v
}

// ULEB reads an unsigned LEB128, and drops bits beyond 64. It also serves to skip a
// signed one. Most numbers have one byte.
func (r *Reader) ULEB() uint64 {
	if r.At < len(r.Bytes) {
		if c := r.Bytes[r.At]; c < 0x80 {
			r.At++
			return uint64(c)
		}
	}
	return r.longULEB()
}

func (r *Reader) longULEB() (v uint64) {
	for shift := uint(0); ; shift += 7 {
		c := r.U8()
		v |= uint64(c&0x7f) << shift
		if c < 0x80 {
			return v
		}
	}
}

// String reads a string that ends in a NUL, and returns it without that; all that
// is left, if there is none.
func (r *Reader) String() []byte {
	rest := r.Bytes[r.At:]
	end := bytes.IndexByte(rest, 0)
	if end < 0 {
		r.At, r.Short = len(r.Bytes), true
		return rest
	}
	r.At += end + 1
	return rest[:end]
}

// Length reads the initial length of a DWARF unit, and returns it with the size of
// offsets in the unit, 4 or 8 bytes. A reserved length is returned as one that is too
// long for any section.
func (r *Reader) Length() (length uint64, offset int) {
	switch n := r.U32(); {
	case n == 0xffffffff:
		return r.U64(), 8
	case n >= 0xfffffff0:
		return 1<<64 - 1, 4
	default:
		return uint64(n), 4
	}
}
