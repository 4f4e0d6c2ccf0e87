// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package expression

import (
	"bytes"
	"errors"
	"strings"
	"testing"
)

// unit is one of 0x100 bytes with four addresses.
type unit struct{}

func (unit) Address(index uint64) error { return outside(index, 4) }
func (unit) Type(offset uint64) error   { return outside(offset, 0x100) }
func (unit) Entry(offset uint64, section, calls bool) error {
	return outside(offset, 0x100)
}

func outside(v, end uint64) error {
	if v >= end {
		return errors.New("is outside")
	}
	return nil
}

func TestExpressions(t *testing.T) {
	for _, c := range []struct{ bytes, want string }{
		{"", ""},
		{"\x91\x6c", "has an expression with DW_OP_fbreg (0x91) outside of a function"},
		{"\x50\x93\x04\x93\x04", ""},           // half of it in reg0
		{"\x9e\x02\x01\x02", ""},               // implicit_value
		{"\xa3\x01\x55\x9f", ""},               // entry_value
		{"\x30\x28\x01\x00\x96\x31\x9f", ""},   // bra over a nop
		{"\x30\x2f\x01\x00\x30\x9f", ""},       // skip to the last
		{"\x30\xa8\x20\x9f", ""},               // convert
		{"\xa1\x03", ""},                       // addrx
		{"\x90\x76", ""},                       // regx of a mask register
		{"\x98\x10\x00", ""},                   // call2
		{"\xa1\x04", "is outside"},             //
		{"\x30\xa8\x80\x02", "is outside"},     //
		{"\x99\x00\x01\x00\x00", "is outside"}, //
		{"\x01", "has an expression with operation 0x1, which is unknown"},
		{"\xe9", "has an expression with operation 0xe9, which is unknown"},
		{"\x0c\x01", "has an expression whose operation 0xc ends past its end"},
		{"\x06", "has an expression whose operation 0x6 takes 1 from a stack of 0"},
		{"\x30\x22", "has an expression whose operation 0x22 takes 2 from a stack of 1"},
		{"\x30\x15\x01", "has an expression that picks value 1 of a stack of 1"},
		{"\x30\x94\x09", "has an expression whose operation 0x94 reads 9 bytes for an address of 8"},
		{"\x30\x94\x00", "has an expression whose operation 0x94 reads 0 bytes for an address of 8"},
		{"\x90\xa0\x1f", "has an expression with register 4000, which the machine has not"},
		{"\x92\xa0\x1f\x00", "has an expression with register 4000, which the machine has not"},
		{"\x92\x11\x00", ""}, // a vector register
		{"\x30\x28\xfc\xff", "has an expression that jumps back at 0x1: a debugger could go round for ever"},
		{"\x2f\xfd\xff", "has an expression that jumps back at 0x0"},
		{"\x2f\x01\x00", "has an expression that jumps at 0x0 to 0x4, past its end"},
		{"\x2f\x01\x00\x0a\x2f\xfc", "has an expression that jumps to 0x4, into the middle of an operation"},
		{"\x30\x28\x01\x00\x30\x22", "has an expression whose operation 0x22 takes 2 from a stack of 0"},
		{"\xa3\x03\xa3\x01\x55", "has an expression with a DW_OP_entry_value in another one"},
		{"\xa3\x02\x0a\x55", "has an expression whose operation 0xa ends past its DW_OP_entry_value's end"},
		{strings.Repeat("\x30\x28\xfe\x7f", 40) + strings.Repeat("\x96", 0x7fff), "has an expression with more than 32 jumps over the same operation"},
	} {
		err := Check([]byte(c.bytes), Place{Unit: unit{}, AddrSize: 8, OffsetSize: 4})
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.HasPrefix(err.Error(), c.want)) {
			t.Errorf("% x: %v, want %q", c.bytes[:min(len(c.bytes), 16)], err, c.want)
		}
	}
}

// TestStack: what a debugger puts there first counts.
func TestStack(t *testing.T) {
	for stack, want := range []bool{false, true} {
		if err := Check([]byte("\x23\x08"), Place{Unit: unit{}, AddrSize: 8, OffsetSize: 4, Stack: stack}); (err == nil) != want {
			t.Errorf("plus_uconst on a stack of %d: %v", stack, err)
		}
	}
}

// TestLoops: those of gcc's end, and what is another in one byte is not taken for one,
// nor is one accepted in call frame information.
func TestLoops(t *testing.T) {
	for _, loop := range loops {
		b := []byte("\x70\x00" + loop + "\x13\x9f")
		in := Place{Unit: unit{}, AddrSize: 8, OffsetSize: 4}
		if err := Check(b, in); err != nil {
			t.Errorf("% x: %v", b, err)
		}
		if err := Check(b, Place{AddrSize: 8}); err == nil {
			t.Errorf("% x: accepted in call frame information", b)
		}
		for i := 2; i < len(b)-2; i++ {
			other := bytes.Clone(b)
			other[i] ^= 1
			if Check(other, in) == nil && !bytes.Contains(other, []byte("\x2e")) { // 0x2e is skip, but for a bit
				t.Errorf("% x: accepted with another byte at %d", other, i)
			}
		}
	}
}
