// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package symfile

import (
	"bytes"
	"cmp"
	"debug/elf"
	"encoding/binary"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/libjitdebug/libjitdebug/tests/samples"
)

// real are the images that every debugger reads.
func real(t testing.TB) []samples.Image {
	images := append(samples.Small(), samples.Compiled(t)...)
	images = append(images, samples.Large(t)...)
	return append(images, samples.Rust(t)...)
}

// wellFormed checks that an error's text is one short, printable line.
func wellFormed(t *testing.T, err error) {
	t.Helper()
	text := err.Error()
	if len(text) >= 300 || !utf8.ValidString(text) {
		t.Errorf("the text has %d bytes, valid: %v: %q", len(text), utf8.ValidString(text), text)
	}
	for _, c := range text {
		if c < ' ' || c > '~' {
			t.Errorf("the text is not printable: %q", text)
			return
		}
	}
}

func TestRealImagesAreAccepted(t *testing.T) {
	for _, image := range real(t) {
		if err := Check(image.Data); err != nil {
			t.Errorf("%s: %v", image.Name, err)
		}
	}
}

// needed is the end of the last byte of an image that a debugger reads.
func needed(t *testing.T, image []byte) int {
	t.Helper()
	f, err := elf.NewFile(bytes.NewReader(image))
	if err != nil {
		t.Fatal(err)
	}
	end := le.Uint64(image[40:]) + 64*uint64(len(f.Sections))
	for _, s := range f.Sections {
		if s.Type != elf.SHT_NOBITS {
			end = max(end, s.Offset+s.FileSize)
		}
	}
	return int(end)
}

// TestCuts: an image without its last bytes is refused, however many are missing.
func TestCuts(t *testing.T) {
	images := append(samples.Small(), samples.Compiled(t)...)
	for _, image := range append(images, samples.Rust(t)...) {
		end := needed(t, image.Data)
		for n := range end {
			if Check(image.Data[:n:n]) == nil {
				t.Errorf("%s: accepted with %d of its %d bytes", image.Name, n, end)
				break
			}
		}
		for n := end; n <= len(image.Data); n++ {
			if err := Check(image.Data[:n:n]); err != nil {
				t.Errorf("%s: refused without trailing bytes: %v", image.Name, err)
				break
			}
		}
	}
}

// TestSizes puts images into memory of which only the part that they need can be
// read, and lies about their size.
func TestSizes(t *testing.T) {
	const room = 1 << 40
	memory, err := syscall.Mmap(-1, 0, room, syscall.PROT_NONE, syscall.MAP_PRIVATE|syscall.MAP_ANON|syscall.MAP_NORESERVE)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Munmap(memory)
	if err := syscall.Mprotect(memory[:1<<16], syscall.PROT_READ|syscall.PROT_WRITE); err != nil {
		t.Fatal(err)
	}
	for _, image := range append(samples.Small(), samples.Compiled(t)...) {
		copy(memory, image.Data)
		for _, c := range []struct {
			size uint64
			ok   bool
		}{
			{uint64(len(image.Data)), true},
			{uint64(len(image.Data)) + 4095, true},
			{1 << 16, true},
			{2 << 20, true},
			{4 << 20, false},
			{1 << 32, false},
			{1 << 35, false},
			{1 << 40, false},
		} {
			if err := Check(memory[:c.size]); (err == nil) != c.ok {
				t.Errorf("%s, said to have %d bytes: %v", image.Name, c.size, err)
			}
		}
	}
	copy(memory, samples.Minimal())
	refused(t, memory[:1<<32], "size is 4294967296, the headers describe an image of 376 bytes")
}

// TestMutatedImages: whatever the bytes are, Check ends, does not panic, and says what
// is wrong in one printable line. JITDEBUG_MUTANTS sets for how many.
func TestMutatedImages(t *testing.T) {
	images := append(samples.Small(), samples.Compiled(t)...)
	count, err := strconv.Atoi(cmp.Or(os.Getenv("JITDEBUG_MUTANTS"), "50000"))
	if err != nil {
		t.Fatal(err)
	}
	refusals, accepted := map[string]bool{}, 0
	r := rand.New(rand.NewPCG(1, 1))
	for n := range count {
		err := Check(samples.Mutate(r, images[r.IntN(len(images))].Data))
		if err == nil {
			accepted++
			continue
		}
		wellFormed(t, err)
		refusals[shape(err.Error())] = true
		if t.Failed() {
			t.Fatalf("mutant %d", n)
		}
	}
	t.Logf("%d accepted, %d different refusals", accepted, len(refusals))
	if accepted == 0 || len(refusals) < 100 {
		t.Error("the mutants are no good")
	}
}

// shape is a text without its numbers.
func shape(text string) string {
	return string(bytes.Map(func(c rune) rune {
		if c >= '0' && c <= '9' {
			return -1
		}
		return c
	}, []byte(text)))
}

// TestChangingImage checks an image while another thread keeps changing it.
func TestChangingImage(t *testing.T) {
	for _, image := range samples.Compiled(t)[:3] {
		// Two views of the same pages: the race is on purpose.
		f, err := os.Create(filepath.Join(t.TempDir(), "image"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := f.Write(image.Data); err != nil {
			t.Fatal(err)
		}
		view := func() []byte {
			b, err := syscall.Mmap(int(f.Fd()), 0, len(image.Data), syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
			if err != nil {
				t.Fatal(err)
			}
			return b
		}
		checked, changed := view(), view()
		stop, stopped := make(chan bool), make(chan bool)
		go func() {
			defer close(stopped)
			r := rand.New(rand.NewPCG(1, 2))
			for {
				select {
				case <-stop:
					return
				default:
				}
				m := samples.Mutate(r, image.Data)
				copy(changed, m)
				copy(changed, image.Data)
			}
		}()
		for range 20000 {
			Check(checked)
		}
		close(stop)
		<-stopped
		syscall.Munmap(checked)
		syscall.Munmap(changed)
	}
}

// TestNoAllocation: to check an image with call frame information alone, or without
// debug information, allocates nothing.
func TestNoAllocation(t *testing.T) {
	images := samples.Small()
	for _, image := range samples.Compiled(t) {
		if image.Name == "linked-symbols" || image.Name == "shared-stripped" {
			images = append(images, image)
		}
	}
	for _, image := range images {
		if n := testing.AllocsPerRun(100, func() { Check(image.Data) }); n > 0 {
			t.Errorf("%s: %v allocations", image.Name, n)
		}
	}
}

// TestLinearTime: the time of a check grows with the image's size and not faster, even
// if all units share what is to be read.
func TestLinearTime(t *testing.T) {
	// One table of a megabyte, and a unit for every 13 bytes that refers to it
	// through another offset.
	var abbrevs, info []byte
	abbrevs = append(abbrevs, bytes.Repeat([]byte{1, 0x11, 0, 0, 0, 0}, 4)[:6]...)
	for i := byte(0); i < 3; i++ {
		abbrevs = append(bytes.Repeat([]byte{0x80}, 1<<18), abbrevs...)
	}
	for i := range 100000 {
		unit := []byte{9, 0, 0, 0, 4, 0, 0, 0, 0, 0, 8, 1, 0}
		le.PutUint32(unit[6:], uint32(i))
		info = append(info, unit...)
	}
	image := samples.Build(samples.Layout{Type: 2}, []samples.Section{
		{Name: ".debug_info", Type: 1, Data: info},
		{Name: ".debug_abbrev", Type: 1, Data: abbrevs},
	})
	start := time.Now()
	Check(image)
	if d := time.Since(start); d > 2*time.Second {
		t.Errorf("%d bytes took %v", len(image), d)
	}

	// Thousands of sections that share the same bytes.
	var sections []samples.Section
	for range 5000 {
		sections = append(sections, samples.Section{Name: ".debug_info", Type: 1, Data: nil})
	}
	sections = append(sections, samples.Section{Name: ".debug_abbrev", Type: 1, Data: abbrevs})
	image = samples.Build(samples.Layout{Type: 2}, sections)
	last := header(image, 5001, shOff)
	for i := range 5000 {
		copy(image[header(image, i+1, shOff):], image[last:last+16])
	}
	refused(t, image, "the sections' sh_size add up to")
}

func FuzzCheck(f *testing.F) {
	for _, image := range append(samples.Small(), samples.Compiled(f)...) {
		f.Add(image.Data)
	}
	f.Fuzz(func(t *testing.T, image []byte) {
		if err := Check(image); err != nil {
			wellFormed(t, err)
		}
	})
}

// kibibyte is an image of 1 KiB with four functions, as bench/ registers them.
func kibibyte(b *testing.B, frames bool) []byte {
	build := func(code int) []byte {
		const addr = 0x7f0000000000
		symbols, names := make([]byte, 24), []byte{0}
		frame := []byte{20, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 1, 0, 1, 0x78, 16, 0x0c, 7, 8, 0x90, 1, 0, 0, 0, 0, 0, 0}
		for i, name := range []string{"parse", "evaluate", "allocate", "collect"} {
			at := uint64(addr + i*code)
			symbols = append(symbols, samples.Symbol(uint32(len(names)), 0x12, 1, at, uint64(code))...)
			names = append(append(names, name...), 0)
			frame = append(frame, 28, 0, 0, 0, 0, 0, 0, 0)
			frame = binary.LittleEndian.AppendUint64(frame, at)
			frame = binary.LittleEndian.AppendUint64(frame, uint64(code))
			frame = append(frame, 0x41, 0x0e, 16, 0x86, 2, 0, 0, 0)
		}
		sections := []samples.Section{
			{Name: ".text", Type: 1, Flags: 6, Addr: addr, Data: make([]byte, 4*code)},
			{Name: ".symtab", Type: 2, Data: symbols, Link: 3, Info: 1, Entry: 24},
			{Name: ".strtab", Type: 3, Data: names},
		}
		if frames {
			sections = append(sections, samples.Section{Name: ".debug_frame", Type: 1, Data: frame})
		}
		return samples.Build(samples.Layout{Type: 2}, sections)
	}
	image := build((1024 - len(build(0))) / 4)
	if len(image) != 1024 {
		b.Fatalf("%d bytes", len(image))
	}
	return image
}

func BenchmarkCheck(b *testing.B) {
	images := []samples.Image{
		{Name: "minimal-376", Data: samples.Minimal()},
		{Name: "symbols-1KiB", Data: kibibyte(b, false)},
		{Name: "frames-1KiB", Data: kibibyte(b, true)},
	}
	for _, image := range samples.Compiled(b) {
		if image.Name == "linked" {
			images = append(images, samples.Image{Name: "linked-with-DWARF", Data: image.Data})
		}
	}
	for _, image := range images {
		b.Run(image.Name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := Check(image.Data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
