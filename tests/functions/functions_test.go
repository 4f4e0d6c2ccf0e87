// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Package functions shows functions that were registered without an image to
// gdb and lldb, and reads what the library wrote of them with other tools.
package functions

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/libjitdebug/libjitdebug/tests/host"
)

const limit = 2 * time.Minute

// gdb runs a program under gdb, with a script of testdata or with commands, in a
// directory of its own.
func gdb(t *testing.T, program, script string, commands ...string) string {
	t.Helper()
	arguments := []string{"-nx", "-batch", "-iex", "set debuginfod enabled off",
		"-iex", "set debug-file-directory /nonexistent", "-iex", "set breakpoint pending on"}
	if script != "" {
		arguments = append(arguments, "-x", absolute(t, script))
	}
	for _, command := range commands {
		arguments = append(arguments, "-ex", command)
	}
	return try(t, program, host.Tool(t, "gdb"), append(arguments, program)...)
}

// lldb is gdb for lldb.
func lldb(t *testing.T, program, script string, commands ...string) string {
	t.Helper()
	arguments := []string{"--no-lldbinit", "--batch"}
	if script != "" {
		arguments = append(arguments, "-o", "command script import "+absolute(t, script))
	}
	for _, command := range commands {
		arguments = append(arguments, "-o", command)
	}
	return try(t, program, host.Tool(t, "lldb-22"), append(arguments, program)...)
}

func try(t *testing.T, program, debugger string, arguments ...string) string {
	t.Helper()
	command := exec.Command(debugger, arguments...)
	command.Dir = filepath.Dir(program)
	output, err := host.Try(limit, command)
	if err != nil {
		t.Fatalf("%s: %v\n%s", filepath.Base(debugger), err, output)
	}
	return output
}

func absolute(t *testing.T, path string) string {
	t.Helper()
	path, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// both runs a program of testdata under each debugger, with the script NAME_gdb.py
// or NAME_lldb.py.
func both(t *testing.T, name string, check func(t *testing.T, output string)) {
	program := host.Compile(t, "testdata/"+name+".c", host.Linked(t)...)
	t.Run("gdb", func(t *testing.T) { check(t, gdb(t, program, "testdata/"+name+"_gdb.py")) })
	t.Run("lldb", func(t *testing.T) { check(t, lldb(t, program, "testdata/"+name+"_lldb.py")) })
}

// Wherever a user stops in a function, stepping through it by instructions, a
// backtrace reaches main.
func TestFrames(t *testing.T) {
	both(t, "frames", func(t *testing.T, output string) {
		if strings.Contains(output, "wrong at") || !strings.Contains(output, "\n65 stops\n") {
			t.Errorf("not 65 good stops:\n%s", output)
		}
		if !strings.Contains(output, "all stepped") { // not the exit, at which lldb may lose the connection
			t.Errorf("the program did not end well:\n%s", output)
		}
	})
}

// Every address of 1,000 functions that interleave has the right name, file and
// line.
func TestResolve(t *testing.T) { resolve(t, "") }

// So it has if images of other origin lie between them.
func TestResolveMixed(t *testing.T) { resolve(t, "mixed") }

func resolve(t *testing.T, how string) {
	t.Setenv("RESOLVE", how)
	both(t, "resolve", func(t *testing.T, output string) {
		if !strings.Contains(output, "\n23724 addresses\n") {
			t.Errorf("not 23724 addresses are right:\n%.2000s", output)
		}
	})
}

// After 100,000 replacements that no debugger has seen, one that attaches finds the
// names and lines of the functions that are registered, and none of those that have
// gone; while threads go on replacing, too.
func TestReplaced(t *testing.T) {
	for _, how := range []string{"", "on"} {
		t.Run(how, func(t *testing.T) {
			program := host.Compile(t, "testdata/replaced.c", append(host.Linked(t), "-pthread")...)
			expected := filepath.Join(filepath.Dir(program), "expected")
			command := exec.Command(program, append([]string{expected}, strings.Fields(how)...)...)
			command.Stderr = os.Stderr
			command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
			if err := command.Start(); err != nil {
				t.Fatal(err)
			}
			defer command.Wait()
			defer command.Process.Kill()
			for begin := time.Now(); ; time.Sleep(10 * time.Millisecond) {
				if _, err := os.Stat(expected); err == nil {
					break
				}
				if time.Since(begin) > limit {
					t.Fatal("it is not ready")
				}
			}
			t.Setenv("REPLACED", strconv.Itoa(command.Process.Pid))
			t.Setenv("REPLACED_EXPECTED", expected)
			for _, output := range []string{
				try(t, program, host.Tool(t, "gdb"), "-nx", "-batch", "-iex", "set debuginfod enabled off",
					"-iex", "set debug-file-directory /nonexistent", "-x", absolute(t, "testdata/replaced_gdb.py")),
				try(t, program, host.Tool(t, "lldb-22"), "--no-lldbinit", "--batch",
					"-o", "command script import "+absolute(t, "testdata/replaced_lldb.py")),
			} {
				if !strings.Contains(output, "\n2000 functions\n") {
					t.Errorf("not 2000 functions are right:\n%.2000s", output)
				}
			}
		})
	}
}

// Debuggers show a name as it was given, whatever it looks like to them.
func TestNamesAsGiven(t *testing.T) {
	names := []string{
		"fooB", "foo__bar", "a::b<c>", "js:/a/b.js:10:5 f", "with spaces", "grüße", "関数", "_Z3fooi", "_ZN1a1bE",
		"_RNvC1a1b", "_D1a1bFZv", "_start", "__x", "_ada_x", "operator()", "operator<<", "foo(int)", "~x", "a b::c", "Ünïcode::ñ",
		"a\"b", "a`b", "?", "(anonymous)", "*", "LazyCompile:*f a.js:1", "$s4main1fyyF", "x.part.0", "f@plt", "a\\b", "-f",
		"loop (hot)", "f( x )", "a < b >", "x  y", " f ", "signed", "unsigned f", "const f", "operator  new", "T<long int>",
		"1st", "2 (x)", "0x10",
	}
	program := host.Compile(t, "testdata/names.c", host.Linked(t)...)
	err := os.WriteFile(filepath.Join(filepath.Dir(program), "names.txt"), []byte(strings.Join(names, "\n")+"\n"), 0o644)
	if err != nil {
		t.Fatal(err)
	}
	session := func(first, each []string) []string {
		for range names {
			first = append(first, each...)
		}
		return first
	}
	all := func(t *testing.T) {
		t.Run("gdb", func(t *testing.T) {
			commands := session([]string{"break look", "run"}, []string{"backtrace 2", "continue"})
			check(t, gdb(t, program, "", commands...), names, " in ", " ()")
		})
		t.Run("lldb", func(t *testing.T) {
			commands := session([]string{"breakpoint set --name look", "run"}, []string{"thread backtrace --count 2", "continue"})
			check(t, lldb(t, program, "", commands...), names, ")`", " + 6")
		})
	}
	all(t)
	t.Run("large", func(t *testing.T) {
		t.Setenv("LARGE", "1")
		all(t)
	})
}

// check looks for the names in the frames that called look, in their order.
func check(t *testing.T, output string, names []string, before, after string) {
	t.Helper()
	var frames []string
	for line := range strings.Lines(output) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "#1 ") || strings.HasPrefix(strings.TrimSpace(line), "frame #1:") {
			frames = append(frames, line)
		}
	}
	if len(frames) != len(names) {
		t.Fatalf("%d backtraces, not %d:\n%s", len(frames), len(names), output)
	}
	for i, name := range names {
		if want := before + name + after; !strings.HasSuffix(frames[i], want) {
			t.Errorf("%q is shown as %q", name, frames[i])
		}
	}
}
