// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package images

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/libjitdebug/libjitdebug/tests/host"
	"github.com/libjitdebug/libjitdebug/tests/samples"
)

// TestGDBReadsFunctions shows gdb what the library writes of random functions, and
// has it complain of everything.
func TestGDBReadsFunctions(t *testing.T) {
	seed, count := number("JITDEBUG_SEED", 1), number("JITDEBUG_MUTANTS", 300)
	t.Setenv("JITDEBUG_COMPLAINTS", "1000")
	directory := t.TempDir()
	host.Run(t, time.Minute, host.Compile(t, "testdata/functions.c", host.Linked(t)...),
		strconv.FormatUint(seed, 10), strconv.FormatUint(count, 10), directory)
	var images []samples.Image
	for i := range count {
		name := strconv.FormatUint(i, 10)
		data, err := os.ReadFile(filepath.Join(directory, name))
		if err != nil {
			t.Fatal(err)
		}
		images = append(images, samples.Image{Name: "functions-" + name, Data: data})
	}
	for _, complaint := range gdb.show(t, images) {
		t.Errorf("seed %d: %s", seed, complaint)
	}
}

// TestGDBReadsCorpus shows gdb what the library makes of what fuzzing has found.
func TestGDBReadsCorpus(t *testing.T) {
	for name, fuzz := range map[string]string{"image": "FuzzFunctions", "object": "FuzzPlace"} {
		t.Run(name, func(t *testing.T) {
			directory := t.TempDir()
			t.Setenv("JITDEBUG_KEEP", directory)
			if name == "image" { // a compiler's debug information has its oddities
				t.Setenv("JITDEBUG_COMPLAINTS", "1000")
			}
			makes := exec.Command("go", "test", "-count=1", "-run", fuzz, "./internal/"+name)
			makes.Dir = host.Root(t)
			if output, err := makes.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, output)
			}
			paths, err := filepath.Glob(filepath.Join(directory, "*"))
			if err != nil || len(paths) == 0 {
				t.Fatalf("%d images: %v", len(paths), err)
			}
			var images []samples.Image
			for _, path := range paths {
				data, err := os.ReadFile(path)
				if err != nil {
					t.Fatal(err)
				}
				images = append(images, samples.Image{Name: filepath.Base(path), Data: data})
			}
			for _, complaint := range gdb.show(t, images) {
				t.Error(complaint)
			}
			t.Logf("%d images", len(images))
		})
	}
}
