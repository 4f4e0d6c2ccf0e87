// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package samples

import (
	"os"
	"path/filepath"
	"testing"
)

// Keep writes an image that was made in a test into the directory $JITDEBUG_KEEP,
// for a debugger to read.
func Keep(t *testing.T, image []byte) {
	if directory := os.Getenv("JITDEBUG_KEEP"); directory != "" {
		if err := os.WriteFile(filepath.Join(directory, filepath.Base(t.Name())), image, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
