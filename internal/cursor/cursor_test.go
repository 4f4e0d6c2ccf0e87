// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package cursor

import (
	"bytes"
	"testing"

	"pgregory.net/rapid"
)

// TestReaderReadsBack: a Reader finds what a Cursor wrote, and a Cursor without memory
// counts as many bytes; with a byte less the Reader comes out short.
func TestReaderReadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		small, large, signed := rapid.Uint32().Draw(t, "small"), rapid.Uint64().Draw(t, "large"), rapid.Int64().Draw(t, "signed")
		text := rapid.SliceOf(rapid.ByteRange(1, 255)).Draw(t, "text")
		write := func(c *Cursor) {
			c.U8(byte(small))
			c.U16(uint16(small))
			c.U32(small)
			c.U64(large)
			c.ULEB(large)
			c.SLEB(signed)
			c.String(text)
			c.Align(8, 0xff)
			c.U32(small)
		}
		var counting Cursor
		write(&counting)
		memory := make([]byte, counting.At())
		c := On(memory)
		write(&c)
		r := Reader{Bytes: memory}
		if r.U8() != byte(small) || r.U16() != uint16(small) || r.U32() != small || r.U64() != large || r.ULEB() != large {
			t.Fatalf("% x is read otherwise", memory)
		}
		r.ULEB()
		if read := r.String(); !bytes.Equal(read, text) {
			t.Fatalf("%q, not %q", read, text)
		}
		r.Skip(-uint64(r.At) & 7)
		if r.U32() != small || r.Left() != 0 || r.Short {
			t.Fatalf("at the end: %+v", r)
		}
		short := Reader{Bytes: memory[:len(memory)-1], At: len(memory) - 4}
		if short.U32() != 0 || !short.Short || short.Left() != 0 {
			t.Fatalf("a byte less: %+v", short)
		}
	})
}

// TestFits: what does not fit is counted, and nothing else is touched.
func TestFits(t *testing.T) {
	memory := []byte{1, 2, 3, 4, 5}
	c := On(memory[:3])
	c.U16(0)
	c.U32(0)
	if c.At() != 6 || !bytes.Equal(memory, []byte{0, 0, 3, 4, 5}) || c.Written(2, 4) != nil {
		t.Errorf("%d bytes, % x", c.At(), memory)
	}
}

// TestLength: both forms of DWARF's, and what is reserved.
func TestLength(t *testing.T) {
	for _, c := range []struct {
		bytes  string
		length uint64
		offset int
	}{
		{"\x05\x00\x00\x00", 5, 4},
		{"\xff\xff\xff\xff\x05\x00\x00\x00\x01\x00\x00\x00", 1<<32 + 5, 8},
		{"\xf0\xff\xff\xff", 1<<64 - 1, 4},
	} {
		r := Reader{Bytes: []byte(c.bytes)}
		if length, offset := r.Length(); length != c.length || offset != c.offset {
			t.Errorf("% x: %#x, offsets of %d bytes", c.bytes, length, offset)
		}
	}
}
