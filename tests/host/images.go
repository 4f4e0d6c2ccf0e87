// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package host

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/libjitdebug/libjitdebug/tests/samples"
)

// Images compiles a few images as JITs register them and returns their files: an
// object whose sections were given addresses, and a linked program, with debug
// information and without.
func Images(t testing.TB) []string {
	t.Helper()
	directory := t.TempDir()
	source := filepath.Join(Root(t), "tests", "host", "testdata", "generated.c")
	gcc := Tool(t, "gcc")
	var images []string
	for _, debug := range []string{"-g0", "-g"} {
		object := filepath.Join(directory, "object"+debug)
		Run(t, time.Minute, gcc, debug, "-O1", "-c", "-o", object, source)
		bytes, err := os.ReadFile(object)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(object, samples.Place(bytes, 0x200000000000), 0o644); err != nil {
			t.Fatal(err)
		}
		linked := filepath.Join(directory, "linked"+debug)
		Run(t, time.Minute, gcc, debug, "-O1", "-static", "-nostdlib", "-Wl,--entry=generated",
			"-Wl,-Ttext-segment=0x200000100000", "-o", linked, source)
		images = append(images, object, linked)
	}
	return images
}
