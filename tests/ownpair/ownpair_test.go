// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Package ownpair proves that code registered with the library is seen by gdb
// whatever __jit_debug_* symbols the program or its libraries have of their own,
// and theirs beside it.
package ownpair

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/libjitdebug/libjitdebug/tests/host"
)

// A fixture is a program, in a directory with all that a debugger session needs,
// so that it can be taken into another system's root.
type fixture struct {
	program string
	own     bool // the program has a pair of its own
	theirs  bool // it, or a library of its, registers code by itself
}

// build makes the fixtures, all in one directory.
func build(t *testing.T) (directory string, fixtures map[string]fixture) {
	t.Helper()
	gcc, include := host.Tool(t, "gcc"), filepath.Join(host.Root(t), "include")
	directory = t.TempDir()
	in := func(name string) string { return filepath.Join(directory, name) }
	compile := func(arguments ...string) {
		t.Helper()
		host.Run(t, time.Minute, gcc, append([]string{"-g", "-O0", "-Wall", "-Wextra", "-Werror", "-I", include}, arguments...)...)
	}
	for _, name := range []string{"libjitdebug.so.1", "libjitdebug-local.so.1"} {
		bytes, err := os.ReadFile(filepath.Join(filepath.Dir(host.Library(t)), name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(in(name), bytes, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for name, address := range map[string]string{"ours": "0x200000000000", "theirs": "0x200010000000"} {
		compile("-static", "-nostdlib", "-Wno-missing-prototypes", "-DNAME="+name, "-Wl,--entry="+name,
			"-Wl,-Ttext-segment="+address, "-o", in(name), "testdata/code.c")
	}
	compile("-shared", "-fPIC", "-Wl,-soname,runtime.so", "-o", in("runtime.so"), "testdata/pair.c")

	library := []string{in("libjitdebug.so.1"), "-Wl,-rpath,$ORIGIN", "-Wl,--enable-new-dtags"}
	link := func(name string, arguments ...string) fixture {
		t.Helper()
		compile(append(append([]string{"-o", in(name), "testdata/host.c"}, arguments...), library...)...)
		return fixture{program: name}
	}
	fixtures = map[string]fixture{
		"plain":                              link("plain"),
		"own pair":                           link("own", "-DTHEIRS", "testdata/pair.c"),
		"own pair, exported":                 link("exported", "-DTHEIRS", "testdata/pair.c", "-rdynamic"),
		"own pair, exported, stripped":       link("stripped", "-DTHEIRS", "testdata/pair.c", "-rdynamic", "-s"),
		"own pair, not position-independent": link("nopie", "-DTHEIRS", "testdata/pair.c", "-no-pie"),
		"own pair in a library":              link("library", "-DTHEIRS", in("runtime.so")),
	}
	for name, f := range fixtures {
		f.own = strings.HasPrefix(name, "own pair") && f.program != "library"
		f.theirs = f.program != "plain"
		fixtures[name] = f
	}
	return directory, fixtures
}

// seen runs a session and checks that every name is there.
func seen(t *testing.T, f fixture, gdb *exec.Cmd) {
	t.Helper()
	gdb.Args = append(gdb.Args, "-nx", "-batch", "-ex", "set debuginfod enabled off", "-ex", "set breakpoint pending on",
		"-ex", "break ours", "-ex", "break theirs", "-ex", "run ours theirs", "-ex", "backtrace", "-ex", "continue")
	if f.theirs {
		gdb.Args = append(gdb.Args, "-ex", "backtrace", "-ex", "continue")
	}
	gdb.Args = append(gdb.Args, "./"+f.program)
	output, err := host.Try(2*time.Minute, gdb)
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	want := []string{"#0  ours (n=1) at testdata/code.c:", "exited normally]"}
	if f.theirs {
		want = append(want, "#0  theirs (n=2) at testdata/code.c:")
	}
	if f.program != "stripped" {
		want = append(want, " in main (argc=3")
	}
	if f.own {
		want = append(want, "notice: the program has a __jit_debug_descriptor of its own: gdb reads that and the library's")
	} else if f.program == "library" {
		want = append(want, "notice: a library that was loaded before this one has a __jit_debug_descriptor of its own")
	} else {
		want = append(want, "notice: \n")
	}
	for _, line := range want {
		if !strings.Contains(output, line) {
			t.Errorf("no %q in\n%s", line, output)
		}
	}
}

func TestSeenByGDB(t *testing.T) {
	directory, fixtures := build(t)
	for name, f := range fixtures {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			gdb := exec.Command(host.Tool(t, "gdb"))
			gdb.Dir = directory
			seen(t, f, gdb)
		})
	}
}

const both = "gdb reads that and the library's"

// TestStripped strips libjitdebug-local.so.1 as packagers do, and of all its symbols.
func TestStripped(t *testing.T) {
	directory, fixtures := build(t)
	local := filepath.Join(directory, "libjitdebug-local.so.1")
	host.Run(t, time.Minute, host.Tool(t, "strip"), "--strip-unneeded", local)
	gdb := exec.Command(host.Tool(t, "gdb"))
	gdb.Dir = directory
	seen(t, fixtures["own pair"], gdb)

	host.Run(t, time.Minute, host.Tool(t, "strip"), "--strip-all", local)
	program := exec.Command("./"+fixtures["own pair"].program, "ours", "theirs")
	program.Dir = directory
	output, err := host.Try(time.Minute, program)
	if err != nil || !strings.Contains(output, "stripped of its symbols") {
		t.Errorf("%v\n%s", err, output)
	}
}

// TestBesideTheFile changes the working directory to one with another object of the
// name, after the library has been loaded by a relative path.
func TestBesideTheFile(t *testing.T) {
	directory, _ := build(t)
	elsewhere := t.TempDir()
	wrong := exec.Command(host.Tool(t, "gcc"), "-shared", "-fPIC", "-x", "c", "-o", filepath.Join(elsewhere, "libjitdebug-local.so.1"), "-")
	wrong.Stdin = strings.NewReader("void _exit(int); __attribute__((constructor)) static void end(void) { _exit(42); }")
	if output, err := host.Try(time.Minute, wrong); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	program := exec.Command(host.Compile(t, "testdata/elsewhere.c", "testdata/pair.c"), elsewhere)
	program.Dir = directory
	if output, err := host.Try(time.Minute, program); err != nil || !strings.Contains(output, both) {
		t.Errorf("%v\n%s", err, output)
	}
}

func TestNamespace(t *testing.T) {
	directory, _ := build(t)
	program := exec.Command(host.Compile(t, "testdata/elsewhere.c"), directory, "namespace")
	program.Dir = directory
	if output, err := host.Try(time.Minute, program); err != nil || !strings.Contains(output, "namespace of its own") {
		t.Errorf("%v\n%s", err, output)
	}
}
