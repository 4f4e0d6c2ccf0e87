// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Package copies proves that the copies of the library in a process act as one,
// however they got in and in whatever order.
package copies

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/libjitdebug/libjitdebug/tests/host"
)

// copyOf puts a copy of the library, a file of its own, into a new directory.
func copyOf(t *testing.T) string {
	t.Helper()
	bytes, err := os.ReadFile(host.Library(t))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "libjitdebug.so.1")
	if err := os.WriteFile(path, bytes, 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func permutations(of []string) [][]string {
	if len(of) == 0 {
		return [][]string{nil}
	}
	var all [][]string
	for i := range of {
		rest := append(append([]string{}, of[:i]...), of[i+1:]...)
		for _, tail := range permutations(rest) {
			all = append(all, append([]string{of[i]}, tail...))
		}
	}
	return all
}

func TestEveryOrder(t *testing.T) {
	program := host.Compile(t, "testdata/ways.c", "-ldl")
	linked := host.Compile(t, "testdata/ways.c", append(host.Linked(t), "-Wl,--no-as-needed", "-ljitdebug")...)
	byName := filepath.Dir(copyOf(t))
	another := copyOf(t)
	plugin := filepath.Join(t.TempDir(), "plugin.so")
	host.Run(t, time.Minute, host.Tool(t, "gcc"), "-shared", "-fPIC", "-I", filepath.Join(host.Root(t), "include"),
		"-o", plugin, "testdata/plugin.c", copyOf(t), "-Wl,-rpath,"+filepath.Dir(copyOf(t)))

	for _, order := range permutations([]string{another, "soname", "plugin=" + plugin}) {
		for _, program := range []string{program, linked} {
			command := exec.Command(program, order...)
			command.Env = append(os.Environ(), "LD_LIBRARY_PATH="+byName)
			output, err := host.Try(time.Minute, command)
			if err != nil {
				t.Errorf("%s: %v\n%s", strings.Join(order, ", "), err, output)
			}
			// A name that is loaded already is not loaded again; only a path
			// can bring a second copy.
			if program == linked || order[0] != another {
				if output != "2 copies\n" {
					t.Errorf("%s: %s", strings.Join(order, ", "), output)
				}
			} else if output != "1 copies\n" {
				t.Errorf("%s: %s", strings.Join(order, ", "), output)
			}
		}
	}
}

// Four files, RTLD_LOCAL: as when four wheels bring one each.
func TestFourCopies(t *testing.T) {
	program := host.Compile(t, "testdata/ways.c", "-ldl")
	output := host.Run(t, time.Minute, program, copyOf(t), copyOf(t), copyOf(t), copyOf(t))
	if output != "4 copies\n" {
		t.Error(output)
	}
}

// An older version keeps the list, and lacks a function that the newer has.
func TestOlderFirst(t *testing.T) {
	root, tree := host.Root(t), t.TempDir()
	host.Run(t, time.Minute, "cp", "-r", filepath.Join(root, "go.mod"), filepath.Join(root, "go.sum"),
		filepath.Join(root, "export.go"), filepath.Join(root, "gate.c"), filepath.Join(root, "gate.h"),
		filepath.Join(root, "include"), filepath.Join(root, "internal"), filepath.Join(root, "lib"), filepath.Join(root, "scripts"),
		filepath.Join(root, "Makefile"), filepath.Join(root, "VERSION"), tree)
	change := func(file, old, new string) {
		t.Helper()
		path := filepath.Join(tree, file)
		text, err := os.ReadFile(path)
		if err != nil || !strings.Contains(string(text), old) {
			t.Fatalf("%s: no %q (%v)", file, old, err)
		}
		if err := os.WriteFile(path, []byte(strings.Replace(string(text), old, new, 1)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	lacking := []string{"jitdebug_register_batch", "jitdebug_register_functions", "jitdebug_register_object"}
	for _, function := range lacking {
		change("lib/jitdebug.map", "    "+function+";\n", "")
	}
	change("include/jitdebug.h", "JITDEBUG_VERSION_PATCH 0", "JITDEBUG_VERSION_PATCH 99")
	host.Run(t, 5*time.Minute, "make", "-C", tree, "-B", "lib")

	program := host.Compile(t, "testdata/older.c", "-ldl")
	output := host.Run(t, time.Minute, program, filepath.Join(tree, "lib", "libjitdebug.so.1"), copyOf(t))
	lines := strings.Split(output, "\n")
	for i, function := range lacking {
		for _, part := range []string{function + ": ", "1.0.99", "1.0.0"} {
			if i >= len(lines) || !strings.Contains(lines[i], part) {
				t.Errorf("line %d of %q does not say %q", i+1, output, part)
			}
		}
	}
}
