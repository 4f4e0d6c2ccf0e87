package images

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/libjitdebug/libjitdebug/internal/symfile/samples"
	"github.com/libjitdebug/libjitdebug/tests/host"
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
	for _, complaint := range gdb(t, images) {
		t.Errorf("seed %d: %s", seed, complaint)
	}
}
