//go:build extended

// Package wasmtime proves that an unmodified wasmtime from the registry shares the
// process's list by a patch in Cargo.toml, and is debugged as before.
// scripts/test-extended runs it: to build two versions takes minutes.
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
//	example           examples/wasmtime       host         testdata's two wasmtimes
//	new.wasm          new_sum, from code.c    old.wasm     old_sum
type fixture struct{ directory string }

func (f fixture) path(name string) string { return filepath.Join(f.directory, name) }

func build(t *testing.T) fixture {
	t.Helper()
	f := fixture{t.TempDir()}
	root := host.Root(t)
	target := filepath.Join(root, "build/cargo")
	for directory, programs := range map[string][2]string{
		"examples/wasmtime":   {"wasmtime-example", "example"},
		"tests/wasmtime/host": {"host", "host"},
	} {
		command := exec.Command(host.Tool(t, "cargo"), "build", "--quiet", "--locked")
		command.Dir = filepath.Join(root, directory)
		command.Env = append(os.Environ(), "CARGO_TARGET_DIR="+target, "JITDEBUG_LIB_DIR="+filepath.Dir(host.Library(t)))
		if output, err := host.Try(time.Hour, command); err != nil {
			t.Fatalf("%v: %v\n%s", command, err, output)
		}
		host.Run(t, time.Minute, "cp", filepath.Join(target, "debug", programs[0]), f.path(programs[1]))
	}
	for _, name := range []string{"new", "old"} {
		host.Run(t, time.Minute, host.Tool(t, "clang-19"), "--target=wasm32", "-g", "-O0", "-nostdlib",
			"-fuse-ld="+host.Tool(t, "wasm-ld-19"), "-Wl,--no-entry", "-DNAME="+name+"_sum", `-DEXPORT="`+name+`_sum"`,
			"-o", f.path(name+".wasm"), "testdata/code.c")
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
	t.Run("two versions, gdb", func(t *testing.T) { twoInGDB(t, f) })
	t.Run("two versions, lldb", func(t *testing.T) { twoInLLDB(t, f) })
	t.Run("jitdump", func(t *testing.T) { jitdump(t, f) })
	t.Run("perf map", func(t *testing.T) { perfMap(t, f) })
}

// A breakpoint by source line waits for the module; its function is forgotten when
// the module is dropped.
func inGDB(t *testing.T, f fixture) {
	output := gdb(t, []string{"break code.c:3", "run", "backtrace", "info locals", "delete",
		"tbreak wasmtime_example::dropped", "continue", "info line new_sum", "kill"}, f.path("example"), f.path("new.wasm"), "new_sum", "10")
	host.InOrder(t, output, "Breakpoint 1 (code.c:3) pending", "hit Breakpoint 1, square (number=1) at testdata/code.c:3",
		"#0  square (number=1) at testdata/code.c:3", " in new_sum (limit=10) at testdata/code.c:10", "result = ",
		"the wasm function returns 385", "wasmtime_example::dropped", `Function "new_sum" not defined.`)
}

func inLLDB(t *testing.T, f fixture) {
	output := host.LLDB(t, []string{"breakpoint set --file code.c --line 3", "process launch", "thread backtrace", "frame variable",
		"breakpoint set --name wasmtime_example::dropped", "breakpoint disable 1", "continue", "breakpoint set --name new_sum",
		"continue"}, f.path("example"), f.path("new.wasm"), "new_sum", "10")
	host.InOrder(t, output, "no locations (pending)", "stop reason = breakpoint 1.1", "`square(", "number=1) at code.c:3",
		"`new_sum(", "limit=10) at code.c:10", "wasmtime_example::run", "(int) number = 1", "the wasm function returns 385",
		"stop reason = breakpoint 2.1", "breakpoint set --name new_sum\n", "no locations (pending)", "the module is dropped")
}

func both(f fixture) []string {
	return []string{f.path("host"), "both", f.path("new.wasm"), "new_sum", f.path("old.wasm"), "old_sum"}
}

// Of 42.0.2 and 41.0.4, one is dropped, then the other. Breakpoints go before their
// code, which gdb could not insert again.
func twoInGDB(t *testing.T, f fixture) {
	output := gdb(t, []string{"break new_sum", "break old_sum", "break host::one_dropped", "break host::both_dropped", "run",
		"backtrace 1", "delete 1", "continue", "backtrace 1", "continue", "info line new_sum", "info line old_sum", "continue",
		"backtrace 1", "delete 2", "continue", "info line old_sum", "kill"}, both(f)...)
	host.InOrder(t, output, "Breakpoint 1", "new_sum (limit=10) at testdata/code.c:", "42 returns 385",
		"Breakpoint 2", "old_sum (limit=10) at testdata/code.c:", "41 returns 385", "host::one_dropped",
		`Function "new_sum" not defined.`, `of "testdata/code.c" starts at address`, "<old_sum>", "old_sum (limit=10)",
		"41 returns 385", "host::both_dropped", `Function "old_sum" not defined.`)
}

func twoInLLDB(t *testing.T, f fixture) {
	output := host.LLDB(t, []string{"breakpoint set --name new_sum", "breakpoint set --name old_sum",
		"breakpoint set --name host::one_dropped", "breakpoint set --name host::both_dropped", "process launch", "continue",
		"continue", "breakpoint set --name new_sum", "continue", "continue", "breakpoint set --name old_sum", "continue"}, both(f)...)
	host.InOrder(t, output, "stop reason = breakpoint 1.1", "`new_sum(", "limit=10", "42 returns 385", "stop reason = breakpoint 2.",
		"`old_sum(", "limit=10", "41 returns 385", "host::one_dropped", "breakpoint set --name new_sum\n", "no locations (pending)",
		"stop reason = breakpoint 2.", "`old_sum(", "41 returns 385", "host::both_dropped",
		"breakpoint set --name old_sum\n", "no locations (pending)", "both are dropped")
}

// profiled runs a function with the profiler on, in a directory of its own, and
// returns the number of the process.
func profiled(t *testing.T, f fixture, profiler string) (directory, pid string) {
	t.Helper()
	command := exec.Command(f.path("host"), profiler, f.path("new.wasm"), "new_sum")
	command.Dir = t.TempDir()
	output, err := host.Try(time.Minute, command)
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	host.InOrder(t, output, "42 returns 385\n", "process ")
	_, pid, _ = strings.Cut(output, "process ")
	return command.Dir, strings.TrimSpace(pid)
}

// The file is read as perf inject does: records end where they say.
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
	names := map[string]bool{}
	for bytes = bytes[header:]; len(bytes) > 0; {
		size := order.Uint32(bytes[4:])
		codeSize := order.Uint64(bytes[40:])
		name, code, found := strings.Cut(string(bytes[record:size]), "\x00")
		if order.Uint32(bytes) != 0 || !found || uint64(len(code)) != codeSize {
			t.Fatalf("%q is followed by %d bytes of code, not by %d", name, len(code), codeSize)
		}
		names[name] = true
		bytes = bytes[size:]
	}
	if !names["new_sum"] || !names["square"] {
		t.Errorf("the functions are missing: %v", names)
	}
}

func perfMap(t *testing.T, f fixture) {
	_, pid := profiled(t, f, "perfmap")
	path := "/tmp/perf-" + pid + ".map"
	defer os.Remove(path)
	bytes, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	host.InOrder(t, string(bytes), " new_sum\n", " square\n")
}
