// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Package images shows the images that libjitdebug accepts to real debuggers.
package images

import (
	"bytes"
	"debug/elf"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/libjitdebug/libjitdebug/internal/machine"
	"github.com/libjitdebug/libjitdebug/internal/object"
	"github.com/libjitdebug/libjitdebug/internal/symfile"
	"github.com/libjitdebug/libjitdebug/tests/samples"
)

// TestGDBReadsRealImages: what the checks are measured against. gdb reads all of
// these without a word.
func TestGDBReadsRealImages(t *testing.T) {
	images := append(samples.Small(), samples.Compiled(t)...)
	for _, complaint := range gdb.show(t, append(images, samples.Rust(t)...)) {
		t.Error(complaint)
	}
}

// TestGDBReadsAcceptedMutants shows gdb mutants of real images that the checks
// let pass. JITDEBUG_SEED and JITDEBUG_MUTANTS choose others, or more of them.
func TestGDBReadsAcceptedMutants(t *testing.T) {
	seed := number("JITDEBUG_SEED", 1)
	for _, complaint := range gdb.show(t, accepted(t, seed, number("JITDEBUG_MUTANTS", 600))) {
		t.Errorf("seed %d: %s", seed, complaint)
	}
}

// TestLLDBReadsAcceptedMutants shows some to lldb, which says nothing about bad
// images, but may crash over them or eat up memory.
func TestLLDBReadsAcceptedMutants(t *testing.T) {
	seed := number("JITDEBUG_SEED", 1)
	for _, complaint := range lldb.show(t, append(samples.Small(), accepted(t, seed, number("JITDEBUG_MUTANTS", 200))...)) {
		t.Errorf("seed %d: %s", seed, complaint)
	}
}

// accepted are mutants of real images that the checks let pass. Compressed ones
// are left out: whether their bytes can be inflated is not checked.
func accepted(t *testing.T, seed, count uint64) []samples.Image {
	r := rand.New(rand.NewPCG(seed, 0))
	originals := slices.DeleteFunc(append(samples.Small(), samples.Compiled(t)...), func(image samples.Image) bool {
		return strings.Contains(image.Name, "zlib")
	})
	return samples.Accepted(r, originals, int(count), symfile.Check, nil)
}

// TestGDBReadsPlacedObjects shows gdb what jitdebug_register_object makes of
// objects, and of mutants of them that the checks let pass.
func TestGDBReadsPlacedObjects(t *testing.T) {
	seed := number("JITDEBUG_SEED", 1)
	r := rand.New(rand.NewPCG(seed, 1))
	objects := append(samples.Compiled(t), samples.Image{Name: "gcc-zlib", Data: samples.RelocatedCompressed(t)})
	var images []samples.Image
	for _, o := range objects {
		if image, err := placed(o.Data, ^uint64(0)); err == nil {
			images = append(images, samples.Image{Name: o.Name, Data: image})
		}
	}
	if len(images) < 20 {
		t.Fatalf("only %d objects", len(images))
	}
	for wanted := len(images) + int(number("JITDEBUG_MUTANTS", 300)); len(images) < wanted; {
		o := objects[r.IntN(len(objects))]
		image, err := placed(samples.Mutate(r, o.Data), r.Uint64()|r.Uint64())
		if err == nil && symfile.Check(image) == nil {
			images = append(images, samples.Image{Name: o.Name + "-mutant", Data: image})
		}
	}
	for _, complaint := range gdb.show(t, images) {
		t.Errorf("seed %d: %s", seed, complaint)
	}
}

// placed is the image of an object of which the sections whose number has a bit in
// with were loaded.
func placed(o []byte, with uint64) ([]byte, error) {
	f, err := elf.NewFile(bytes.NewReader(o))
	if err != nil {
		return nil, err
	}
	var placements []object.Placement
	at := uint64(0x300000000000)
	for i, s := range f.Sections {
		if s.Flags&elf.SHF_ALLOC != 0 && with>>(i%64)&1 != 0 {
			placements = append(placements, object.Placement{Index: uint32(i), Address: at})
			at += (s.Size + 63) &^ 63
		}
	}
	header, err := symfile.Open(o, machine.Host)
	if err != nil {
		return nil, err
	}
	return object.Place(header, placements, func(size uint64) []byte { return make([]byte, size) })
}

// TestShown shows both debuggers the images in the folder $JITDEBUG_IMAGES, as far as
// they are accepted.
func TestShown(t *testing.T) {
	var images []samples.Image
	paths, _ := filepath.Glob(filepath.Join(os.Getenv("JITDEBUG_IMAGES"), "*"))
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		if err := symfile.Check(data); err != nil {
			t.Logf("%s: refused: %v", filepath.Base(path), err)
			if os.Getenv("JITDEBUG_REFUSED") == "" {
				continue
			}
		}
		images = append(images, samples.Image{Name: filepath.Base(path), Data: data})
	}
	for _, d := range []debugger{gdb, lldb} {
		if len(images) == 0 || os.Getenv("JITDEBUG_DEBUGGER") == "gdb" && d.name != "gdb" || os.Getenv("JITDEBUG_DEBUGGER") == "lldb" && d.name != "lldb" {
			continue
		}
		for _, complaint := range d.show(t, images) {
			t.Error(complaint)
		}
	}
}

// number is an environment variable's value.
func number(name string, otherwise uint64) uint64 {
	if v, err := strconv.ParseUint(os.Getenv(name), 0, 64); err == nil {
		return v
	}
	return otherwise
}
