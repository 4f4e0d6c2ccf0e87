// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package debuginfo

import (
	"debug/dwarf"
	"encoding/binary"
	"io"
	"testing"

	"github.com/libjitdebug/libjitdebug/internal/abi"
	"github.com/libjitdebug/libjitdebug/internal/cursor"
	"github.com/libjitdebug/libjitdebug/internal/lineprogram"
)

// written is what write writes.
func written(write func(c *cursor.Cursor)) []byte {
	var counting cursor.Cursor
	write(&counting)
	memory := make([]byte, counting.At())
	c := cursor.On(memory)
	write(&c)
	return memory
}

// TestUnit: a function with lines, as Go's readers see it.
func TestUnit(t *testing.T) {
	file, texts := []byte("/src/hot.js"), []byte("\x00/src/hot.js\x00add\x00")
	const fileAt, nameAt = 1, 13
	rows := []abi.Line{{Offset: 0, Line: 5}, {Offset: 4, Line: 6, Column: 3}, {Offset: 300, Line: 2}}
	info := written(func(c *cursor.Cursor) {
		u := Start(c, false, 0, fileAt, 0)
		u.Function(c, 0x1000, 0x200, nameAt, 0, 5, false)
		u.End(c)
	})
	line := written(func(c *cursor.Cursor) {
		start := lineprogram.Start(c, file)
		lineprogram.Address(c, 0x1000)
		lineprogram.Sequence(c, rows, 0x200, 0)
		lineprogram.End(c, start)
	})
	ranges := written(func(c *cursor.Cursor) {
		Range(c, 0x1000, 0x200)
		EndRanges(c)
	})
	data, err := dwarf.New([]byte(Abbreviations), nil, nil, info, line, nil, ranges, texts)
	if err != nil {
		t.Fatal(err)
	}
	reader := data.Reader()
	if order := reader.ByteOrder(); order != binary.LittleEndian {
		t.Errorf("%v", order)
	}
	unit, err := reader.Next()
	if err != nil || unit == nil || unit.Tag != dwarf.TagCompileUnit {
		t.Fatalf("the unit is %v (%v)", unit, err)
	}
	if where, err := data.Ranges(unit); err != nil || len(where) != 1 || where[0] != [2]uint64{0x1000, 0x1200} {
		t.Errorf("ranges %#x (%v)", where, err)
	}
	function, err := reader.Next()
	if err != nil || function == nil || function.Val(dwarf.AttrName) != "add" || function.Val(dwarf.AttrDeclLine) != int64(5) {
		t.Errorf("the function is %v (%v)", function, err)
	}
	lines, err := data.LineReader(unit)
	if err != nil {
		t.Fatal(err)
	}
	var e dwarf.LineEntry
	for _, row := range rows {
		if err := lines.Next(&e); err != nil || e.Address != 0x1000+row.Offset || e.Line != int(row.Line) || e.Column != int(row.Column) {
			t.Errorf("%+v (%v), not %+v", e, err, row)
		}
	}
	if err := lines.Next(&e); err != nil || !e.EndSequence || e.Address != 0x1200 {
		t.Errorf("the end is %+v (%v)", e, err)
	}
	if err := lines.Next(&e); err != io.EOF {
		t.Errorf("behind the end: %+v (%v)", e, err)
	}
}

// TestKindsOfNames: what debuggers would make of names.
func TestKindsOfNames(t *testing.T) {
	for _, c := range []struct {
		name                      string
		encoded, encodable, plain bool
	}{
		{"add", false, true, true},
		{"fooB", false, true, false},     // Ada's foo
		{"fooBar", false, true, false},   // Ada's, too
		{"foo__bar", false, true, false}, // Ada's foo.bar
		{"f (x)", false, true, false},    // C++'s f(x)
		{"_Z3fooi", true, true, false},   // C++'s foo(int)
		{"a@b", false, false, false},     // a version
		{"2nd", false, false, false},
		{"_GLOBAL_x", false, false, false},
		{"unsigned", false, true, true},
	} {
		name := []byte(c.name)
		if got := Encoded(name); got != c.encoded {
			t.Errorf("Encoded(%s) is %v", name, got)
		}
		if got := Encodable(name); got != c.encodable {
			t.Errorf("Encodable(%s) is %v", name, got)
		}
		if got := Plain(name); got != c.plain {
			t.Errorf("Plain(%s) is %v", name, got)
		}
	}
	if got := written(func(c *cursor.Cursor) { Encode(c, []byte("_Z3fooi")) }); string(got) != "_Z7_Z3fooi\x00" {
		t.Errorf("encoded it is %q", got)
	}
}
