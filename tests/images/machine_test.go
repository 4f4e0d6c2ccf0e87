// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package images

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/libjitdebug/libjitdebug/internal/symfile"
	"github.com/libjitdebug/libjitdebug/tests/samples"
)

// TestMachinesLibraries: what is installed here is accepted, mapped to an address.
func TestMachinesLibraries(t *testing.T) {
	count := 0
	for _, pattern := range []string{"/usr/lib/x86_64-linux-gnu/*.so*", "/usr/lib/aarch64-linux-gnu/*.so*", "/usr/lib/debug/.build-id/*/*.debug"} {
		paths, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			if info, err := os.Lstat(path); err != nil || !info.Mode().IsRegular() {
				continue
			}
			data, err := os.ReadFile(path)
			if err != nil || !bytes.HasPrefix(data, []byte("\x7fELF")) {
				continue
			}
			count++
			if err := symfile.Check(samples.Mapped(data, 0x500000000000)); err != nil {
				t.Errorf("%s: %v", strings.TrimPrefix(path, "/usr/lib/"), err)
			}
		}
	}
	if count == 0 {
		t.Error("none is installed")
	}
	t.Logf("%d files", count)
}
