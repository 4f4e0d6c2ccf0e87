// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package leaf

import (
	"bytes"
	"debug/dwarf"
	"debug/elf"
	"fmt"
	"math/rand/v2"
	"testing"
	"unsafe"

	"github.com/libjitdebug/libjitdebug/internal/abi"
	"github.com/libjitdebug/libjitdebug/internal/function"
	"github.com/libjitdebug/libjitdebug/internal/gdbjit"
	"github.com/libjitdebug/libjitdebug/internal/machine"
	"github.com/libjitdebug/libjitdebug/internal/symfile"
)

// A described function is what a debugger should know of one.
type described struct {
	address, size uint64
	name, file    string
	line          int
}

// registered are functions of one call.
type registered struct {
	functions []described
	refs      []Ref
}

// TestModel adds and removes functions at random, several in a call, over each other,
// among others' code, while nobody, gdb or lldb watches, and compares what the images on
// the list say, to Go's readers, with a plain list of functions.
func TestModel(t *testing.T) {
	defer func() { watching = gdbjit.Watching }()
	const (
		base  = 0x200000000000
		space = 1 << 19
		most  = 1500
	)
	for seed := range uint64(3) {
		random := rand.New(rand.NewPCG(seed, 0))
		var s Set
		var live []*registered
		who := gdbjit.Nobody
		watching = func() gdbjit.Watcher { return who }
		add := func() {
			r := &registered{}
			at := base + random.Uint64N(space)
			for n := 1 + random.IntN(4)*random.IntN(2)*random.IntN(8); n > 0; n-- {
				f := described{address: at, size: 1 + random.Uint64N(200), line: 1 + random.IntN(1000)}
				f.name = []string{"plain", "fooB", "a@b", "_Z3fooi", "x.1", "js:/a.js f"}[random.IntN(6)] + fmt.Sprint(random.IntN(100))
				f.file = []string{"", "/a.lang", "/b.lang"}[random.IntN(3)]
				r.functions = append(r.functions, f)
				at += f.size + random.Uint64N(16)*random.Uint64N(700)
			}
			r.refs = make([]Ref, len(r.functions))
			if !s.Add(records(t, r.functions), r.refs, uintptr(unsafe.Pointer(&r.refs[0]))) {
				t.Fatal("no memory")
			}
			live = append(live, r)
		}
		drop := func(i int) {
			s.Remove(live[i].refs)
			live[i] = live[len(live)-1]
			live = live[:len(live)-1]
		}
		for step := range 6000 {
			if step%500 == 0 {
				who = []gdbjit.Watcher{gdbjit.Nobody, gdbjit.Other, gdbjit.LLDB}[random.IntN(3)]
			}
			if growing := step/most%2 == 0; random.IntN(4) != 0 == growing || len(live) == 0 {
				add()
			} else {
				drop(random.IntN(len(live)))
			}
			if step%100 == 0 {
				compare(t, live)
			}
			s.TakeGarbage().Free()
		}
		for len(live) != 0 {
			drop(0)
		}
		compare(t, nil)
		s.TakeGarbage().Free()
	}
}

// kept is what records refer to by address, which to the collector is a number.
var kept []any

func text(s string) uintptr {
	b := append([]byte(s), 0)
	kept = append(kept, b)
	return uintptr(unsafe.Pointer(&b[0]))
}

func records(t *testing.T, functions []described) []*function.Record {
	t.Helper()
	given := make([]abi.Function, len(functions))
	for i, f := range functions {
		given[i] = abi.Function{StructSize: uint32(unsafe.Sizeof(given[i])), Name: text(f.name),
			Address: uintptr(f.address), Size: uintptr(f.size), Unwind: abi.UNWIND_FRAME_POINTER}
		if f.file != "" {
			line := &[1]abi.Line{{Line: uint32(f.line)}}
			kept = append(kept, line)
			given[i].File, given[i].Lines, given[i].LineCount = text(f.file), uintptr(unsafe.Pointer(line)), 1
		}
	}
	all := make([]function.Record, len(given))
	array, _, err := abi.ReadFunctions(uintptr(unsafe.Pointer(&given[0])), uintptr(len(given)), 0)
	if err != nil {
		t.Fatal(err)
	}
	memory := make([]byte, 1<<16)
	kept = append(kept, given, all, memory)
	if _, err := function.Encode(&array, memory, machine.Host, all); err != nil {
		t.Fatal(err)
	}
	order := make([]*function.Record, len(all))
	if err := function.CheckOverlap(all, order); err != nil {
		t.Fatal(err)
	}
	return order
}

// compare reads all images that are on the list.
func compare(t *testing.T, live []*registered) {
	t.Helper()
	want := map[described]int{}
	for _, r := range live {
		for _, f := range r.functions {
			if f.file == "" {
				f.line = 0
			}
			want[f]++
		}
	}
	var sections []elf.SectionHeader
	gdbjit.Each(func(e *gdbjit.Entry) {
		l := leafOf(e)
		file, err := elf.NewFile(bytes.NewReader(e.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		symbols := map[uint64]bool{}
		all, err := file.Symbols()
		if err != nil {
			t.Fatal(err)
		}
		for _, symbol := range all {
			if symbol.Section != elf.SHN_UNDEF {
				symbols[file.Sections[symbol.Section].Addr+symbol.Value] = true
			}
		}
		said := shown(t, file)
		for _, f := range said {
			if want[f]--; want[f] < 0 {
				t.Fatalf("%+v is shown", f)
			}
			if !symbols[f.address] {
				t.Fatalf("%+v has no symbol", f)
			}
			delete(symbols, f.address)
		}
		if len(symbols) != 0 {
			t.Fatalf("%d symbols more", len(symbols))
		}
		if err := symfile.Check(e.Bytes()); err != nil {
			t.Fatal(err)
		}
		if l.owner != 0 && len(said) == 1 && on(live, said[0]) < 2 {
			t.Fatalf("%+v is apart, and lies on no other", said[0])
		}
		if l.owner == 0 {
			for _, section := range file.Sections {
				if section.Flags&elf.SHF_EXECINSTR != 0 {
					sections = append(sections, section.SectionHeader)
				}
			}
		}
	})
	for f, n := range want {
		if n != 0 {
			t.Fatalf("%+v is missing", f)
		}
	}
	disjoint(t, sections)
}

// on returns how many functions lie on one, itself among them.
func on(live []*registered, f described) (n int) {
	for _, r := range live {
		for _, other := range r.functions {
			if other.address < f.address+f.size && f.address < other.address+other.size {
				n++
			}
		}
	}
	return n
}

// disjoint: to lldb, an address is in one section.
func disjoint(t *testing.T, sections []elf.SectionHeader) {
	t.Helper()
	for i, a := range sections {
		for _, b := range sections[:i] {
			if a.Addr < b.Addr+b.Size && b.Addr < a.Addr+a.Size {
				t.Fatalf("%#x to %#x, and %#x to %#x", a.Addr, a.Addr+a.Size, b.Addr, b.Addr+b.Size)
			}
		}
	}
}

// shown is what an image's debug information says.
func shown(t *testing.T, file *elf.File) (functions []described) {
	t.Helper()
	data, err := file.DWARF()
	if err != nil {
		t.Fatal(err)
	}
	lines := map[uint64]dwarf.LineEntry{}
	for reader := data.Reader(); ; {
		entry, err := reader.Next()
		if err != nil {
			t.Fatal(err)
		}
		if entry == nil {
			return functions
		}
		switch entry.Tag {
		case dwarf.TagCompileUnit:
			lines = map[uint64]dwarf.LineEntry{}
			program, err := data.LineReader(entry)
			if err != nil {
				t.Fatal(err)
			}
			for row := (dwarf.LineEntry{}); program != nil && program.Next(&row) == nil; {
				if !row.EndSequence {
					lines[row.Address] = row
				}
			}
		case dwarf.TagSubprogram:
			f := described{address: entry.Val(dwarf.AttrLowpc).(uint64), size: uint64(entry.Val(dwarf.AttrHighpc).(int64)),
				name: entry.Val(dwarf.AttrName).(string)}
			if row, ok := lines[f.address]; ok {
				f.file, f.line = row.File.Name, row.Line
			}
			functions = append(functions, f)
		}
	}
}
