// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Package tool proves what the program jitdebug reads of processes and cores, and what it
// says of them.
package tool

import (
	"bufio"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/libjitdebug/libjitdebug/tests/host"
)

var tool string

func TestMain(m *testing.M) {
	directory, err := os.MkdirTemp("", "jitdebug")
	if err != nil {
		panic(err)
	}
	tool = filepath.Join(directory, "jitdebug")
	build := exec.Command("go", "build", "-o", tool, "github.com/libjitdebug/libjitdebug/cmd/jitdebug")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		panic(string(output))
	}
	code := m.Run()
	os.RemoveAll(directory)
	os.Exit(code)
}

// run runs the tool and returns what it printed and its status.
func run(t testing.TB, arguments ...string) (output string, status int) {
	t.Helper()
	command := exec.Command(tool, arguments...)
	output, err := host.Try(time.Minute, command)
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return output, exit.ExitCode()
	} else if err != nil {
		t.Fatalf("jitdebug %s: %v\n%s", strings.Join(arguments, " "), err, output)
	}
	return output, 0
}

// A process is one that runs until the test ends.
type process struct {
	pid     string
	said    []string // the words of the line by which it said that it is ready
	command *exec.Cmd
}

// start starts a program and waits until it has said that it is ready.
func start(t testing.TB, program string, arguments ...string) process {
	t.Helper()
	return startCommand(t, exec.Command(program, arguments...))
}

func startCommand(t testing.TB, command *exec.Cmd) process {
	t.Helper()
	command.Stderr = os.Stderr
	output, err := command.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		command.Process.Kill()
		command.Wait()
	})
	lines := bufio.NewScanner(output)
	for lines.Scan() {
		if words := strings.Fields(lines.Text()); len(words) > 0 && words[0] == "ready" {
			go func() {
				for lines.Scan() {
				}
			}()
			return process{strconv.Itoa(command.Process.Pid), words[1:], command}
		}
	}
	t.Fatalf("%s ended before it was ready", command)
	return process{}
}

// core writes a core of a process by gcore.
func core(t testing.TB, p process) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "core")
	host.Run(t, time.Minute, host.Tool(t, "gcore"), "-o", path, p.pid)
	return path + "." + p.pid
}

type checked struct {
	Consistent bool
	Findings   []struct{ Cause, Where, What, Do string }
}

// causes are those that the tool finds, each once.
func causes(t testing.TB, target string) (all []string) {
	t.Helper()
	output, status := run(t, "check", "--json", target)
	var c checked
	if err := json.Unmarshal([]byte(output), &c); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	if !c.Consistent {
		t.Errorf("not of one moment:\n%s", output)
	}
	if want := min(len(c.Findings), 1); status != want {
		t.Errorf("status %d with %d findings", status, len(c.Findings))
	}
	seen := map[string]bool{}
	for _, f := range c.Findings {
		if f.What == "" || f.Do == "" {
			t.Errorf("%s without words", f.Cause)
		}
		if !seen[f.Cause] {
			seen[f.Cause] = true
			all = append(all, f.Cause)
		}
	}
	return all
}

// TestCauses has each cause of ?? made by a program, live and in a core.
func TestCauses(t *testing.T) {
	program := host.Compile(t, "testdata/causes.c")
	for name, want := range map[string]string{
		"healthy":                    "",
		"healthy, three":             "",
		"nothing generated":          "",
		"a leaf":                     "",
		"never registered":           "unregistered",
		"one of two registered":      "unregistered",
		"unregistered":               "unregistered",
		"version":                    "list-version",
		"cycle":                      "list-cycle",
		"to itself":                  "list-cycle",
		"wild pointer":               "list-pointer",
		"wrong prev":                 "list-prev-entry",
		"action without entry":       "list-action",
		"image gone":                 "image-unreadable",
		"huge size":                  "image-size",
		"broken image":               "image-broken",
		"section past the end":       "image-broken",
		"address zero":               "address-zero",
		"overlap":                    "overlap",
		"registered twice":           "overlap",
		"covering":                   "cover",
		"absolute values":            "symbols-absolute",
		"no symbols":                 "no-symbols",
		"no frames":                  "no-frames",
		"code gone":                  "code-gone",
		"written over":               "code-changed",
		"written over by other code": "code-changed",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t, program, name)
			targets := []string{p.pid}
			if want != "list-cycle" { // at which gdb hangs
				targets = append(targets, core(t, p))
			}
			for _, target := range targets {
				if got := causes(t, target); strings.Join(got, " ") != want && !follows(want, got) {
					output, _ := run(t, "check", target)
					t.Errorf("causes %q, not %q:\n%s", got, want, output)
				}
			}
		})
	}
}

// follows says that all else that was found is a consequence of the cause: code whose image
// cannot be read is described by none.
func follows(cause string, got []string) bool {
	found := false
	for _, c := range got {
		found = found || c == cause
		if c != cause && c != "unregistered" {
			return false
		}
	}
	return found && cause != ""
}
