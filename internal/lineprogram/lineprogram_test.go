// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package lineprogram

import (
	"testing"

	"github.com/libjitdebug/libjitdebug/internal/abi"
	"github.com/libjitdebug/libjitdebug/internal/cursor"
)

// TestSequence: rows as bytes, each by the shortest opcode that says it.
func TestSequence(t *testing.T) {
	const end = "\x00\x01\x01" // DW_LNE_end_sequence
	for _, c := range []struct {
		name           string
		rows           []abi.Line
		size, prologue uint64
		want           string
	}{
		{"no row", nil, 5, 0, "\x02\x05" + end},
		{"a special opcode", []abi.Line{{Line: 1}}, 1, 0, "\x0a\x10" + "\x02\x01" + end},
		{"lines far apart", []abi.Line{{Line: 1}, {Offset: 1, Line: 100}}, 2, 0, "\x0a\x10" + "\x03\xe3\x00" + "\x1c" + "\x02\x01" + end},
		{"addresses far apart", []abi.Line{{Line: 1}, {Offset: 100, Line: 2}}, 101, 0, "\x0a\x10\x02\x64\x11" + "\x02\x01" + end},
		{"the last of one offset", []abi.Line{{Line: 7}, {Line: 1}}, 1, 0, "\x0a\x10" + "\x02\x01" + end},
		{"a column", []abi.Line{{Line: 1, Column: 4}}, 1, 0, "\x05\x04\x0a\x10" + "\x02\x01" + end},
		{"the prologue's end in a line", []abi.Line{{Line: 1}}, 8, 4, "\x10" + "\x0a\x40" + "\x02\x04" + end},
	} {
		var counting cursor.Cursor
		Sequence(&counting, c.rows, c.size, c.prologue)
		memory := make([]byte, counting.At())
		cu := cursor.On(memory)
		Sequence(&cu, c.rows, c.size, c.prologue)
		if string(memory) != c.want {
			t.Errorf("%s: % x, want % x", c.name, memory, c.want)
		}
	}
}
