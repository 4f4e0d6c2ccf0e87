// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package function

import (
	"bytes"
	"testing"
	"unsafe"

	"github.com/libjitdebug/libjitdebug/internal/abi"
	"github.com/libjitdebug/libjitdebug/internal/machine"
)

// kept is what functions refer to by address, which to the garbage collector is a
// number.
var kept []any

func address[T any](of *T) uintptr {
	kept = append(kept, of)
	return uintptr(unsafe.Pointer(of))
}

func text(s string) uintptr { return address(&append([]byte(s), 0)[0]) }

func read(t *testing.T, given []abi.Function) abi.Functions {
	t.Helper()
	for i := range given {
		given[i].StructSize = uint32(unsafe.Sizeof(given[i]))
	}
	functions, _, err := abi.ReadFunctions(address(&given[0]), uintptr(len(given)), 0)
	if err != nil {
		t.Fatal(err)
	}
	return functions
}

// encode makes the records of functions, in Go's memory.
func encode(t *testing.T, given ...abi.Function) []Record {
	t.Helper()
	functions := read(t, given)
	all := make([]Record, len(given))
	size, err := Encode(&functions, nil, machine.Host, all)
	if err != nil {
		t.Fatal(err)
	}
	memory := make([]byte, size)
	kept = append(kept, memory)
	if again, err := Encode(&functions, memory, machine.Host, all); err != nil || again != size {
		t.Fatalf("%d bytes (%v), not %d", again, err, size)
	}
	return all
}

// TestRecord: a record says what the caller said, with the lines and the frames
// encoded as DWARF has them.
func TestRecord(t *testing.T) {
	lines := []abi.Line{{Offset: 0, Line: 7}, {Offset: 4, Line: 5, Column: 2}, {Offset: 8, Line: 0}}
	instructions := []byte{0x0e, 16} // DW_CFA_def_cfa_offset: 16
	all := encode(t,
		abi.Function{Name: text("hot"), Address: 0x1000, Size: 64, File: text("/src/hot.js"),
			Lines: address(&lines[0]), LineCount: 3, Unwind: abi.UNWIND_CFI, CFI: address(&instructions[0]), CFISize: 2},
		abi.Function{Name: text("_Z3fooi"), Address: 0x2000, Size: 8})

	hot := &all[0]
	if hot.Address != 0x1000 || hot.Size != 64 || string(hot.Name.Bytes()) != "hot" || string(hot.File.Bytes()) != "/src/hot.js" {
		t.Errorf("%#x, %d bytes, %q of %q", hot.Address, hot.Size, hot.Name.Bytes(), hot.File.Bytes())
	}
	if hot.Line != 5 {
		t.Errorf("the lowest line is %d, and 5 was given; 0 is no line", hot.Line)
	}
	if got := hot.Frame.Bytes(); !hot.Described || !bytes.Equal(got, instructions) {
		t.Errorf("frame % x, %v", got, hot.Described)
	}
	if got := hot.Lines.Bytes(); !bytes.HasSuffix(got, []byte{0, 1, 1}) { // DW_LNE_end_sequence
		t.Errorf("the line program's sequence is % x", got)
	}
	if hot.Encoded || !hot.Plain {
		t.Errorf("%q: encoded %v, plain %v", hot.Name.Bytes(), hot.Encoded, hot.Plain)
	}

	foo := &all[1]
	if string(foo.Name.Bytes()) != "_Z3fooi" || len(foo.File.Bytes()) != 0 || len(foo.Lines.Bytes()) != 0 || foo.Line != 0 {
		t.Errorf("%q of %q, lines % x from %d", foo.Name.Bytes(), foo.File.Bytes(), foo.Lines.Bytes(), foo.Line)
	}
	if foo.Described || !foo.Encoded {
		t.Errorf("%q: described %v, encoded %v", foo.Name.Bytes(), foo.Described, foo.Encoded)
	}
}

// TestShareUnit: functions share a unit if they are from one file, and their names
// are read alike.
func TestShareUnit(t *testing.T) {
	file := func(name, path string) abi.Function {
		return abi.Function{Name: text(name), Address: 0x1000, Size: 8, File: text(path)}
	}
	all := encode(t, file("f", "/a"), file("g", "/a"), file("h", "/b"), file("_Z3fooi", "/a"))
	for i, want := range []bool{true, true, false, false} {
		if got := ShareUnit(&all[0], &all[i]); got != want {
			t.Errorf("%s of %s and %s of %s: %v", all[0].Name.Bytes(), all[0].File.Bytes(), all[i].Name.Bytes(), all[i].File.Bytes(), got)
		}
	}
}

// TestOverlap: an overlap is told with the numbers that the caller gave.
func TestOverlap(t *testing.T) {
	at := func(name string, address, size uintptr) abi.Function {
		return abi.Function{Name: text(name), Address: address, Size: size}
	}
	order := make([]*Record, 3)
	if err := CheckOverlap(encode(t, at("c", 0x3000, 16), at("b", 0x2000, 16), at("a", 0x1000, 0x1000)), order); err != nil {
		t.Error(err)
	}
	if order[0].Address != 0x1000 || order[2].Address != 0x3000 {
		t.Errorf("the order is %#x, %#x, %#x", order[0].Address, order[1].Address, order[2].Address)
	}
	err := CheckOverlap(encode(t, at("c", 0x3000, 16), at("b", 0x2000, 16), at("a", 0x1000, 0x1001)), order)
	const want = `functions[1] "b": address 0x2000 is within functions[2] "a", 4097 bytes at 0x1000`
	if err == nil || err.Error() != want {
		t.Errorf("%v, not: %s", err, want)
	}
}

// TestTooLittleMemory: Encode says how much it needs, and writes no more than there is.
func TestTooLittleMemory(t *testing.T) {
	lines := []abi.Line{{Offset: 0, Line: 7}, {Offset: 4, Line: 5}}
	functions := read(t, []abi.Function{{Name: text("hot"), Address: 0x1000, Size: 64, File: text("/a"), Lines: address(&lines[0]), LineCount: 2}})
	memory := []byte{1, 2, 3, 0xee}
	size, err := Encode(&functions, memory[:3:3], machine.Host, make([]Record, 1))
	if err != nil || size <= 3 || memory[3] != 0xee {
		t.Errorf("%d bytes (%v), and then % x", size, err, memory[3])
	}
}
