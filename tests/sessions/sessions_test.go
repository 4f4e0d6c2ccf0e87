// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Package sessions holds sessions with gdb and lldb, as a user would type them:
// testdata/script has one file for each, with the commands that go in and the
// lines that must, or must not, come out.
package sessions

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/libjitdebug/libjitdebug/tests/host"
	"github.com/rogpeppe/go-internal/testscript"
)

// A debugger that hangs is killed after debuggerLimit, in seconds, and a host
// that was started after hostLimit.
const (
	debuggerLimit = "120"
	hostLimit     = 4 * time.Minute
)

// outputOfHost is the key of the output of the host that a session started.
type outputOfHost struct{}

func TestSessions(t *testing.T) {
	fixtures := build(t)
	for _, tool := range []string{"gdb", "lldb-22"} {
		host.Tool(t, tool)
	}
	testscript.Run(t, testscript.Params{
		Dir:                "testdata/script",
		RequireUniqueNames: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv("FIXTURES", fixtures)
			env.Setenv("LIBRARY", host.Library(t))
			env.Setenv("ROOT", host.Root(t))
			env.Values[outputOfHost{}] = bufio.NewReader(nil)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"gdb":   gdb,
			"lldb":  lldb,
			"start": start,
			"ready": ready,
			"dump":  dump,
		},
		Condition: condition,
	})
}

// condition knows one: kernel-cores holds where the kernel writes a core to a
// file, and does not hand it to another program.
func condition(name string) (bool, error) {
	if name != "kernel-cores" {
		return false, fmt.Errorf("unknown condition %q", name)
	}
	pattern, err := os.ReadFile("/proc/sys/kernel/core_pattern")
	return !strings.HasPrefix(string(pattern), "|"), err
}

// gdb COMMANDS OPTION... or gdb COMMANDS PROGRAM ARGUMENT...
func gdb(ts *testscript.TestScript, neg bool, args []string) {
	arguments := []string{debuggerLimit, "gdb", "-nx", "-batch",
		"-iex", "set debuginfod enabled off", "-iex", "set debug-file-directory /nonexistent",
		"-iex", "set breakpoint pending on",
		"-x", args[0]}
	if !strings.HasPrefix(args[1], "-") {
		arguments = append(arguments, "--args")
	}
	session(ts, neg, append(arguments, args[1:]...))
}

// lldb COMMANDS OPTION... or lldb COMMANDS PROGRAM ARGUMENT...
func lldb(ts *testscript.TestScript, neg bool, args []string) {
	arguments := []string{debuggerLimit, "lldb-22", "--no-lldbinit", "--batch", "-s", args[0]}
	if !strings.HasPrefix(args[1], "-") {
		arguments = append(arguments, "--")
	}
	session(ts, neg, append(arguments, args[1:]...))
}

func session(ts *testscript.TestScript, neg bool, arguments []string) {
	if err := ts.Exec("timeout", arguments...); (err != nil) != neg {
		ts.Fatalf("%s: %v", arguments[1], err)
	}
}

// start PROGRAM ARGUMENT... starts a host, leaves its process id in $PID, and
// waits until it says that it is ready. It is killed at the end of the session.
func start(ts *testscript.TestScript, neg bool, args []string) {
	command := exec.Command(args[0], args[1:]...)
	command.Dir = ts.MkAbs(".")
	output, err := command.StdoutPipe()
	ts.Check(err)
	ts.Check(command.Start())
	hang := time.AfterFunc(hostLimit, func() { command.Process.Kill() })
	ts.Defer(func() {
		hang.Stop()
		command.Process.Kill()
		command.Wait()
	})
	ts.Setenv("PID", strconv.Itoa(command.Process.Pid))
	ts.Value(outputOfHost{}).(*bufio.Reader).Reset(output)
	ready(ts, neg, nil)
}

// ready waits until the host that was started says once more that it is ready.
func ready(ts *testscript.TestScript, neg bool, args []string) {
	for {
		line, err := ts.Value(outputOfHost{}).(*bufio.Reader).ReadString('\n')
		ts.Check(err)
		if line == "ready\n" {
			return
		}
	}
}

// dump PROGRAM ARGUMENT... runs a host until it aborts; the kernel leaves its
// core in the file core.
func dump(ts *testscript.TestScript, neg bool, args []string) {
	shell := append([]string{"-c", `ulimit -c unlimited; "$@"; exit 0`, "sh"}, args...)
	ts.Check(ts.Exec("sh", shell...))
	cores, err := filepath.Glob(ts.MkAbs("core*"))
	ts.Check(err)
	if len(cores) != 1 {
		ts.Fatalf("cores: %v (kernel.core_pattern is to put one into the working directory)", cores)
	}
	ts.Check(os.Rename(cores[0], ts.MkAbs("core")))
}
