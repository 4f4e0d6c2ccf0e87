// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Package fork proves that a forked child goes on with the list, or is refused,
// and never hangs; and that its parent does not notice it.
package fork

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/libjitdebug/libjitdebug/tests/host"
)

// TestForkedWorkers forks 2,000 times under four busy threads; each child registers a
// hundred images, unregisters some of its parent's and checks the whole list.
func TestForkedWorkers(t *testing.T) {
	program := host.Compile(t, "testdata/workers.c", host.Linked(t)...)
	host.Run(t, 8*time.Minute, program, "2000", "1")
	host.Run(t, 2*time.Minute, program, "8", "8") // and a child's child, and so on
}

// TestForkedWorkersWithFunctions does so with functions, which share images.
func TestForkedWorkersWithFunctions(t *testing.T) {
	host.Run(t, 2*time.Minute, host.Compile(t, "testdata/functions.c", host.Linked(t)...), "400")
}

// TestKindsOfChildren makes children in every way there is, under four busy
// threads.
func TestKindsOfChildren(t *testing.T) {
	program := host.Compile(t, "testdata/forks.c", host.Linked(t)...)
	for _, kind := range []struct{ name, count string }{
		{"clone", "1000"},
		{"cloned-from-forked", "20"},
		{"bystander", "20"}, // from a thread that never called the library
		{"exit", "20"},      // the child runs what is registered for its end
		{"return", "1000"},  // the child runs what is registered for a thread's end
		{"bystander-return", "300"},
	} {
		t.Run(kind.name, func(t *testing.T) {
			host.Run(t, 2*time.Minute, program, kind.name, kind.count)
		})
	}
}

// TestAdviceWithoutEffect does so where the system accepts all advice on memory, and
// follows none.
func TestAdviceWithoutEffect(t *testing.T) {
	program := host.Compile(t, "testdata/forks.c", host.Linked(t)...)
	advice := host.Compile(t, "testdata/advice.c", "-shared", "-fPIC")
	for _, kind := range []string{"clone", "bystander", "return"} {
		command := exec.Command(program, kind, "20")
		command.Env = append(os.Environ(), "LD_PRELOAD="+advice)
		if output, err := host.Try(time.Minute, command); err != nil {
			t.Errorf("%s: %v\n%s", kind, err, output)
		}
	}
}

// TestThreadSanitizer has children that it would end, and such that it was told to leave.
func TestThreadSanitizer(t *testing.T) {
	program := host.Compile(t, "testdata/sanitized.c", append(host.Linked(t), "-fsanitize=thread")...)
	for _, test := range []struct{ options, want string }{{"", "refused"}, {"die_after_fork=0", "works"}} {
		// Its map of memory has no place for addresses as random as newer kernels make them.
		command := exec.Command(host.Tool(t, "setarch"), "--addr-no-randomize", program, test.want)
		command.Env = append(os.Environ(), "TSAN_OPTIONS="+test.options)
		if output, err := host.Try(time.Minute, command); err != nil || output != "" {
			t.Errorf("%q: %v\n%s", test.options, err, output)
		}
	}
}

// TestForbidden has children in which the library cannot start again.
func TestForbidden(t *testing.T) {
	host.Run(t, time.Minute, host.Compile(t, "testdata/forbidden.c", host.Linked(t)...))
}

// TestForkDuringFirstCall forks while another thread is about to enter the
// library for the first time.
func TestForkDuringFirstCall(t *testing.T) {
	program := host.Compile(t, "testdata/first.c", host.Linked(t)...)
	for range 100 {
		host.Run(t, time.Minute, program)
	}
	for range 10 {
		host.Run(t, time.Minute, program, "fork")
	}
}

// TestExec starts new programs from a busy one.
func TestExec(t *testing.T) {
	program := host.Compile(t, "testdata/exec.c", host.Linked(t)...)
	host.Run(t, 2*time.Minute, program)
}

// TestDebuggersFollowChild asks in a forked child for what the parent registered
// and for what the child did. lldb reads one pair, and so only that of a program
// that has one.
func TestDebuggersFollowChild(t *testing.T) {
	program := host.Compile(t, "testdata/follow.c", host.Linked(t)...)
	ownPair := host.Compile(t, "testdata/follow.c", append(host.Linked(t), "../ownpair/testdata/pair.c")...)
	gdb := []string{"gdb", "-nx", "-batch", "-x", "testdata/follow.gdb"}
	for name, debugger := range map[string][]string{
		"gdb":           append(gdb, program),
		"gdb, own pair": append(gdb, ownPair),
		"lldb":          {"lldb-22", "--no-lldbinit", "--batch", "--source", "testdata/follow.lldb", program},
	} {
		t.Run(name, func(t *testing.T) {
			output, err := host.Try(2*time.Minute, exec.Command(host.Tool(t, debugger[0]), debugger[1:]...))
			for _, name := range []string{"f1", "f2"} {
				if err != nil || !regexp.MustCompile(`(?m)^(Symbol matches )?`+name+` in section|Summary: .*`+name+`$`).MatchString(output) {
					t.Errorf("%s does not know %s in the child: %v\n%s", debugger[0], name, err, output)
				}
			}
		})
	}
}

// TestUnstartedParent forks a parent that has not called the library.
func TestUnstartedParent(t *testing.T) {
	program := host.Compile(t, "testdata/unstarted.c", append(host.Linked(t), "-Wl,--no-as-needed")...)
	host.Run(t, 4*time.Minute, program, "2000")
}

// TestLittleMemoryInChild forks a parent with a long list; a child is given a little more
// memory at each call until it has enough.
func TestLittleMemoryInChild(t *testing.T) {
	host.Run(t, time.Minute, host.Compile(t, "testdata/little.c", host.Linked(t)...), "200000")
}

// TestUpgrade replaces the library's file while it is in use.
func TestUpgrade(t *testing.T) {
	file := filepath.Join(t.TempDir(), "libjitdebug.so.1")
	library, err := os.ReadFile(host.Library(t))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, library, 0o755); err != nil {
		t.Fatal(err)
	}
	host.Run(t, time.Minute, host.Compile(t, "testdata/upgraded.c"), file)
}

// TestAttachAfterAllIsClosed attaches to a child that has closed its copy's descriptor
// and opened others: a debugger must not read those.
func TestAttachAfterAllIsClosed(t *testing.T) {
	program := host.Compile(t, "testdata/closes.c", host.Linked(t)...)
	for name, attach := range map[string]func(pid string) string{
		"gdb": func(pid string) string { return host.GDB(t, []string{"backtrace"}, "-p", pid) },
		"lldb": func(pid string) string {
			return host.Run(t, time.Minute, host.Tool(t, "lldb-22"), "--no-lldbinit", "--batch", "-p", pid, "-o", "thread backtrace", "-o", "detach")
		},
	} {
		t.Run(name, func(t *testing.T) {
			child := exec.Command(program)
			output, err := child.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := child.Start(); err != nil {
				t.Fatal(err)
			}
			var pid int
			if _, err := fmt.Fscan(output, &pid); err != nil {
				t.Fatal(err)
			}
			if session := attach(strconv.Itoa(pid)); !strings.Contains(session, "wait_for_debugger") {
				t.Errorf("no backtrace:\n%s", session)
			}
			if err := syscall.Kill(pid, syscall.SIGUSR1); err != nil {
				t.Error(err)
			}
			if err := child.Wait(); err != nil {
				t.Error(err)
			}
		})
	}
}
