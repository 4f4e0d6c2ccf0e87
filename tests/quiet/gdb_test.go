// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package quiet

import (
	"bufio"
	"fmt"
	"maps"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/libjitdebug/libjitdebug/tests/host"
)

// The commands of a session; what gdb says of itself between them is compared.
const (
	whileRunning = `break registered
break unregistered
run
backtrace
info symbol main
step
continue
backtrace
tbreak puts
continue
`
	whileAttached = `backtrace
info symbol main
break unregistered
info breakpoints
detach
`
)

// TestGDBSaysNothingMore compares gdb's lines about hosts that are linked with
// the library, or open it, with its lines about hosts that do the same with a C
// library that has a thread and does nothing.
func TestGDBSaysNothingMore(t *testing.T) {
	t.Parallel()
	trivial := filepath.Join(t.TempDir(), "libjitdebug.so")
	host.Run(t, time.Minute, host.Tool(t, "gcc"), "-g", "-shared", "-fPIC", "-I", filepath.Join(host.Root(t), "include"),
		"-o", trivial, "testdata/trivial.c")
	for _, kind := range []string{"linked", "dlopen"} {
		compile := func(library string) string {
			if kind == "dlopen" {
				return host.Compile(t, "testdata/host.c", `-DLIBRARY="`+library+`"`)
			}
			return host.Compile(t, "testdata/host.c", "-DLINKED", library, "-Wl,-rpath,"+filepath.Dir(library))
		}
		with, without := compile(host.Library(t)), compile(trivial)
		for name, session := range map[string]func(*testing.T, string) []string{"run": run, "attach": attach} {
			t.Run(kind+" "+name, func(t *testing.T) {
				if difference := cmp.Diff(session(t, without), session(t, with)); difference != "" {
					t.Errorf("gdb's lines without the library (-) and with it (+):\n%s", difference)
				}
			})
		}
	}
}

func run(t *testing.T, program string) []string {
	return lines(t, program, whileRunning, "--args", program)
}

func attach(t *testing.T, program string) []string {
	command := exec.Command(program, "waits")
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	defer command.Wait()
	defer command.Process.Kill()
	if line, err := bufio.NewReader(output).ReadString('\n'); err != nil || !strings.HasPrefix(line, "registered") {
		t.Fatalf("the host: %q, %v", line, err)
	}
	return lines(t, program, whileAttached, "--pid", fmt.Sprint(command.Process.Pid))
}

// numbers are what differs from one run to the next: addresses, processes and
// threads.
var numbers = regexp.MustCompile(`0x[0-9a-f]+|(LWP|process|in|id) \d+`)

// lines returns the different lines of a session, sorted: how often threads come
// and go, and when, is not the library's doing.
func lines(t *testing.T, program, commands string, arguments ...string) []string {
	t.Helper()
	options := []string{"-nx", "-batch", "-iex", "set debuginfod enabled off"}
	for command := range strings.Lines(commands) {
		options = append(options, "-ex", strings.TrimSpace(command))
	}
	output := host.Run(t, 2*time.Minute, host.Tool(t, "gdb"), append(options, arguments...)...)
	output = strings.ReplaceAll(output, program, "PROGRAM")
	different := map[string]bool{}
	for line := range strings.Lines(output) {
		different[numbers.ReplaceAllString(strings.TrimSpace(line), "N")] = true
	}
	return slices.Sorted(maps.Keys(different))
}
