// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package images

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/libjitdebug/libjitdebug/internal/symfile"
	"github.com/libjitdebug/libjitdebug/tests/samples"
)

// TestDebuggersReadMutants shows both debuggers mutants of what compilers write, whose
// debug information is well formed and says something else: as far as it is accepted it
// does no harm. JITDEBUG_SEED and JITDEBUG_MUTANTS choose others, or more of them, and
// scripts/fuzz-debuggers goes on for a night.
func TestDebuggersReadMutants(t *testing.T) {
	seed, count := number("JITDEBUG_SEED", 1), int(number("JITDEBUG_MUTANTS", 1000))
	images := mutants(t, seed, count)
	for _, complaint := range gdb.show(t, images) {
		t.Errorf("seed %d: %s", seed, complaint)
	}
	for _, complaint := range lldb.show(t, images[:count/10]) {
		t.Errorf("seed %d: %s", seed, complaint)
	}
}

// mutants are so many that are accepted.
func mutants(t *testing.T, seed uint64, count int) (accepted []samples.Image) {
	seeds := samples.Seeds(t)
	for _, s := range seeds {
		if err := symfile.Check(s.Data); err != nil {
			t.Errorf("%s: %v", s.Name, err)
		}
	}
	r := rand.New(rand.NewPCG(seed, 4))
	tries := 0
	for ; len(accepted) < count; tries++ {
		m := samples.Image{Name: "entries"}
		if tries%8 == 0 {
			m.Data = samples.Random(r)
		} else {
			s := seeds[r.IntN(len(seeds))]
			m.Name = s.Name
			if m.Data = samples.Restructure(r, s.Data); tries%4 == 0 {
				m.Data = samples.Mutate(r, m.Data)
			}
		}
		if symfile.Check(m.Data) == nil {
			m.Name = fmt.Sprintf("%s-%d", m.Name, tries)
			accepted = append(accepted, m)
		}
	}
	t.Logf("seed %d: %d accepted of %d", seed, count, tries)
	return accepted
}

// TestFound: what has ended a debugger once is refused, or does so no longer.
func TestFound(t *testing.T) {
	paths, err := filepath.Glob("testdata/found/*")
	if err != nil || len(paths) == 0 {
		t.Fatalf("%d images: %v", len(paths), err)
	}
	var images []samples.Image
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := symfile.Check(data); err != nil {
			t.Logf("%s: %v", filepath.Base(path), err)
			continue
		}
		images = append(images, samples.Image{Name: filepath.Base(path), Data: data})
	}
	for _, d := range []debugger{gdb, lldb} {
		if len(images) == 0 {
			break
		}
		for _, complaint := range d.show(t, images) {
			t.Error(complaint)
		}
	}
}
