// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package object

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/libjitdebug/libjitdebug/internal/machine"
	"github.com/libjitdebug/libjitdebug/internal/symfile"
	"github.com/libjitdebug/libjitdebug/tests/samples"
)

// objects are what compilers write, and one whose compressed sections have
// relocations, which no debugger reads as it is.
func objects(t testing.TB) (all []samples.Image) {
	for _, image := range append(samples.Compiled(t), samples.Image{Name: "gcc-zlib", Data: samples.RelocatedCompressed(t)}) {
		if elf.Type(le.Uint16(image.Data[16:])) == elf.ET_REL {
			all = append(all, image)
		}
	}
	return all
}

// everywhere says of all sections that can be loaded where they were, except those whose
// number has a bit in without, but for the first with code.
func everywhere(image []byte, without uint64) (placements []Placement) {
	f, err := elf.NewFile(bytes.NewReader(image))
	if err != nil {
		return []Placement{{Name: []byte(".text"), Address: 0x1000}}
	}
	at := uint64(0x7f1234560000)
	code := slices.IndexFunc(f.Sections, func(s *elf.Section) bool { return s.Flags&elf.SHF_EXECINSTR != 0 && s.Size != 0 })
	for i, s := range f.Sections {
		if s.Flags&elf.SHF_ALLOC != 0 && (without>>(i%64)&1 == 0 || i == code) {
			placements = append(placements, Placement{Index: uint32(i), Address: at})
			at += s.Size + 64
		}
	}
	return placements
}

func place(image []byte, placements []Placement) ([]byte, error) {
	header, err := symfile.Open(image, machine.Host)
	if err != nil {
		return nil, bad(err.Error())
	}
	return Place(header, placements, func(size uint64) []byte {
		if size > 1<<28 {
			return nil
		}
		return bytes.Repeat([]byte{0xaa}, int(size))
	})
}

// opened is an object, or an image that was made of one.
func opened(image []byte) (file, error) {
	header, err := symfile.Open(image, machine.Host)
	if err != nil {
		return file{}, err
	}
	f := file{File: header}
	return f, f.open()
}

// TestCompiled: what compilers write becomes an image that the checks and Go's
// reader take, the same every time, and that has DWARF for every unit.
func TestCompiled(t *testing.T) {
	for _, o := range append(objects(t), samples.Large(t)[0]) {
		for _, without := range []uint64{0, 0xaaaaaaaaaaaaaaaa} {
			placements := everywhere(o.Data, without)
			image, err := place(o.Data, placements)
			if err != nil {
				t.Errorf("%s: %v", o.Name, err)
				continue
			}
			if err := symfile.Check(image); err != nil {
				t.Errorf("%s: the image: %v", o.Name, err)
			}
			if again, _ := place(o.Data, placements); !bytes.Equal(again, image) {
				t.Errorf("%s: another image the second time", o.Name)
			}
			f, err := elf.NewFile(bytes.NewReader(image))
			if err != nil {
				t.Errorf("%s: %v", o.Name, err)
				continue
			}
			if f.Section(".debug_info") == nil {
				continue
			}
			d, err := f.DWARF()
			if err != nil {
				t.Errorf("%s: %v", o.Name, err)
				continue
			}
			for r := d.Reader(); ; {
				entry, err := r.Next()
				if err != nil {
					t.Errorf("%s: %v", o.Name, err)
				}
				if entry == nil {
					break
				}
			}
		}
	}
}

// TestManySections: an image with more sections than a symbol can name in its
// 16 bits finds each.
func TestManySections(t *testing.T) {
	o := samples.Large(t)[0].Data
	image, err := place(o, everywhere(o, 0))
	if err != nil {
		t.Fatal(err)
	}
	f, err := opened(image)
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for n := 1; n < len(f.symbols); n++ {
		home, err := f.home(n)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := string(f.name(home)), ".text."+string(f.symbolName(n)); got != want {
			t.Fatalf("%s is in %s", want, got)
		}
		found++
	}
	if found != 66000 {
		t.Errorf("%d symbols", found)
	}
}

// TestManyNeighbours: if many sections are loaded side by side, as JITs load them, they
// become one, in which each symbol has its address.
func TestManyNeighbours(t *testing.T) {
	o := samples.Large(t)[0].Data
	given, err := opened(o)
	if err != nil {
		t.Fatal(err)
	}
	at, addresses := uint64(0x7f1234560000), map[string]uint64{}
	var placements []Placement
	for i := range given.Sections {
		if h := &given.Sections[i]; h.Flags&uint64(elf.SHF_ALLOC) != 0 {
			placements = append(placements, Placement{Index: uint32(i), Address: at})
			addresses[string(given.name(i))] = at
			at = (at + h.Size + 15) &^ 15
		}
	}
	image, err := place(o, placements)
	if err != nil {
		t.Fatal(err)
	}
	f, err := elf.NewFile(bytes.NewReader(image))
	if err != nil {
		t.Fatal(err)
	}
	if len(f.Sections) > 32 || f.Section(".text") == nil {
		t.Errorf("%d sections, .text is %v", len(f.Sections), f.Section(".text"))
	}
	symbols, err := f.Symbols()
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, s := range symbols {
		if want, ok := addresses[".text."+s.Name]; ok {
			if home := f.Sections[s.Section]; home.Addr+s.Value != want || s.Value+s.Size > home.Size {
				t.Fatalf("%s is at %#x of %s, which is at %#x, not at %#x", s.Name, s.Value, home.Name, home.Addr, want)
			}
			found++
		}
	}
	if found != 66000 {
		t.Errorf("%d symbols", found)
	}
}

func checkResult(t *testing.T, image []byte, err error) {
	t.Helper()
	if err != nil {
		text := err.Error()
		if _, ok := err.(*Error); !ok || text == "" || len(text) > 400 || !utf8.ValidString(text) {
			t.Errorf("the text is no sentence: %q", text)
		}
		return
	}
	if f, err := opened(image); err != nil {
		t.Errorf("the image is no object: %v", err)
	} else {
		for i := range f.plans {
			if f.plans[i].relocations != 0 {
				t.Error("there is something left to relocate")
			}
		}
	}
	symfile.Check(image)
}

// TestMutatedObjects: whatever the object, Place ends and says what is wrong.
func TestMutatedObjects(t *testing.T) {
	all := objects(t)
	limit := 5 * time.Second
	if testing.Short() {
		limit = time.Second
	}
	refusals, accepted := map[string]bool{}, 0
	end := time.Now().Add(limit)
	for seed := uint64(0); time.Now().Before(end); seed++ {
		r := rand.New(rand.NewPCG(seed, 7))
		o := all[r.IntN(len(all))].Data
		placements := everywhere(o, r.Uint64()&r.Uint64())
		for range 100 {
			image, err := place(samples.Mutate(r, o), placements)
			checkResult(t, image, err)
			if err == nil {
				accepted++
			} else {
				refusals[shape(err.Error())] = true
			}
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
	if accepted == 0 || len(refusals) < 50 {
		t.Errorf("%d accepted, %d different refusals: the mutants are no good", accepted, len(refusals))
	}
}

// shape is a text without its numbers.
func shape(text string) string {
	return string(bytes.Map(func(c rune) rune {
		if c >= '0' && c <= '9' || c >= 'a' && c <= 'f' {
			return -1
		}
		return c
	}, []byte(text)))
}

// FuzzPlace has objects, and which of their sections were loaded.
func FuzzPlace(f *testing.F) {
	for i, o := range objects(f) {
		f.Add(o.Data, uint64(i)*0x9e3779b97f4a7c15&0xfff0fff0)
	}
	f.Fuzz(func(t *testing.T, o []byte, without uint64) {
		image, err := place(o, everywhere(o, without))
		checkResult(t, image, err)
		if err == nil && symfile.Check(image) == nil { // as it is registered
			samples.Keep(t, image)
		}
	})
}

// TestUnaligned: where a section was loaded at an address that its alignment does not
// divide, the image has a lower alignment: an lldb built with assertions would end.
func TestUnaligned(t *testing.T) {
	for address, want := range map[uint64]uint64{0x10000001: 1, 0x10000002: 2, 0x1000000c: 4, 0x10000010: 16, 0x10001000: 16} {
		object := samples.Build(samples.Layout{Type: 1}, []samples.Section{
			{Name: ".text", Type: 1, Flags: 6, Data: make([]byte, 16)},
		})
		h, err := opened(object)
		if err != nil {
			t.Fatal(err)
		}
		h.Sections[1].Addralign = 16
		image, err := place(object, []Placement{{Name: []byte(".text"), Address: address}})
		if err != nil {
			t.Fatal(err)
		}
		f, err := elf.NewFile(bytes.NewReader(image))
		if err != nil {
			t.Fatal(err)
		}
		if s := f.Section(".text"); s.Addr != address || s.Addralign != want {
			t.Errorf("loaded at %#x it is at %#x, aligned to %d, not %d", address, s.Addr, s.Addralign, want)
		}
	}
}

// TestUncompressed: what compressed sections claim to hold has a limit, and it is one for
// all of them together.
func TestUncompressed(t *testing.T) {
	const limit = 2 << 20
	for _, c := range []struct {
		claims  []uint64
		refused bool
	}{{[]uint64{limit}, false}, {[]uint64{limit + 1}, true}, {[]uint64{limit, 1}, true}, {[]uint64{limit / 2, limit/2 + 1}, true}} {
		sections := []samples.Section{{Name: ".text", Type: 1, Flags: 6, Data: make([]byte, 64)}}
		for _, size := range c.claims {
			data := binary.LittleEndian.AppendUint64(binary.LittleEndian.AppendUint64([]byte{1, 0, 0, 0, 0, 0, 0, 0}, size), 1)
			sections = append(sections, samples.Section{Name: ".debug_str", Type: 1, Flags: 0x800, Data: append(data, make([]byte, 4096)...)})
		}
		object := samples.Build(samples.Layout{Type: 1}, sections)
		_, err := place(object, everywhere(object, 0))
		if (err != nil && strings.Contains(err.Error(), "with those before it more than")) != c.refused {
			t.Errorf("%#x: %v", c.claims, err)
		}
	}
}

// TestIndex: an index of the debug information is left out.
func TestIndex(t *testing.T) {
	object := samples.Build(samples.Layout{Type: 1}, []samples.Section{
		{Name: ".text", Type: 1, Flags: 6, Data: make([]byte, 64)}, {Name: ".debug_names", Type: 1, Data: make([]byte, 64)}})
	image, err := place(object, everywhere(object, 0))
	if err != nil {
		t.Fatal(err)
	}
	if f, err := elf.NewFile(bytes.NewReader(image)); err != nil || f.Section(".debug_names") != nil {
		t.Errorf("it is in the image: %v", err)
	}
}
