// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Package rust proves what the Rust crates are for, under debuggers: code that is
// registered by them is seen, and a wasmtime of any version that is patched with
// the drop-in shares the list. What the crates do by themselves is tested in
// bindings/rust.
package rust

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/libjitdebug/libjitdebug/tests/host"
)

const limit = 5 * time.Minute

// cargo runs cargo in a directory of the checkout, with the library under test.
func cargo(t *testing.T, directory string, arguments ...string) {
	t.Helper()
	command := exec.Command(host.Tool(t, "cargo"), append(arguments, "--quiet", "--locked")...)
	command.Dir = filepath.Join(host.Root(t), directory)
	command.Env = append(os.Environ(), "CARGO_TARGET_DIR="+target(t), "JITDEBUG_LIB_DIR="+filepath.Dir(host.Library(t)))
	if output, err := host.Try(limit, command); err != nil {
		t.Fatalf("%v: %v\n%s", command, err, output)
	}
}

// target is the one place where cargo builds.
func target(t *testing.T) string { return filepath.Join(host.Root(t), "build", "cargo") }

// A JIT in sixty lines: a line of its program is stopped at and stepped over, seen
// from within and from what it calls, and forgotten.
func TestExample(t *testing.T) {
	cargo(t, "bindings/rust", "build", "-p", "jitdebug", "--example", "jit")
	t.Setenv("LD_LIBRARY_PATH", filepath.Dir(host.Library(t)))
	program := filepath.Join(target(t), "debug/examples/jit")
	answer := filepath.Join(t.TempDir(), "answer.calc")
	if err := os.WriteFile(answer, []byte("add 6\nmul 7\nprint\n"), 0o666); err != nil {
		t.Fatal(err)
	}

	output := host.GDB(t, []string{"set breakpoint pending on", "break answer.calc:2", "run", "backtrace", "print $rax",
		"step", "print $rax", "delete", "break jit::print", "continue", "backtrace", "up", "set $code = $pc",
		"info symbol $code", "continue", "backtrace", "info symbol $code"}, "--args", program, answer)
	host.InOrder(t, output, "Breakpoint 1, program () at ", "answer.calc:2", "2\tmul 7",
		"#0  program () at ", "answer.calc:2", "#1 ", " in jit::main () at ", "jit.rs:", "= 6\n",
		"3\tprint\n", "= 42\n",
		"Breakpoint 2, jit::print (value=42) at ", "#1 ", " in program () at ", "answer.calc:3", "#2 ", " in jit::main () at ",
		"program + 34 in section .text", "jit: 42\n",
		"Breakpoint 2, jit::print (value=42) at ", "#1 ", " in ?? ()", "No symbol matches $code.")

	next := regexp.MustCompile(`#1 .*\bin jit::main `)
	if !next.MatchString(output) {
		t.Errorf("gdb has no %s in\n%s", next, output)
	}

	output = host.LLDB(t, []string{"breakpoint set --file answer.calc --line 2", "process launch", "thread backtrace",
		"register read rax", "thread step-over", "register read rax", "breakpoint delete --force",
		"breakpoint set --name jit::print", "continue", "thread backtrace", "continue", "thread backtrace --count 3"},
		program, answer)
	host.InOrder(t, output, "1: no locations (pending)", "stop reason = breakpoint 1.1", "-> 2   \tmul 7",
		"frame #0: ", "`program at answer.calc:2:1", "frame #1: ", " jit`jit::main", " jit`main", "rax = 0x0000000000000006",
		"-> 3   \tprint", "rax = 0x000000000000002a",
		"stop reason = breakpoint 2.1", "frame #0: ", "jit::print", "(value=42)", "frame #1: ", "`program at answer.calc:3:1",
		"frame #2: ", " jit`jit::main", " jit`main",
		"stop reason = breakpoint 2.1", "frame #0: ", "jit::print", "frame #1: ", "frame #2: ", " jit`jit::main")
	if next = regexp.MustCompile("frame #1: .* jit`jit::main"); !next.MatchString(output) {
		t.Errorf("lldb has no %s in\n%s", next, output)
	}
	if count := strings.Count(output, "`program at "); count != 4 {
		t.Errorf("lldb names the program %d times, not at two stops and in two backtraces alone:\n%s", count, output)
	}
}

// What the page has for it says whether a patch is used, which cargo only warns about.
func TestPatchIsUsed(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(host.Root(t), "bindings/rust/wasmtime-internal-jit-debug/README.md"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(page), "\ncargo tree -i jitdebug-wasmtime\n") {
		t.Error("the page has another command")
	}
	for project, want := range map[string][]string{
		"patched":  {"wasmtime-internal-jit-debug v36.0.20", "wasmtime-internal-jit-debug v50.0.1"},
		"versions": {"`jitdebug-wasmtime` did not match any packages"},
	} {
		tree := exec.Command(host.Tool(t, "cargo"), "tree", "-i", "jitdebug-wasmtime", "--locked")
		tree.Dir = filepath.Join("testdata", project)
		output, err := host.Try(limit, tree)
		if used := project == "patched"; used != (err == nil) {
			t.Errorf("%s: %v", project, err)
		}
		host.InOrder(t, output, want...)
	}
}

// Two versions of wasmtime's crate, each in a plugin of its own. As they come from
// the registry each has a list; on the drop-in there is one.
func TestTwoVersions(t *testing.T) {
	program := host.Compile(t, "testdata/host.c", "-O0", "-ldl")
	t.Setenv("LD_LIBRARY_PATH", filepath.Dir(host.Library(t)))
	session := func(project string) (gdb, lldbs []string) {
		t.Helper()
		cargo(t, "tests/rust/testdata/"+project, "build", "--examples", "--ignore-rust-version") // wasmtime 50 asks for more than it needs
		plugins := filepath.Join(t.TempDir(), project)
		host.Run(t, time.Minute, "mkdir", plugins)
		arguments := []string{program}
		for _, name := range []string{"libnew.so", "libold.so"} {
			host.Run(t, time.Minute, "cp", filepath.Join(target(t), "debug/examples", name), plugins)
			arguments = append(arguments, filepath.Join(plugins, name))
		}
		split := func(output, mark string) []string { return strings.Split(output, mark)[1:] }
		gdb = split(host.GDB(t, []string{"break look", "run", "backtrace", "continue", "backtrace", "continue", "backtrace",
			"continue"}, append([]string{"--args"}, arguments...)...), "#0 ")
		lldbs = split(host.LLDB(t, []string{"breakpoint set --name look", "process launch", "thread backtrace", "continue",
			"thread backtrace", "continue", "thread backtrace"}, arguments...), "thread backtrace\n")
		if len(gdb) != 3 || len(lldbs) != 3 {
			t.Fatalf("not three stops:\n%s\n%s", gdb, lldbs)
		}
		return gdb, lldbs
	}
	// count is in how many of the runtimes' functions a stop is known to be.
	count := func(stop string) int { return strings.Count(stop, "f42") + strings.Count(stop, "f1041") }

	gdb, lldbs := session("patched")
	for debugger, stops := range map[string][]string{"gdb": gdb, "lldb": lldbs} {
		host.InOrder(t, stops[0], "f1041", "between", "f42", "main")
		host.InOrder(t, stops[1], "f1041", "between", "main")
		for i, want := range []int{2, 1, 0} {
			if got := count(stops[i]); got != want {
				t.Errorf("%s knows %d functions at stop %d, not %d:\n%s", debugger, got, i, want, stops[i])
			}
		}
	}

	gdb, lldbs = session("versions")
	if got := count(gdb[0]); got != 2 {
		t.Errorf("gdb knows %d functions of the registry's crates, not 2:\n%s", got, gdb[0])
	}
	if got := count(lldbs[0]); got != 1 {
		t.Errorf("lldb knows %d functions of the registry's crates, not 1: is the drop-in of no use?\n%s", got, lldbs[0])
	}
}
