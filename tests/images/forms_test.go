package images

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/libjitdebug/libjitdebug/internal/symfile"
	"github.com/libjitdebug/libjitdebug/internal/symfile/samples"
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
	for _, complaint := range gdb(t, images) {
		t.Errorf("seed %d: %s", seed, complaint)
	}
}
