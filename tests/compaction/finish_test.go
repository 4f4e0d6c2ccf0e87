// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package compaction

import (
	"strings"
	"testing"

	"github.com/libjitdebug/libjitdebug/tests/host"
)

// names are of each kind that debuggers read in a way of its own.
var names = []string{"plain", "fooB", "foo__bar", "a::b<c>", "x.1", "_Z3fooi", "js:/a/b.js:10:5 f", "f(int)", "grüße"}

// TestFinish waits in gdb for the end of a function whose image is read anew
// meanwhile, and so is that of its caller. Memory that gdb has given back is
// overwritten, so that it cannot use it unnoticed.
func TestFinish(t *testing.T) {
	program := host.Compile(t, "testdata/finish.c", host.Linked(t)...)
	t.Setenv("MALLOC_PERTURB_", "165")
	commands := []string{"break work", "set debug jit on", "run"}
	for i := range names {
		if i != 0 {
			commands = append(commands, "continue")
		}
		commands = append(commands, "backtrace", "up", "set $function = $pc", "info symbol $function",
			"finish", "info symbol $function", "backtrace")
	}
	output := host.GDB(t, commands, append([]string{"--args", program}, names...)...)
	var want []string
	for _, name := range names {
		want = append(want,
			" in "+name+" () at generated.lang:", " in caller () at generated.lang:", " in main ",
			name+" + 13 in section .text of <in-memory@",
			"\ncaller () at generated.lang:",
			name+" + 13 in section .text of <in-memory@",
			"#0  caller () at generated.lang:", " in main ")
	}
	host.InOrder(t, output, want...)
	for _, name := range names {
		_, rest, _ := strings.Cut(output, name+" + 13 in section .text of <in-memory@")
		image, rest, _ := strings.Cut(rest, ">")
		meanwhile, rest, _ := strings.Cut(rest, name+" + 13 in section .text of <in-memory@")
		if now, _, _ := strings.Cut(rest, ">"); now == image && !strings.Contains(meanwhile, "symfile_addr = "+image+",") {
			t.Errorf("%s: gdb has not read %s anew", name, image)
		}
	}
}

// TestFinishLLDB waits in lldb for the return to a function around which others are
// registered meanwhile: from a native function, from a generated one, and while
// it steps over a call.
func TestFinishLLDB(t *testing.T) {
	program := host.Compile(t, "testdata/finish.c", host.Linked(t)...)
	commands := []string{"breakpoint set --name work", "run"}
	var want []string
	for i, name := range names {
		stop := "`caller at generated.lang:"
		if i%2 == 0 {
			stop = "`" + name + " at generated.lang:"
		} else {
			commands = append(commands, "up")
		}
		commands = append(commands, "finish", "thread step-over", "continue")
		want = append(want, "stop reason = breakpoint 1.1",
			"(lldb) finish\n", "stop reason = step out", stop,
			"(lldb) thread step-over\n", "stop reason = step over", stop)
	}
	t.Run("finish", func(t *testing.T) {
		host.InOrder(t, host.LLDB(t, commands, append([]string{program}, names...)...), want...)
	})

	commands, want = []string{"breakpoint set --name caller", "run"}, nil
	for range names {
		commands = append(commands, "thread step-over", "thread step-over", "continue")
		want = append(want, "stop reason = breakpoint 1.", "`caller at generated.lang:",
			"stop reason = step over", "`caller at generated.lang:", "stop reason = step over", "`caller at generated.lang:")
	}
	t.Run("step over", func(t *testing.T) {
		host.InOrder(t, host.LLDB(t, commands, append([]string{program}, names...)...), want...)
	})
}

// TestFinishAtBreakpoint is TestFinishLLDB where the user has a breakpoint on the
// line that is returned to.
func TestFinishAtBreakpoint(t *testing.T) {
	program := host.Compile(t, "testdata/finish.c", host.Linked(t)...)
	t.Setenv("MALLOC_PERTURB_", "165")
	output := host.LLDB(t, []string{"breakpoint set --name work", "breakpoint set --file generated.lang --line 2",
		"run", "up", "finish", "thread backtrace"}, program, "plain")
	host.InOrder(t, output, "stop reason = breakpoint 1.1", "(lldb) finish\n",
		"stop reason = breakpoint 2.1", "`caller at generated.lang:2\n", "`main at ")
}

// TestFinishBelowManyFrames waits in gdb for the end of a function that the library
// has to find on the stack of the thread that registers: its name is one of those
// that gdb reads from what would be gone. There is much in front of it.
func TestFinishBelowManyFrames(t *testing.T) {
	program := host.Compile(t, "testdata/deep.c", host.Linked(t)...)
	t.Setenv("MALLOC_PERTURB_", "165")
	for _, frames := range []string{"60", "70", "1000"} {
		output := host.GDB(t, []string{"break work", "run", "frame function a@b", "finish", "backtrace"},
			"--args", program, frames, "a@b")
		host.InOrder(t, output, " in a@b () at generated.lang:", "\nmain (", "#0  main (")
	}
}
