// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package image

import (
	"bytes"
	"cmp"
	"debug/dwarf"
	"debug/elf"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"github.com/libjitdebug/libjitdebug/internal/abi"
	"github.com/libjitdebug/libjitdebug/internal/machine"
	"github.com/libjitdebug/libjitdebug/internal/symfile"
	"pgregory.net/rapid"
)

// A given is a function as a test gives it, in Go's terms.
type given struct {
	name, file    string
	address, size uint64
	rows          []abi.Line
	unwind        uint32
	cfi           []byte
}

func (g *given) function() abi.Function {
	f := abi.Function{
		StructSize: uint32(unsafe.Sizeof(abi.Function{})), Unwind: g.unwind,
		Name: text(g.name), Address: uintptr(g.address), Size: uintptr(g.size),
	}
	if g.file != "" {
		f.File = text(g.file)
	}
	if len(g.rows) != 0 {
		f.Lines, f.LineCount = address(&g.rows[0]), uintptr(len(g.rows))
	}
	if len(g.cfi) != 0 {
		f.CFI, f.CFISize = address(&g.cfi[0]), uintptr(len(g.cfi))
	}
	return f
}

// functions are random ones, in any order and of which no two overlap.
func functions() *rapid.Generator[[]given] {
	byte := rapid.ByteRange(1, 255)
	name := rapid.OneOf(
		rapid.StringMatching(`[a-zA-Z_][a-zA-Z0-9_]{0,20}`),
		rapid.StringMatching(`(_Z|_R|_D|\$s)[a-zA-Z0-9_ ]{0,20}`),
		rapid.Map(rapid.SliceOfN(byte, 1, 200), func(b []uint8) string { return string(b) }),
	)
	file := rapid.OneOf(rapid.Just(""), rapid.SampledFrom([]string{"/a/b.js", "c", "ä b"}),
		rapid.Map(rapid.SliceOfN(byte, 1, 100), func(b []uint8) string { return string(b) }))
	cfi := rapid.SampledFrom([][]uint8{nil, {0x41, 0x0e, 16, 0x86, 2, 0x43, 0x0d, 6}, {0x0a, 0x41, 0x0e, 0x90, 0x20, 0x4d, 0x0b}})
	return rapid.Custom(func(t *rapid.T) []given {
		// Where this process has nothing: code is looked at.
		address := rapid.Uint64Range(1<<44, 1<<45).Draw(t, "address")
		all := make([]given, rapid.IntRange(1, 40).Draw(t, "count"))
		for i := range all {
			g := &all[i]
			*g = given{name: name.Draw(t, "name"), file: file.Draw(t, "file"), address: address,
				size:   1 + rapid.OneOf(rapid.Uint64Range(0, 100), rapid.Uint64Range(0, 1<<32-2)).Draw(t, "size"),
				unwind: rapid.Uint32Range(abi.UNWIND_NONE, abi.UNWIND_CFI).Draw(t, "unwind")}
			if g.unwind == abi.UNWIND_CFI {
				g.cfi = cfi.Draw(t, "cfi")
			}
			if g.file != "" {
				g.rows = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) abi.Line {
					return abi.Line{
						Offset: rapid.Uint64Range(0, g.size-1).Draw(t, "offset"),
						Line:   rapid.OneOf(rapid.Uint32Range(0, 300), rapid.Uint32Range(0, 1<<31-1)).Draw(t, "line"),
						Column: rapid.OneOf(rapid.Just(uint32(0)), rapid.Uint32()).Draw(t, "column"),
					}
				}), 0, 30).Draw(t, "rows")
				slices.SortStableFunc(g.rows, func(a, b abi.Line) int { return cmp.Compare(a.Offset, b.Offset) })
			}
			address += g.size + rapid.OneOf(rapid.Just(uint64(0)), rapid.Uint64Range(0, 40)).Draw(t, "gap")
		}
		return rapid.Permutation(all).Draw(t, "order")
	})
}

// What is written is what was given, to Go's readers, to binutils and to LLVM.
func TestImageReadBack(t *testing.T) {
	directory, count := t.TempDir(), 0
	rapid.Check(t, func(r *rapid.T) {
		all := functions().Draw(r, "functions")
		m := rapid.SampledFrom([]*machine.Machine{&machine.X86_64, &machine.AArch64}).Draw(r, "machine")
		given := make([]abi.Function, len(all))
		for i := range all {
			given[i] = all[i].function()
		}
		written := write(records(t, given, m), m)
		if m == machine.Host {
			if err := symfile.Check(written); err != nil {
				r.Fatal(err)
			}
		}
		file, err := elf.NewFile(bytes.NewReader(written))
		if err != nil {
			r.Fatal(err)
		}
		checkSymbols(r, file, all)
		checkUnits(r, file, all)
		if count++; count%5 == 0 {
			checkTools(r, directory, written)
		}
	})
}

// byAddress finds the function at an address.
func byAddress(all []given, address uint64) *given {
	for i := range all {
		if g := &all[i]; g.address <= address && address-g.address < g.size {
			return g
		}
	}
	return nil
}

func checkSymbols(t *rapid.T, file *elf.File, all []given) {
	symbols, err := file.Symbols()
	if err != nil {
		t.Fatal(err)
	}
	// Each function has a symbol of its name and one of its size; the latter's
	// name may be the encoded one.
	named, sized := 0, 0
	for _, s := range symbols {
		section := file.Sections[s.Section]
		g := byAddress(all, section.Addr+s.Value)
		if g == nil || g.address != section.Addr+s.Value || s.Value+s.Size > section.Size ||
			s.Name != g.name && s.Name != fmt.Sprintf("_Z%d%s", len(g.name), g.name) ||
			s.Size != g.size && (s.Size != 0 || s.Name != g.name) {
			t.Errorf("symbol %q in section %v is none of the functions", s.Name, section.SectionHeader)
			continue
		}
		if s.Name == g.name {
			named++
		}
		if s.Size != 0 {
			sized++
		}
	}
	if named != len(all) || sized != len(all) {
		t.Fatalf("%d symbols with names and %d with sizes for %d functions", named, sized, len(all))
	}
	for i, a := range file.Sections {
		if a.Flags&elf.SHF_ALLOC == 0 {
			continue
		}
		for _, b := range file.Sections[i+1:] {
			if b.Flags&elf.SHF_ALLOC != 0 && a.Addr < b.Addr+b.Size && b.Addr < a.Addr+a.Size {
				t.Errorf("sections %v and %v overlap", a.SectionHeader, b.SectionHeader)
			}
		}
	}
}

func checkUnits(t *rapid.T, file *elf.File, all []given) {
	data, err := file.DWARF()
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for r := data.Reader(); ; {
		entry, err := r.Next()
		if err != nil {
			t.Fatal(err)
		}
		if entry == nil {
			break
		}
		switch entry.Tag {
		case dwarf.TagCompileUnit:
			checkLines(t, data, entry, all)
			ranges, err := data.Ranges(entry)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range ranges {
				if g := byAddress(all, r[0]); g == nil || g.address != r[0] || g.address+g.size != r[1] {
					t.Errorf("range %#x is of no function", r)
				}
			}
		case dwarf.TagSubprogram:
			seen++
			low := entry.Val(dwarf.AttrLowpc).(uint64)
			g := byAddress(all, low)
			if g == nil || g.address != low || g.name != entry.Val(dwarf.AttrName) || g.size != uint64(entry.Val(dwarf.AttrHighpc).(int64)) {
				t.Errorf("entry %v is none of the functions", entry)
			}
		}
	}
	if seen != len(all) {
		t.Errorf("%d entries for %d functions", seen, len(all))
	}
}

// checkLines compares the unit's rows with those that were given: at each offset
// the last, and none that were not.
func checkLines(t *rapid.T, data *dwarf.Data, unit *dwarf.Entry, all []given) {
	lines, err := data.LineReader(unit)
	if err != nil {
		t.Fatal(err)
	}
	if lines == nil {
		if unit.Val(dwarf.AttrName) != nil {
			t.Errorf("unit %v has no lines", unit)
		}
		return
	}
	var at *given
	next := 0
	for {
		var e dwarf.LineEntry
		if err := lines.Next(&e); err == io.EOF {
			return
		} else if err != nil {
			t.Fatal(err)
		}
		if at == nil {
			at, next = byAddress(all, e.Address), 0
		}
		if at == nil {
			t.Fatalf("row at %#x is of no function", e.Address)
		}
		if e.EndSequence {
			if e.Address != at.address+at.size || next != len(at.rows) {
				t.Errorf("the rows of %q end at %#x, after %d of %d", at.name, e.Address, next, len(at.rows))
			}
			at = nil
			continue
		}
		for next+1 < len(at.rows) && at.rows[next+1].Offset == at.rows[next].Offset {
			next++
		}
		if next == len(at.rows) {
			t.Fatalf("%q has one row too many: %v", at.name, e)
		}
		row := at.rows[next]
		if e.Address != at.address+row.Offset || e.Line != int(row.Line) || e.Column != int(row.Column) ||
			strings.TrimPrefix(e.File.Name, "/") != strings.TrimPrefix(at.file, "/") && filepath.Clean(e.File.Name) != filepath.Clean(at.file) {
			t.Errorf("%q: row %v, not %v in %q", at.name, e, row, at.file)
		}
		next++
	}
}

// checkTools has readelf and llvm-dwarfdump read all of an image.
func checkTools(t *rapid.T, directory string, image []byte) {
	path := filepath.Join(directory, "image")
	if err := os.WriteFile(path, image, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, command := range [][]string{
		{"readelf", "-a", "--debug-dump", "--wide", path},
		{"llvm-dwarfdump-19", "--verify", path},
		{"llvm-dwarfdump-19", "--debug-frame", path},
	} {
		var complaints bytes.Buffer
		run := exec.Command(command[0], command[1:]...)
		run.Stderr = &complaints
		output, err := run.Output()
		if err != nil || complaints.Len() != 0 {
			t.Errorf("%s: %v\n%s", strings.Join(command, " "), err, complaints.String())
		}
		if command[1] == "--verify" && !bytes.Contains(output, []byte("No errors.")) {
			t.Errorf("llvm-dwarfdump: %s", output)
		}
	}
}
