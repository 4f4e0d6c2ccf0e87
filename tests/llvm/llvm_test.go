// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Package llvm proves that what LLVM's ORC compiles is seen by debuggers through
// jitdebug_llvm.hpp, alone and beside other runtimes in the same process.
// JITDEBUG_LLVM names the release of LLVM; scripts/test-extended takes another.
package llvm

import (
	"cmp"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/libjitdebug/libjitdebug/tests/host"
)

// A fixture is a directory of programs and their inputs:
//
//	orc            examples/orc          orc.ll    what it compiles
//	host           testdata/host.cpp     host.ll   what it compiles
//	plugin.so      its plugin            copy.so   the plugin's copy of the library
//	sections.o     testdata/sections.c   names.o   the same without debug information
type fixture struct {
	t         *testing.T
	directory string
	llvm      string
}

func build(t *testing.T) fixture {
	f := fixture{t, t.TempDir(), cmp.Or(os.Getenv("JITDEBUG_LLVM"), "19")}
	root := host.Root(t)
	include := []string{"-I", filepath.Join(root, "include"), "-I", filepath.Join(root, "tests/host/testdata")}
	compile := func(output, compiler, source string, flags ...string) {
		arguments := append([]string{"-O0", "-Wall", "-Wextra", "-Werror", "-o", f.path(output), source}, include...)
		host.Run(t, 5*time.Minute, host.Tool(t, compiler), append(arguments, flags...)...)
	}
	cxx := []string{"-std=c++17", "-g1", "-c", "-isystem", f.config("--includedir")}

	// LLVM's headers take a while: two at a time.
	var group sync.WaitGroup
	slots := make(chan struct{}, 2)
	for output, source := range map[string]string{
		"orc.o":   filepath.Join(root, "examples/orc/orc.cpp"),
		"host.o":  "testdata/host.cpp",
		"cases.o": "testdata/cases.cpp",
	} {
		group.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			compile(output, "g++", source, cxx...)
		})
	}
	compile("linked.o", "gcc", "testdata/linked.c", "-g", "-c")
	compile("emit.o", "gcc", "testdata/emit.c", "-g", "-c", "-fPIC")
	compile("plugin.so", "gcc", "testdata/plugin.c", "-g", "-shared", "-fPIC", f.path("emit.o"))
	ir := []string{"-g", "-S", "-emit-llvm"}
	compile("orc.ll", "clang-19", filepath.Join(root, "examples/orc/generated.c"), ir...)
	compile("host.ll", "clang-19", "testdata/generated.c", append(ir, "-DNAME=orc_function")...)
	sections := []string{"-c", "-ffunction-sections", "-fno-unique-section-names"}
	compile("names.o", "clang-19", "testdata/sections.c", sections...)
	compile("sections.o", "clang-19", "testdata/sections.c", append(sections, "-g")...)
	library, err := os.ReadFile(host.Library(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(f.path("copy.so"), library, 0o755); err != nil {
		t.Fatal(err)
	}
	group.Wait()
	f.link("orc", []string{"orc.o"}, "-lLLVM-"+f.llvm)
	f.link("host", hostObjects, "-lLLVM-"+f.llvm)
	return f
}

var hostObjects = []string{"host.o", "cases.o", "linked.o", "emit.o"}

func (f fixture) path(name string) string { return filepath.Join(f.directory, name) }

func (f fixture) config(arguments ...string) string {
	return strings.TrimSpace(host.Run(f.t, time.Minute, host.Tool(f.t, "llvm-config-"+f.llvm), arguments...))
}

// link links objects with the library, before LLVM, and with LLVM.
func (f fixture) link(program string, objects []string, flags ...string) {
	var arguments []string
	for _, object := range objects {
		arguments = append(arguments, f.path(object))
	}
	arguments = append(append(arguments, host.Linked(f.t)...), "-L", f.config("--libdir"), "-o", f.path(program))
	host.Run(f.t, 2*time.Minute, host.Tool(f.t, "g++"), append(arguments, flags...)...)
}

// linkStatically links host with LLVM inside: as local, and as exported, in which
// LLVM finds the function that it registers with.
func (f fixture) linkStatically() {
	flags := strings.Fields(f.config("--link-static", "--libs", "--system-libs", "orcjit", "orcdebugging", "native", "irreader"))
	flags = append(flags, "-Wl,-u,llvm_orc_registerJITLoaderGDBWrapper")
	f.link("local", hostObjects, flags...)
	f.link("exported", hostObjects, append(flags, "-rdynamic")...)
}

// runtimes is the arguments of host for a process with four runtimes.
func (f fixture) runtimes(mode, rounds string) []string {
	return []string{mode, f.path("host.ll"), f.path("plugin.so"), f.path("copy.so"), rounds}
}

// gdb runs commands, one a line, on a program.
func gdb(t *testing.T, commands, program string, arguments ...string) string {
	t.Helper()
	session := exec.Command(host.Tool(t, "gdb"), "-nx", "-batch", "-iex", "set debuginfod enabled off",
		"-iex", "set breakpoint pending on", "-x", script(t, commands), "--args", program)
	return run(t, session, arguments)
}

// lldb is the same. It reads one library's descriptor, the first that it finds,
// which is the first that was loaded only if it does not load in parallel.
func lldb(t *testing.T, commands, program string, arguments ...string) string {
	t.Helper()
	session := exec.Command(host.Tool(t, "lldb-22"), "--no-lldbinit", "--batch",
		"-O", "settings set target.parallel-module-load false", "-s", script(t, commands), "--", program)
	return run(t, session, arguments)
}

func script(t *testing.T, commands string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "commands")
	if err := os.WriteFile(path, []byte(commands), 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

func run(t *testing.T, session *exec.Cmd, arguments []string) string {
	t.Helper()
	session.Args = append(session.Args, arguments...)
	output, err := host.Try(2*time.Minute, session)
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	return output
}
