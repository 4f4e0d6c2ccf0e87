// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package cfi

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"

	"github.com/libjitdebug/libjitdebug/internal/machine"
)

// frameEntry is a CIE or an FDE of .debug_frame: its id, and what follows, filled up
// with DW_CFA_nop.
func frameEntry(id uint32, rest ...byte) []byte {
	for len(rest)%8 != 0 {
		rest = append(rest, 0)
	}
	e := binary.LittleEndian.AppendUint32(nil, uint32(4+len(rest)))
	return append(binary.LittleEndian.AppendUint32(e, id), rest...)
}

// describe is an FDE of the CIE at offset 0.
func describe(instructions ...byte) []byte {
	return frameEntry(0, append(make([]byte, 16), instructions...)...)
}

// A CIE of .debug_frame, and one that does not say where the CFA is, and an FDE of
// it, as a hand-written JIT has them.
var (
	cie        = frameEntry(0xffffffff, 1, 0, 1, 0x78, 16, 0x0c, 7, 8, 0x90, 1)
	cieWithout = frameEntry(0xffffffff, 1, 0, 1, 0x78, 16, 0x90, 1)
	fde        = describe(0x41, 0x0e, 16, 0x86, 2)
)

func TestCheck(t *testing.T) {
	section := bytes.Join([][]byte{cie, fde}, nil)
	if err := Check(section, false); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		at   int
		v    byte
		want string
	}{
		{0, 0xee, "entry at 0x0: its length is 0xee, the section ends 0x34 bytes later"},
		{8, 7, "CIE at 0x0: its version is 7, it can be 1, 3 and 4"},
		{12, 200, "CIE at 0x0: its return_address_register is 200, which the machine has not"},
		{13, 0x3f, "CIE at 0x0: its instruction at 0xd is 0x3f, which is unknown"},
		{28, 8, "FDE at 0x18: its CIE is at 0x8, and none in front of it starts there"},
		{28, 0x18, "FDE at 0x18: its CIE is at 0x18, and none in front of it starts there"},
		{48, 0x3f, "FDE at 0x18: its instruction at 0x30 is 0x3f, which is unknown"},
	} {
		wrong := bytes.Clone(section)
		wrong[c.at] = c.v
		if err := Check(wrong, false); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("byte %d is %#x: %v, want %q", c.at, c.v, err, c.want)
		}
	}
}

// TestRows: each row of an FDE has a CFA, from wherever that comes.
func TestRows(t *testing.T) {
	define := []byte{0x0c, 7, 8}
	nowhere := "has no CFA: neither the CIE nor the instructions from 0x28 on say where it is"
	for _, c := range []struct {
		name         string
		cie          []byte
		instructions []byte
		want         string
	}{
		{"by the CIE", cie, []byte{0x41}, ""},
		{"by the FDE", cieWithout, append(define, 0x41), ""},
		{"by nobody", cieWithout, nil, nowhere},
		{"by nobody, with an advance", cieWithout, []byte{0x41, 0x86, 2}, "FDE at 0x10: its row that ends at 0x28 " + nowhere},
		{"after an advance", cieWithout, append([]byte{0x41}, define...), nowhere},
		{"after a longer advance", cieWithout, append([]byte{0x02, 1}, define...), nowhere},
		{"after a place", cieWithout, append([]byte{0x01, 0, 0, 0, 0, 0, 0, 0, 0}, define...), nowhere},
		{"forgotten again", cieWithout, append(append([]byte{0x0a}, define...), 0x41, 0x0b), "has no CFA"},
		{"an offset alone", cieWithout, []byte{0x0e, 8}, "its instruction at 0x28 changes a CFA, and none is defined before it"},
		{"a register alone", cieWithout, []byte{0x0d, 7}, "its instruction at 0x28 changes a CFA, and none is defined before it"},
		{"in a CIE that goes on", frameEntry(0xffffffff, 1, 0, 1, 0x78, 16, 0x41, 0x0c, 7, 8), nil,
			"CIE at 0x0: its instruction at 0xd moves on to another row, in a CIE"},
	} {
		section := append(bytes.Clone(c.cie), describe(c.instructions...)...)
		err := Check(section, false)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
}

// TestAfterTheEnd: gdb goes on after the entry of no length that ends an .eh_frame.
func TestAfterTheEnd(t *testing.T) {
	section := append(make([]byte, 4), frameEntry(0, 1, 0, 1, 0x78, 16, 0x3f)...)
	if err := Check(section, true); err == nil || !strings.HasPrefix(err.Error(), "CIE at 0x4: its instruction at 0x11 is 0x3f") {
		t.Error(err)
	}
}

// TestEncodings: gdb ends itself over a pointer to a pointer to the code.
func TestEncodings(t *testing.T) {
	for encoding, want := range map[byte]string{0x1b: "", 0x9b: "its pointer encoding is 0x9b", 0x60: "its pointer encoding is 0x60"} {
		err := Check(frameEntry(0, 1, 'z', 'R', 0, 1, 0x78, 16, 1, encoding, 0x0c, 7, 8), true)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%#x: %v, want %q", encoding, err, want)
		}
	}
}

func TestCheckInstructions(t *testing.T) {
	for _, c := range []struct{ instructions, want string }{
		{"", ""},
		{"\x41\x0e\x10\x86\x02\x43\x0d\x06", ""}, // what push %rbp; mov %rsp, %rbp means
		{"\x0a\x41\x0e\x10\x0b\x0a\x0b", ""},
		{"\x0f\x0b\x77\x08\x80\x00\x3f\x1a\x3b\x2a\x33\x24\x22", ""}, // as in a procedure linkage table
		{"\x0e", "its instruction at 0x0 ends past its end at 0x1"},
		{"\x41\x3f", "its instruction at 0x1 is 0x3f, which is unknown"},
		{"\x0d\xff\xff\x7f", "its instruction at 0x0 takes the CFA from register 2097151, which holds no address"},
		{"\x0c\xa0\x1f\x08", "its instruction at 0x0 takes the CFA from register 4000, which holds no address"},
		{"\x05\xa0\x1f\x08", "its instruction at 0x0 is about register 4000, which the machine has not"},
		{"\x09\x06\xa0\x1f", "its instruction at 0x0 is about register 4000, which the machine has not"},
		{"\x09\xa0\x1f\x06", "its instruction at 0x0 is about register 4000, which the machine has not"},
		{"\xee", "its instruction at 0x0 restores register 46, for which gdb has no name"},
		{"\x06\x2e", "its instruction at 0x0 restores register 46, for which gdb has no name"},
		{"\x85\x02\xc5\xf1\x06\x40", ""}, // flags, MXCSR
		{"\x41\x0b", "its instruction at 0x1 restores a state, and none was remembered"},
		{"\x0a\x0b\x0b", "its instruction at 0x2 restores a state, and none was remembered"},
		{strings.Repeat("\x0a", 33), "its instruction at 0x20 remembers a state, and 32 are remembered already"},
		{"\x0f\x09\x30", "its instruction at 0x0 ends past its end at 0x3"},
		{"\x0f\x00", "its instruction at 0x0 has an expression that leaves nothing on the stack"},
		{"\x10\x06\x00", ""}, // the CFA itself
		{"\x0f\x03\x2f\xfd\xff", "its instruction at 0x0 has an expression that jumps back at 0x0: a debugger could go round for ever"},
		{"\x10\x06\x04\x30\x2f\xfc\xff", "its instruction at 0x0 has an expression that jumps back at 0x1"},
		{"\x16\x06\x01\x9c", "its instruction at 0x0 has an expression with operation 0x9c, which is unknown in call frame information"},
	} {
		err := CheckInstructions([]byte(c.instructions))
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.HasPrefix(err.Error(), c.want)) {
			t.Errorf("% x: %v, want %q", c.instructions, err, c.want)
		}
	}
	if err := CheckInstructions([]byte{0x2d}); (err == nil) != (machine.Host == &machine.AArch64) {
		t.Error(err)
	}
}
