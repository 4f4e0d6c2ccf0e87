// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Package host builds and runs the C programs that the tests are about: hosts
// that use the library as a JIT would.
package host

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Root returns the top of the checkout.
func Root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("no go.mod above the test")
		}
		dir = parent
	}
}

// Library returns the path of the library under test, as make lib leaves it.
func Library(t testing.TB) string {
	t.Helper()
	path := filepath.Join(Root(t), "lib", "libjitdebug.so.1")
	if _, err := os.Stat(path); err != nil {
		t.Fatal(err, " (make lib builds it)")
	}
	return path
}

// Tool returns the path of a program that scripts/setup installs. A test that
// needs it fails where it is missing; it never skips.
func Tool(t testing.TB, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatal(err, " (scripts/setup installs it)")
	}
	return path
}

// Compile compiles a C source with warnings as errors and returns the program.
// The header is found, and those of tests/host/testdata; link the library with
// Linked, or load it with dlopen.
func Compile(t testing.TB, source string, flags ...string) string {
	t.Helper()
	output := filepath.Join(t.TempDir(), strings.TrimSuffix(filepath.Base(source), ".c"))
	arguments := []string{"-std=gnu11", "-g", "-O1", "-Wall", "-Wextra", "-Werror", "-pthread",
		"-I", filepath.Join(Root(t), "include"), "-I", filepath.Join(Root(t), "tests", "host", "testdata"), "-o", output, source}
	Run(t, time.Minute, Tool(t, "gcc"), append(arguments, flags...)...)
	return output
}

// Linked returns the flags that link a program with the library.
func Linked(t testing.TB) []string {
	directory := filepath.Dir(Library(t))
	return []string{"-L" + directory, "-ljitdebug", "-Xlinker", "-rpath", "-Xlinker", directory}
}

// Run runs a program to its end and returns what it printed, stdout and stderr
// as they came. The test fails if the program does, or hangs.
func Run(t testing.TB, limit time.Duration, program string, arguments ...string) string {
	t.Helper()
	output, err := Try(limit, exec.Command(program, arguments...))
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", filepath.Base(program), strings.Join(arguments, " "), err, output)
	}
	return output
}

// ErrHangs is what Try returns for a program that was ended at the limit.
var ErrHangs = errors.New("did not end in time")

// Try is Run for a program that may fail. The command's program, arguments,
// environment, directory and input count.
func Try(limit time.Duration, command *exec.Cmd) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	limited := exec.CommandContext(ctx, command.Path, command.Args[1:]...)
	limited.Env, limited.Dir, limited.Stdin = command.Env, command.Dir, command.Stdin
	limited.WaitDelay = time.Second
	var output bytes.Buffer
	limited.Stdout, limited.Stderr = &output, &output
	err := limited.Run()
	if ctx.Err() != nil {
		err = ErrHangs
	}
	return output.String(), err
}
