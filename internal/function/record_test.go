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

// records are those of functions, in Go's memory.
func records(t *testing.T, given ...abi.Function) []*Record {
	t.Helper()
	functions := read(t, given)
	size, err := Size(&functions, machine.Host)
	if err != nil {
		t.Fatal(err)
	}
	memory := make([]uint64, size/8)
	all := make([]*Record, len(given))
	if err := Write(&functions, unsafe.Slice((*byte)(unsafe.Pointer(&memory[0])), size), machine.Host, all); err != nil {
		t.Fatal(err)
	}
	return all
}

// TestRecord: a record says what the caller said, with the lines and the frames
// encoded as DWARF has them; the next record lies behind it.
func TestRecord(t *testing.T) {
	lines := []abi.Line{{Offset: 0, Line: 7}, {Offset: 4, Line: 5, Column: 2}, {Offset: 8, Line: 0}}
	instructions := []byte{0x0e, 16} // DW_CFA_def_cfa_offset: 16
	all := records(t,
		abi.Function{Name: text("hot"), Address: 0x1000, Size: 64, File: text("/src/hot.js"),
			Lines: address(&lines[0]), LineCount: 3, Unwind: abi.UNWIND_CFI, CFI: address(&instructions[0]), CFISize: 2},
		abi.Function{Name: text("_Z3fooi"), Address: 0x2000, Size: 8})

	hot := all[0]
	if hot.Address != 0x1000 || hot.Size != 64 || string(hot.Name()) != "hot" || string(hot.File()) != "/src/hot.js" {
		t.Errorf("%#x, %d bytes, %q of %q", hot.Address, hot.Size, hot.Name(), hot.File())
	}
	if hot.Line != 5 {
		t.Errorf("the lowest line is %d, and 5 was given; 0 is no line", hot.Line)
	}
	if got, described := hot.Frame(); !described || !bytes.Equal(got, instructions) {
		t.Errorf("frame % x, %v", got, described)
	}
	if got := hot.Lines(); !bytes.HasSuffix(got, []byte{0, 1, 1}) { // DW_LNE_end_sequence
		t.Errorf("the line program's sequence is % x", got)
	}
	if hot.Encoded || !hot.Plain {
		t.Errorf("%q: encoded %v, plain %v", hot.Name(), hot.Encoded, hot.Plain)
	}

	foo := hot.Next()
	if foo != all[1] || string(foo.Name()) != "_Z3fooi" || len(foo.File()) != 0 || len(foo.Lines()) != 0 || foo.Line != 0 {
		t.Errorf("%q of %q, lines % x from %d", foo.Name(), foo.File(), foo.Lines(), foo.Line)
	}
	if _, described := foo.Frame(); described || !foo.Encoded {
		t.Errorf("%q: described %v, encoded %v", foo.Name(), described, foo.Encoded)
	}
}

// TestShareUnit: functions share a unit if they are from one file, and their names
// are read alike.
func TestShareUnit(t *testing.T) {
	file := func(name, path string) abi.Function {
		return abi.Function{Name: text(name), Address: 0x1000, Size: 8, File: text(path)}
	}
	all := records(t, file("f", "/a"), file("g", "/a"), file("h", "/b"), file("_Z3fooi", "/a"))
	for i, want := range []bool{true, true, false, false} {
		if got := ShareUnit(all[0], all[i]); got != want {
			t.Errorf("%s of %s and %s of %s: %v", all[0].Name(), all[0].File(), all[i].Name(), all[i].File(), got)
		}
	}
}

// TestOverlap: an overlap is told with the numbers that the caller gave.
func TestOverlap(t *testing.T) {
	at := func(name string, address, size uintptr) abi.Function {
		return abi.Function{Name: text(name), Address: address, Size: size}
	}
	all := records(t, at("c", 0x3000, 16), at("b", 0x2000, 16), at("a", 0x1000, 0x1000))
	if err := CheckOverlap(all); err != nil {
		t.Error(err)
	}
	if all[0].Address != 0x1000 || all[2].Address != 0x3000 {
		t.Errorf("the order is %#x, %#x, %#x", all[0].Address, all[1].Address, all[2].Address)
	}
	err := CheckOverlap(records(t, at("c", 0x3000, 16), at("b", 0x2000, 16), at("a", 0x1000, 0x1001)))
	const want = `functions[1] "b": address 0x2000 is within functions[2] "a", 4097 bytes at 0x1000`
	if err == nil || err.Error() != want {
		t.Errorf("%v, not: %s", err, want)
	}
}

// TestChanged: functions that change between Size and Write are refused.
func TestChanged(t *testing.T) {
	given := []abi.Function{{Name: text("short"), Address: 0x1000, Size: 8}}
	functions := read(t, given)
	size, err := Size(&functions, machine.Host)
	if err != nil {
		t.Fatal(err)
	}
	given[0].Name = text("a name that takes more room than the one before")
	memory := make([]uint64, size/8)
	if err := Write(&functions, unsafe.Slice((*byte)(unsafe.Pointer(&memory[0])), size), machine.Host, make([]*Record, 1)); err == nil {
		t.Error("what no longer fits was written")
	}
}
