// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package objects

import (
	"bytes"
	"debug/elf"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/libjitdebug/libjitdebug/internal/machine"
	"github.com/libjitdebug/libjitdebug/internal/object"
	"github.com/libjitdebug/libjitdebug/internal/symfile"
	"github.com/libjitdebug/libjitdebug/tests/host"
)

// forLinker are variants for both machines.
func forLinker() []variant {
	all := variants()
	for _, v := range variants() {
		if strings.HasPrefix(v.command, "clang-19") {
			command := strings.Replace(v.command, "clang-19", "clang-19 --target=aarch64-linux-gnu", 1)
			all = append(all, variant{"arm64_" + v.name, v.source, command})
		}
	}
	return all
}

// TestLinker: the debug information of an image is, byte by byte, what the linker
// makes of the object at the same addresses; frames and symbols say the same. Every
// other time some of the sections were not loaded, and the linker discards them.
func TestLinker(t *testing.T) {
	// A linker takes sections of the old GNU compression for unknown ones.
	all := slices.DeleteFunc(forLinker(), func(v variant) bool { return v.name == "gcc_zlib_gnu" })
	dir := compile(t, all)
	for n, v := range all {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			r := rand.New(rand.NewPCG(1, uint64(n)))
			for _, lost := range []float64{0, 0.4} {
				compareWithLinker(t, filepath.Join(dir, v.name+".o"), r, lost)
			}
		})
	}
}

func compareWithLinker(t *testing.T, path string, r *rand.Rand, lost float64) {
	t.Helper()
	bytes, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	placements, script := scatter(t, bytes, r, lost)
	m := machine.Host
	if strings.HasPrefix(filepath.Base(path), "arm64_") {
		m = &machine.AArch64
	}
	header, err := symfile.Open(bytes, m)
	if err != nil {
		t.Fatal(err)
	}
	image, err := object.Place(header, placements, func(size uint64) []byte { return slices.Repeat([]byte{0xaa}, int(size)) })
	if err != nil {
		t.Fatal(err)
	}
	ours := path + fmt.Sprint(lost) + ".image"
	linked := path + fmt.Sprint(lost) + ".linked"
	for name, content := range map[string][]byte{ours: image, linked + ".script": script} {
		if err := os.WriteFile(name, content, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	// -O0 keeps strings as they are.
	host.Run(t, time.Minute, host.Tool(t, "ld.lld-19"), "-O0", "--unresolved-symbols=ignore-all", "--noinhibit-exec",
		"--no-warnings", "-e", "0", "-o", linked, "-T", linked+".script", path)
	compareSections(t, ours, linked)
	compareSymbols(t, ours, linked)
	compareFrames(t, ours, linked)
	// Of what gcc optimized, LLVM's verifier does not come to an end, linked or not.
	if lost == 0 && !strings.HasPrefix(filepath.Base(path), "gcc") {
		output := host.Run(t, time.Minute, host.Tool(t, "llvm-dwarfdump-19"), "--verify", ours)
		if !strings.Contains(output, "No errors.") {
			t.Errorf("%s: %s", ours, output)
		}
	}
}

// scatter places the sections of an object, within reach of each other, and says
// the same to the linker.
func scatter(t *testing.T, bytes []byte, r *rand.Rand, lost float64) ([]object.Placement, []byte) {
	t.Helper()
	f := parse(t, bytes)
	var placements []object.Placement
	script := "SECTIONS {\n"
	at := uint64(0x10000000)
	code := false // some is always loaded
	for i, s := range f.Sections {
		if s.Flags&elf.SHF_ALLOC == 0 {
			continue
		}
		firstCode := !code && s.Flags&elf.SHF_EXECINSTR != 0 && s.Size > 0
		code = code || firstCode
		input := "*(" + s.Name + ")"
		// Frames are told of without having been loaded; the linker cannot do that.
		if s.Name != ".eh_frame" && !firstCode && r.Float64() < lost {
			script += "  /DISCARD/ : { " + input + " }\n"
			continue
		}
		at += uint64(r.IntN(1 << 16))
		at = (at + s.Addralign - 1) &^ (s.Addralign - 1)
		placements = append(placements, object.Placement{Index: uint32(i), Address: at})
		script += fmt.Sprintf("  %s %#x : { %s }\n", s.Name, at, input)
		at += s.Size
	}
	r.Shuffle(len(placements), func(i, j int) { placements[i], placements[j] = placements[j], placements[i] })
	return placements, []byte(script + "}\n")
}

func parse(t *testing.T, image []byte) *elf.File {
	t.Helper()
	f, err := elf.NewFile(bytes.NewReader(image))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func open(t *testing.T, path string) *elf.File {
	t.Helper()
	image, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, image)
}

func compareSections(t *testing.T, ours, linked string) {
	t.Helper()
	compared := 0
	a, b := open(t, ours), open(t, linked)
	for _, want := range b.Sections {
		if !strings.HasPrefix(want.Name, ".debug_") {
			continue
		}
		have := a.Section(want.Name)
		if have == nil {
			t.Errorf("%s: no %s", ours, want.Name)
			continue
		}
		x, _ := have.Data()
		y, _ := want.Data()
		if want.Name == ".debug_frame" {
			x = x[:min(len(x), len(y))] // what is converted comes behind
		}
		if !bytes.Equal(x, y) {
			at := 0
			for at < min(len(x), len(y)) && x[at] == y[at] {
				at++
			}
			t.Errorf("%s: %s has %#x bytes, and %#x as linked; they differ at %#x", ours, want.Name, len(x), len(y), at)
		}
		compared++
	}
	if compared < 4 {
		t.Errorf("%s: only %d sections to compare", ours, compared)
	}
	for _, s := range a.Sections {
		if s.Type == elf.SHT_RELA || s.Type == elf.SHT_REL {
			t.Errorf("%s: %s is left", ours, s.Name)
		}
		if s.Flags&elf.SHF_ALLOC != 0 && s.Addr == 0 {
			t.Errorf("%s: %s is loaded nowhere", ours, s.Name)
		}
	}
}

// compareSymbols compares the addresses of what has one.
func compareSymbols(t *testing.T, ours, linked string) {
	t.Helper()
	addresses := func(path string) map[string]uint64 {
		f := open(t, path)
		symbols, err := f.Symbols()
		if err != nil {
			return nil
		}
		found := map[string]uint64{}
		for _, s := range symbols {
			typ := elf.ST_TYPE(s.Info)
			if typ != elf.STT_FUNC && typ != elf.STT_OBJECT || s.Section == elf.SHN_UNDEF || int(s.Section) >= len(f.Sections) {
				continue
			}
			address := s.Value
			if f.Type == elf.ET_REL {
				address += f.Sections[s.Section].Addr
			}
			found[s.Name] = address
		}
		return found
	}
	have, want := addresses(ours), addresses(linked)
	for name, address := range want {
		if have[name] != address {
			t.Errorf("%s: %s is at %#x, and %#x as linked", ours, name, have[name], address)
		}
	}
	if len(have) != len(want) {
		t.Errorf("%s: symbols %v, as linked %v", ours, have, want)
	}
}

// frameLine is what llvm-dwarfdump prints of a function's range, and of the rows
// for it.
var frameLine = regexp.MustCompile(`pc=[0-9a-f]+\.\.\.[0-9a-f]+|^  0x[0-9a-f]+: CFA=.*`)

// compareFrames compares what .debug_frame and .eh_frame say together.
func compareFrames(t *testing.T, ours, linked string) {
	t.Helper()
	frames := func(path string) (lines []string) {
		command := exec.Command(host.Tool(t, "llvm-dwarfdump-19"), "--debug-frame", "--eh-frame", path)
		output, err := host.Try(time.Minute, command)
		if err != nil {
			t.Fatal(err, output)
		}
		address := regexp.MustCompile(`\b0+([0-9a-f])`)
		for line := range strings.Lines(output) {
			if found := frameLine.FindString(strings.TrimRight(line, "\n")); found != "" {
				lines = append(lines, address.ReplaceAllString(found, "$1"))
			}
		}
		slices.Sort(lines)
		return lines
	}
	have, want := frames(ours), frames(linked)
	want = slices.DeleteFunc(want, func(line string) bool { return strings.HasPrefix(line, "pc=0...") })
	have = slices.DeleteFunc(have, func(line string) bool { return strings.HasPrefix(line, "pc=0...") })
	if !slices.Equal(have, want) {
		t.Errorf("%s: frames\n%s\nas linked\n%s", ours, strings.Join(have, "\n"), strings.Join(want, "\n"))
	}
}
