// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package packaging

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/libjitdebug/libjitdebug/tests/host"
)

const limit = 2 * time.Minute

func cmake(t *testing.T, arguments ...string) {
	t.Helper()
	host.Run(t, limit, host.Tool(t, "cmake"), arguments...)
}

// configured returns a build tree of the checkout with the library in it.
func configured(t *testing.T, options ...string) string {
	t.Helper()
	tree := t.TempDir()
	cmake(t, append([]string{"-S", host.Root(t), "-B", tree}, options...)...)
	cmake(t, "--build", tree)
	return tree
}

// consumer returns a project of its own, outside the checkout: testdata/jit.c,
// and what builds it, if that is a file.
func consumer(t *testing.T, kind string) string {
	t.Helper()
	directory, shared := t.TempDir(), filepath.Join(host.Root(t), "tests", "host", "testdata")
	sources := []string{"testdata/jit.c"}
	for _, header := range []string{"check.h", "code.h", "image.h"} {
		sources = append(sources, filepath.Join(shared, header))
	}
	if kind != "" {
		sources = append(sources, filepath.Join("testdata", kind, "CMakeLists.txt"))
	}
	for _, source := range sources {
		contents, err := os.ReadFile(source)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(directory, filepath.Base(source)), contents, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return directory
}

// byCMake builds a consumer and returns the program.
func byCMake(t *testing.T, source string, options ...string) string {
	t.Helper()
	tree := t.TempDir()
	cmake(t, append([]string{"-S", source, "-B", tree, "-DCMAKE_BUILD_TYPE=Debug"}, options...)...)
	cmake(t, "--build", tree, "--target", "jit")
	return filepath.Join(tree, "jit")
}

// shows runs a consumer and shows gdb its code.
func shows(t *testing.T, program string, environment ...string) {
	t.Helper()
	says(t, host.Run(t, limit, host.Tool(t, "readelf"), "--dynamic", program), "Shared library: [libjitdebug.so.1]")
	command := exec.Command(program)
	command.Env = environment
	host.Shows(t, command, "f7")
}

func says(t *testing.T, output string, sentences ...string) {
	t.Helper()
	for _, sentence := range sentences {
		if !strings.Contains(output, sentence) {
			t.Errorf("no %q in:\n%s", sentence, output)
		}
	}
}

type file struct {
	mode     fs.FileMode
	contents []byte // of a link: its target
}

// files returns what a directory holds, however deep, by name.
func files(t *testing.T, directory string) map[string]file {
	t.Helper()
	found := map[string]file{}
	err := filepath.WalkDir(directory, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		var contents []byte
		if info.Mode().Type() == fs.ModeSymlink {
			target, err := os.Readlink(path)
			if err != nil {
				return err
			}
			contents = []byte(target)
		} else if contents, err = os.ReadFile(path); err != nil {
			return err
		}
		name, err := filepath.Rel(directory, path)
		found[name] = file{info.Mode(), contents}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// same checks that two directories hold the same.
func same(t *testing.T, have, want map[string]file) {
	t.Helper()
	for name, wanted := range want {
		found, ok := have[name]
		switch {
		case !ok:
			t.Errorf("%s is missing", name)
		case found.mode != wanted.mode:
			t.Errorf("%s has mode %v, not %v", name, found.mode, wanted.mode)
		case !bytes.Equal(unmarked(t, found.contents), unmarked(t, wanted.contents)):
			t.Errorf("%s is not the same file", name)
		}
	}
	for name := range have {
		if _, ok := want[name]; !ok {
			t.Errorf("%s is too much", name)
		}
	}
}

// unmarked is a library without the notes that identify a build: they tell by
// which path the compiler was called.
func unmarked(t *testing.T, contents []byte) []byte {
	t.Helper()
	if !bytes.HasPrefix(contents, []byte("\x7fELF")) {
		return contents
	}
	library := filepath.Join(t.TempDir(), "library")
	if err := os.WriteFile(library, contents, 0o644); err != nil {
		t.Fatal(err)
	}
	host.Run(t, limit, host.Tool(t, "objcopy"), "--remove-section=.note.gnu.build-id", "--remove-section=.note.go.buildid", library)
	contents, err := os.ReadFile(library)
	if err != nil {
		t.Fatal(err)
	}
	return contents
}
