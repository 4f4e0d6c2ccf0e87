// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//go:build extended

package wasmtime

import (
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/libjitdebug/libjitdebug/tests/host"
)

// A fixture is a directory with
//
//	example      examples/wasmtime, whose wasmtime is the newest
//	host         testdata's three wasmtimes
//	sum_50.wasm  a module with a function of that name, from code.c; one for each
type fixture struct{ directory string }

func (f fixture) path(name string) string { return filepath.Join(f.directory, name) }

// modules are those of the host's versions, as it takes them.
func (f fixture) modules() []string {
	return []string{f.path("sum_50.wasm"), f.path("sum_48.wasm"), f.path("sum_36.wasm")}
}

func build(t *testing.T) fixture {
	t.Helper()
	f := fixture{t.TempDir()}
	for directory, programs := range map[string][2]string{
		"examples/wasmtime":   {"wasmtime-example", "example"},
		"tests/wasmtime/host": {"host", "host"},
	} {
		cargo(t, directory, "build")
		host.Run(t, time.Minute, "cp", filepath.Join(target(t), "debug", programs[0]), f.path(programs[1]))
	}
	for _, module := range f.modules() {
		name := strings.TrimSuffix(filepath.Base(module), ".wasm")
		host.Run(t, time.Minute, host.Tool(t, "clang-19"), "--target=wasm32", "-g", "-O0", "-nostdlib",
			"-fuse-ld="+host.Tool(t, "wasm-ld-19"), "-Wl,--no-entry", "-DNAME="+name, `-DEXPORT="`+name+`"`,
			"-o", module, "testdata/code.c")
	}
	return f
}

func gdb(t *testing.T, commands []string, program ...string) string {
	t.Helper()
	return host.GDB(t, append([]string{"set breakpoint pending on"}, commands...), append([]string{"--args"}, program...)...)
}

func TestWasmtime(t *testing.T) {
	f := build(t)
	t.Setenv("LD_LIBRARY_PATH", filepath.Dir(host.Library(t)))
	t.Run("gdb", func(t *testing.T) { inGDB(t, f) })
	t.Run("lldb", func(t *testing.T) { inLLDB(t, f) })
	t.Run("three versions, gdb", func(t *testing.T) { threeInGDB(t, f) })
	t.Run("three versions, lldb", func(t *testing.T) { threeInLLDB(t, f) })
	t.Run("jitdump", func(t *testing.T) { jitdump(t, f) })
	t.Run("perf map", func(t *testing.T) { perfMap(t, f) })
}

// A breakpoint by source line waits for the module; its function is forgotten when
// the module is dropped.
func inGDB(t *testing.T, f fixture) {
	output := gdb(t, []string{"break code.c:3", "run", "backtrace", "info locals", "delete",
		"tbreak wasmtime_example::dropped", "continue", "info line sum_50", "kill"}, f.path("example"), f.path("sum_50.wasm"), "sum_50", "10")
	host.InOrder(t, output, "Breakpoint 1 (code.c:3) pending", "hit Breakpoint 1, square (number=1) at testdata/code.c:3",
		"#0  square (number=1) at testdata/code.c:3", " in sum_50 (limit=10) at testdata/code.c:10", "result = ",
		"the wasm function returns 385", "wasmtime_example::dropped", `Function "sum_50" not defined.`)
}

func inLLDB(t *testing.T, f fixture) {
	output := host.LLDB(t, []string{"breakpoint set --file code.c --line 3", "process launch", "thread backtrace", "frame variable",
		"breakpoint set --name wasmtime_example::dropped", "breakpoint disable 1", "continue", "breakpoint set --name sum_50",
		"continue"}, f.path("example"), f.path("sum_50.wasm"), "sum_50", "10")
	host.InOrder(t, output, "no locations (pending)", "stop reason = breakpoint 1.1", "`square(", "number=1) at code.c:3",
		"`sum_50(", "limit=10) at code.c:10", "wasmtime_example::run", "(int) number = 1", "the wasm function returns 385",
		"stop reason = breakpoint 2.1", "breakpoint set --name sum_50\n", "no locations (pending)", "the module is dropped")
}

// The newest is dropped, then the next. Breakpoints go before their code, which gdb
// could not insert again.
func threeInGDB(t *testing.T, f fixture) {
	output := gdb(t, []string{"tbreak sum_50", "tbreak sum_48", "tbreak sum_36", "run", "backtrace 1", "continue", "backtrace 1",
		"continue", "backtrace 1", "tbreak host::dropped", "continue", "info line sum_50", "info line sum_48",
		"tbreak sum_36", "continue", "backtrace 1", "tbreak host::dropped", "continue", "info line sum_48", "info line sum_36",
		"tbreak host::dropped", "continue", "info line sum_36", "kill"}, append([]string{f.path("host"), "list"}, f.modules()...)...)
	host.InOrder(t, output, "sum_50 (limit=10) at testdata/code.c:", "wasmtime_50 returns 385",
		"sum_48 (limit=10) at testdata/code.c:", "wasmtime_48 returns 385", "sum_36 (limit=10) at testdata/code.c:",
		"wasmtime_36 returns 385", "host::dropped", `Function "sum_50" not defined.`, `of "testdata/code.c" starts at address`, "<sum_48>",
		"sum_36 (limit=10)", "host::dropped", `Function "sum_48" not defined.`, `of "testdata/code.c" starts at address`, "<sum_36>",
		"wasmtime_36 returns 385", "host::dropped", `Function "sum_36" not defined.`)
}

func threeInLLDB(t *testing.T, f fixture) {
	output := host.LLDB(t, []string{"breakpoint set --name sum_50", "breakpoint set --name sum_48", "breakpoint set --name sum_36",
		"breakpoint set --name host::dropped", "process launch", "continue", "continue", "breakpoint disable 1 2 3", "continue",
		"breakpoint set --name sum_50", "image lookup --name sum_48", "continue", "breakpoint set --name sum_48",
		"image lookup --name sum_36", "continue", "breakpoint set --name sum_36", "continue"},
		append([]string{f.path("host"), "list"}, f.modules()...)...)
	host.InOrder(t, output, "stop reason = breakpoint 1.1", "`sum_50(", "limit=10", "wasmtime_50 returns 385",
		"stop reason = breakpoint 2.1", "`sum_48(", "limit=10", "wasmtime_48 returns 385",
		"stop reason = breakpoint 3.1", "`sum_36(", "limit=10", "wasmtime_36 returns 385",
		"host::dropped", "breakpoint set --name sum_50\n", "no locations (pending)", "1 match found",
		"host::dropped", "breakpoint set --name sum_48\n", "no locations (pending)", "1 match found",
		"host::dropped", "breakpoint set --name sum_36\n", "no locations (pending)")
}

// profiled runs the functions with a profiler on, in a directory of its own, and
// returns the number of the process.
func profiled(t *testing.T, f fixture, profiler string) (directory, pid string) {
	t.Helper()
	command := exec.Command(f.path("host"), append([]string{profiler}, f.modules()...)...)
	command.Dir = t.TempDir()
	output, err := host.Try(time.Minute, command)
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	host.InOrder(t, output, "process ", "wasmtime_50 returns 385\n", "wasmtime_48 returns 385\n", "wasmtime_36 returns 385\n")
	_, pid, _ = strings.Cut(output, "process ")
	pid, _, _ = strings.Cut(pid, "\n")
	return command.Dir, pid
}

// All versions write to one file, which is read as perf inject does: records end
// where they say, and no two functions have a number.
func jitdump(t *testing.T, f fixture) {
	directory, pid := profiled(t, f, "jitdump")
	bytes, err := os.ReadFile(filepath.Join(directory, "jit-"+pid+".dump"))
	if err != nil {
		t.Fatal(err)
	}
	const header, record = 40, 56
	order := binary.LittleEndian
	if len(bytes) < header || order.Uint32(bytes) != 0x4A695444 || order.Uint32(bytes[4:]) != 1 || order.Uint32(bytes[8:]) != header {
		t.Fatalf("no jitdump header: % x", bytes[:min(header, len(bytes))])
	}
	names, numbers := map[string]int{}, map[uint64]string{}
	for bytes = bytes[header:]; len(bytes) > 0; {
		size := order.Uint32(bytes[4:])
		codeSize, number := order.Uint64(bytes[40:]), order.Uint64(bytes[48:])
		name, code, found := strings.Cut(string(bytes[record:size]), "\x00")
		if order.Uint32(bytes) != 0 || !found || uint64(len(code)) != codeSize {
			t.Fatalf("%q is followed by %d bytes of code, not by %d", name, len(code), codeSize)
		}
		if other, taken := numbers[number]; taken {
			t.Errorf("%s and %s both have number %d", other, name, number)
		}
		names[name]++
		numbers[number] = name
		bytes = bytes[size:]
	}
	if names["sum_50"] != 1 || names["sum_48"] != 1 || names["sum_36"] != 1 || names["square"] != 3 {
		t.Errorf("the functions are missing: %v", names)
	}
}

// Each version begins the file anew, so that the last one's functions are in it.
func perfMap(t *testing.T, f fixture) {
	_, pid := profiled(t, f, "perfmap")
	path := "/tmp/perf-" + pid + ".map"
	defer os.Remove(path)
	bytes, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	host.InOrder(t, string(bytes), " sum_36\n", " square\n")
}
