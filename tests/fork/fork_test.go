// Package fork proves that a forked child never hangs in the library, and that
// its parent does not notice it.
package fork

import (
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/libjitdebug/libjitdebug/tests/host"
)

// TestForkedChildren forks under four busy threads, in every way there is; each
// child calls every function.
func TestForkedChildren(t *testing.T) {
	program := host.Compile(t, "testdata/forks.c", host.Linked(t)...)
	for _, kind := range []struct{ name, count string }{
		{"fork", "1000"},
		{"clone", "1000"},
		{"bystander", "500"},  // from a thread that never called the library
		{"grandchild", "300"}, // a child's child
		{"exit", "300"},       // the child runs what is registered for its end
		{"return", "1000"},    // the child runs what is registered for a thread's end
		{"bystander-return", "300"},
	} {
		t.Run(kind.name, func(t *testing.T) {
			host.Run(t, 2*time.Minute, program, kind.name, kind.count)
		})
	}
}

// TestForkDuringFirstCall forks while another thread is about to enter the
// library for the first time.
func TestForkDuringFirstCall(t *testing.T) {
	program := host.Compile(t, "testdata/first.c", host.Linked(t)...)
	for range 100 {
		host.Run(t, time.Minute, program)
	}
}

// TestExec starts new programs from a busy one.
func TestExec(t *testing.T) {
	program := host.Compile(t, "testdata/exec.c", host.Linked(t)...)
	host.Run(t, 2*time.Minute, program)
}

// TestDebuggerFollowsChild asks gdb in a forked child for a name that the parent
// registered.
func TestDebuggerFollowsChild(t *testing.T) {
	program := host.Compile(t, "testdata/forks.c", host.Linked(t)...)
	output, err := host.Try(time.Minute, exec.Command(host.Tool(t, "gdb"), "-nx", "-batch",
		"-x", "testdata/follow.gdb", "--args", program, "fork", "1"))
	if err != nil || !strings.Contains(output, "f1 in section") {
		t.Errorf("gdb does not know f1 in the child: %v\n%s", err, output)
	}
}
