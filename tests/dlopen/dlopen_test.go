// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Package dlopen proves that a host which includes jitdebug_dl.h, and is not
// linked with the library, finds it where it is and does without where it is not.
package dlopen

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/libjitdebug/libjitdebug/tests/host"
)

const limit = time.Minute

// compile builds a host of two files, in C and C++.
func compile(t *testing.T, source string) string {
	t.Helper()
	include := filepath.Join(host.Root(t), "include")
	other := filepath.Join(t.TempDir(), "other.o")
	host.Run(t, limit, host.Tool(t, "g++"), "-Wall", "-Wextra", "-pedantic", "-Werror", "-I", include, "-c", "-o", other, "testdata/other.cpp")
	return host.Compile(t, source, other, "-D_GNU_SOURCE", "-ldl")
}

// copied returns a copy of the library that everybody may read.
func copied(t *testing.T) string {
	t.Helper()
	contents, err := os.ReadFile(host.Library(t))
	if err != nil {
		t.Fatal(err)
	}
	return write(t, "libjitdebug.so.1", contents)
}

func write(t *testing.T, name string, contents []byte) string {
	t.Helper()
	directory := t.TempDir()
	if err := os.Chmod(filepath.Dir(directory), 0o755); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(directory, name)
	if err := os.WriteFile(path, contents, 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

// quiet runs a host that is to succeed and to print nothing.
func quiet(t *testing.T, environment []string, program string, arguments ...string) {
	t.Helper()
	command := exec.Command(program, arguments...)
	command.Env = append(os.Environ(), environment...)
	if output, err := host.Try(limit, command); err != nil || output != "" {
		t.Errorf("%s: %v\n%s", strings.Join(arguments, " "), err, output)
	}
}

func TestWith(t *testing.T) {
	program := compile(t, "testdata/host.c")
	one, another := copied(t), copied(t)
	byName := "LD_LIBRARY_PATH=" + filepath.Dir(one)

	t.Run("by name", func(t *testing.T) {
		quiet(t, []string{"JITDEBUG_LIBRARY=", byName}, program, "with", one)
	})
	t.Run("JITDEBUG_LIBRARY", func(t *testing.T) {
		quiet(t, []string{"JITDEBUG_LIBRARY=" + another, byName}, program, "with", another)
	})
	t.Run("JITDEBUG_LIBRARY leads nowhere", func(t *testing.T) {
		quiet(t, []string{"JITDEBUG_LIBRARY=/nowhere/libjitdebug.so.1", byName}, program, "with", one)
	})
	t.Run("loaded already", func(t *testing.T) {
		third := copied(t)
		quiet(t, []string{"JITDEBUG_LIBRARY=" + another, byName}, program, "first", third)
	})
	t.Run("16 threads", func(t *testing.T) {
		for range 20 {
			quiet(t, []string{"JITDEBUG_LIBRARY=", byName}, program, "threads")
		}
	})
	t.Run("gdb", func(t *testing.T) {
		command := exec.Command(program, "with", another)
		command.Env = []string{"JITDEBUG_LIBRARY=" + another}
		host.Shows(t, command, "f7")
	})
}

func TestWithout(t *testing.T) {
	program := compile(t, "testdata/host.c")
	// In front of one that this machine may have installed.
	broken := "LD_LIBRARY_PATH=" + filepath.Dir(write(t, "libjitdebug.so.1", nil))

	quiet(t, []string{"JITDEBUG_LIBRARY=", broken}, program, "without", "libjitdebug.so.1: file too short")
	quiet(t, []string{"JITDEBUG_LIBRARY=/nowhere/lib.so", broken}, program, "without",
		"/nowhere/lib.so: cannot open shared object file", "libjitdebug.so.1: file too short")
	quiet(t, []string{"JITDEBUG_LIBRARY=libc.so.6", broken}, program, "without",
		"libc.so.6: ", "undefined symbol: jitdebug_register", "libjitdebug.so.1: file too short")
	long := "/" + strings.Repeat("long/", 400)
	quiet(t, []string{"JITDEBUG_LIBRARY=" + long, broken}, program, "without", "/long/long/")
	quiet(t, []string{"JITDEBUG_LIBRARY=", broken}, program, "late", copied(t))
}

// A program with another user's rights does not load what its caller names.
func TestSetUserID(t *testing.T) {
	library := copied(t)
	contents, err := os.ReadFile(compile(t, "testdata/host.c"))
	if err != nil {
		t.Fatal(err)
	}
	program := write(t, "host", contents)
	environment := []string{"JITDEBUG_LIBRARY=" + library}
	quiet(t, environment, program, "with", library)

	if os.Getuid() == 0 {
		const nobody = "65534"
		host.Run(t, limit, "/bin/sh", "-c", `chown "$1" "$2" && chmod u+s "$2"`, "sh", nobody, program)
	} else {
		// Who cannot give a program to another user gives it rights, in a namespace
		// in which they are root, and calls it as somebody else from there.
		program = write(t, "call", fmt.Appendf(nil, `#!/bin/sh
PATH=$PATH:/usr/sbin:/sbin
exec unshare --user --map-root-user sh -ec '
  setcap cap_net_raw+ep "$0"
  exec unshare --user --map-user=1000 --map-group=1000 "$0" "$@"' '%s' "$@"
`, program))
	}
	quiet(t, environment, program, "not", library)
}

// A server of 100 workers, in each of which Go starts.
func TestWorkersOfAServer(t *testing.T) {
	const count = 100
	command := exec.Command(compile(t, "testdata/workers.c"), fmt.Sprint(count))
	command.Env = append(os.Environ(), "JITDEBUG_LIBRARY="+host.Library(t))
	command.Stderr = os.Stderr
	input, err := command.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	defer input.Close()
	hang := time.AfterFunc(2*time.Minute, func() { command.Process.Kill() })
	defer hang.Stop()

	var commands []string
	ready := false
	for lines := bufio.NewScanner(output); !ready && lines.Scan(); {
		if ready = lines.Text() == "ready"; !ready {
			commands = append(commands, "attach "+lines.Text(), "backtrace", "detach")
		}
	}
	if !ready {
		t.Fatal("the workers did not get ready")
	}
	shown := host.GDB(t, commands)
	for worker := range count {
		if !strings.Contains(shown, fmt.Sprintf(" in f%d ()", worker)) {
			t.Errorf("gdb does not show f%d in a worker", worker)
		}
	}
	if t.Failed() {
		t.Log(shown)
	}
	input.Close()
	if err := command.Wait(); err != nil {
		t.Error(err)
	}
}

// The header alone, twice and in use.
func TestHeader(t *testing.T) {
	source := write(t, "use.h", []byte(`#include <jitdebug_dl.h>
#include <jitdebug_dl.h>
int32_t use(jitdebug_registration *registration);
int32_t use(jitdebug_registration *registration) {
  return jitdebug_dl_unregister(registration);
}
`))
	for _, language := range []struct {
		name      string
		compilers []string
		standards []string
	}{
		{"c", []string{"gcc", "clang-19"}, []string{"c99", "c11", "gnu17"}},
		{"c++", []string{"g++", "clang++-19"}, []string{"c++11", "c++17", "c++2b"}},
	} {
		for _, compiler := range language.compilers {
			for _, standard := range language.standards {
				host.Run(t, limit, host.Tool(t, compiler), "-x", language.name, "-std="+standard, "-Wall", "-Wextra", "-pedantic", "-Werror",
					"-I", filepath.Join(host.Root(t), "include"), "-fsyntax-only", source)
			}
		}
	}
}
