package cfi

import (
	"bytes"
	"strings"
	"testing"
)

// A CIE of .debug_frame and an FDE of it, as a hand-written JIT has them.
var (
	cie = []byte{20, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 1, 0, 1, 0x78, 16, 0x0c, 7, 8, 0x90, 1, 0, 0, 0, 0, 0, 0}
	fde = append([]byte{28, 0, 0, 0, 0, 0, 0, 0}, append(make([]byte, 16), 0x41, 0x0e, 16, 0x86, 2, 0, 0, 0)...)
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
		{13, 0x3f, "CIE at 0x0: its instruction at 0xd is 0x3f, which is unknown"},
		{28, 8, "FDE at 0x18: its CIE at 0x8: "},
		{28, 0xff, "FDE at 0x18: its CIE at 0xff: the section has 0x38 bytes"},
		{48, 0x3f, "FDE at 0x18: its instruction at 0x30 is 0x3f, which is unknown"},
	} {
		wrong := bytes.Clone(section)
		wrong[c.at] = c.v
		if err := Check(wrong, false); err == nil || !strings.HasPrefix(err.Error(), c.want) {
			t.Errorf("byte %d is %#x: %v, want %q", c.at, c.v, err, c.want)
		}
	}
}

func TestCheckInstructions(t *testing.T) {
	for _, c := range []struct{ instructions, want string }{
		{"", ""},
		{"\x41\x0e\x10\x86\x02\x43\x0d\x06", ""}, // what push %rbp; mov %rsp, %rbp means
		{"\x0e", "its instruction at 0x0 ends past its end at 0x1"},
		{"\x41\x3f", "its instruction at 0x1 is 0x3f, which is unknown"},
		{"\x0d\xff\xff\x7f", "its instruction at 0x0 is about register 2097151, no machine has so many"},
		{"\x0f\x09\x30", "its instruction at 0x0 ends past its end at 0x3"},
	} {
		err := CheckInstructions([]byte(c.instructions))
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.HasPrefix(err.Error(), c.want)) {
			t.Errorf("% x: %v, want %q", c.instructions, err, c.want)
		}
	}
}
