// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package host

import (
	"os/exec"
	"strings"
	"testing"
	"time"
)

// GDB runs gdb with the commands and then the other arguments, and returns what it
// printed. The user's settings and the C library's debug information, which takes
// long to read, are left out.
func GDB(t testing.TB, commands []string, arguments ...string) string {
	t.Helper()
	all := []string{"-nx", "-batch", "-ex", "set debuginfod enabled off", "-ex", "set debug-file-directory /nonexistent"}
	for _, command := range commands {
		all = append(all, "-ex", command)
	}
	return Run(t, 2*time.Minute, Tool(t, "gdb"), append(all, arguments...)...)
}

// Shows has gdb run a program to its function look, and checks that the function
// that calls it has a name. The program's arguments and environment count.
func Shows(t testing.TB, program *exec.Cmd, name string) {
	t.Helper()
	commands := []string{"break look", "run", "backtrace", "continue"}
	for _, variable := range program.Env {
		commands = append([]string{"set environment " + variable}, commands...)
	}
	output := GDB(t, commands, append([]string{"--args", program.Path}, program.Args[1:]...)...)
	if !strings.Contains(output, " in "+name+" ()") {
		t.Errorf("gdb does not show %s:\n%s", name, output)
	}
	if !strings.Contains(output, "exited normally") {
		t.Errorf("the program fails under gdb:\n%s", output)
	}
}

// LLDB runs lldb with the commands on a program, and returns what it printed. A
// command that fails does not end it. It reads the descriptor that it finds first,
// which is the one that was loaded first only if it does not load in parallel.
func LLDB(t testing.TB, commands []string, program ...string) string {
	t.Helper()
	arguments := []string{"--no-lldbinit", "--batch", "-O", "settings set target.parallel-module-load false"}
	for _, command := range commands {
		arguments = append(arguments, "-o", command)
	}
	return Run(t, 2*time.Minute, Tool(t, "lldb-22"), append(append(arguments, "--"), program...)...)
}

// EndedInLLDB says whether lldb saw a program end well. lldb 22 loses the connection
// some times when a program with threads ends, whatever the program is.
func EndedInLLDB(output string) bool {
	return strings.Contains(output, "exited with status = 0 ") || strings.Contains(output, "lost connection")
}

// InOrder checks that an output has the wanted texts, in this order.
func InOrder(t testing.TB, output string, want ...string) {
	t.Helper()
	rest := output
	for _, text := range want {
		_, after, found := strings.Cut(rest, text)
		if !found {
			t.Errorf("no %q, or not in its place, in\n%s", text, output)
			return
		}
		rest = after
	}
}
