// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package images

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/libjitdebug/libjitdebug/internal/symfile"
	"github.com/libjitdebug/libjitdebug/tests/samples"
)

// TestGDBReadsEveryForm gives one attribute after another, in each form, to
// entries of all kinds: gdb ends itself over some forms of some attributes, and
// those have to be refused. JITDEBUG_SEED and JITDEBUG_MUTANTS choose which.
func TestGDBReadsEveryForm(t *testing.T) {
	seed := number("JITDEBUG_SEED", 1)
	var images []samples.Image
	for _, version := range []byte{4, 5} {
		for _, attribute := range samples.Attributes() {
			for _, form := range samples.Forms {
				image := samples.Formed(version, attribute, form)
				if symfile.Check(image) == nil {
					images = append(images, samples.Image{Name: fmt.Sprintf("v%d-%#x-%#x", version, attribute, form), Data: image})
				}
			}
		}
	}
	if len(images) < 2000 {
		t.Fatalf("only %d images are accepted", len(images))
	}
	rand.New(rand.NewPCG(seed, 2)).Shuffle(len(images), func(i, j int) { images[i], images[j] = images[j], images[i] })
	images = images[:min(len(images), int(number("JITDEBUG_MUTANTS", 300)))]
	for _, complaint := range gdb.show(t, images) {
		t.Errorf("seed %d: %s", seed, complaint)
	}
}

// TestGDBReadsEverySymbol gives a symbol each binding and type. It is gdb 18 that
// makes a difference: see scripts/test-extended.
func TestGDBReadsEverySymbol(t *testing.T) {
	var images []samples.Image
	for info := range 256 {
		image := symbol(byte(info))
		if symfile.Check(image) == nil {
			images = append(images, samples.Image{Name: fmt.Sprintf("st_info-%#x", info), Data: image})
		}
	}
	if len(images) < 4*16 {
		t.Fatalf("only %d images are accepted", len(images))
	}
	for _, complaint := range gdb.show(t, images) {
		t.Error(complaint)
	}
}

func symbol(info byte) []byte {
	nobits := samples.Section{Name: ".text", Type: 8, Flags: 6, Addr: 0x30000000, Size: 128}
	image := samples.Function(samples.Layout{Type: 1}, nobits, "jit_main")
	at := bytes.Index(image, samples.Symbol(1, 0x12, 1, 0, 128))
	image[at+4] = info
	return image
}
