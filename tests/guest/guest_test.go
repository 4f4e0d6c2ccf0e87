// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Package guest proves that a host cannot tell that a Go runtime is in its
// process: signals, stacks, panics, and all that a process has.
package guest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/libjitdebug/libjitdebug/tests/host"
)

const limit = time.Minute

// hosts are a program linked with the library, and one that loads it.
type hosts map[string]string

func compile(t *testing.T, name string) hosts {
	t.Helper()
	source := filepath.Join("testdata", name+".c")
	linked := append(host.Linked(t), "-DLINKED", "-lm", "-Wl,--no-as-needed", "-ljitdebug")
	return hosts{
		"loaded": host.Compile(t, source, "-lm"),
		"linked": host.Compile(t, source, linked...),
	}
}

// run runs each of the hosts, which must end well and print nothing.
func (h hosts) run(t *testing.T, arguments ...string) {
	t.Helper()
	for kind, program := range h {
		quiet(t, kind, with(t, program, host.Library(t), arguments...))
	}
}

func with(t *testing.T, program, library string, arguments ...string) *exec.Cmd {
	t.Helper()
	command := exec.Command(program, arguments...)
	command.Env = append(os.Environ(), "LIBRARY="+library)
	return command
}

func quiet(t *testing.T, kind string, command *exec.Cmd) {
	t.Helper()
	output, err := host.Try(limit, command)
	if err != nil || output != "" {
		t.Errorf("%s: %v: %v\n%s", kind, command.Args[1:], err, output)
	}
}

func TestDispositions(t *testing.T) {
	programs := compile(t, "dispositions")
	for _, kind := range []string{"none", "handler", "onstack", "ignored"} {
		programs.run(t, kind)
	}
}

func TestFaultsAreTheHosts(t *testing.T) {
	programs := compile(t, "faults")
	programs.run(t, "before")
	programs.run(t, "before", "onstack")
	programs.run(t, "after")
}

func TestThreadState(t *testing.T) { compile(t, "threads").run(t) }

func TestWaitedForSignals(t *testing.T) { compile(t, "sigwait").run(t) }

func TestTimerSignals(t *testing.T) {
	programs := compile(t, "timers")
	for _, kind := range []string{"thread", "process", "profile"} {
		t.Run(kind, func(t *testing.T) {
			quiet(t, "loaded", with(t, programs["loaded"], host.Library(t), kind, "16"))
			quiet(t, "linked", with(t, programs["linked"], host.Library(t), kind, "40"))
		})
	}
}

func TestSmallStacksAndFibers(t *testing.T) {
	quiet(t, "loaded", with(t, compile(t, "stacks")["loaded"], host.Library(t)))
}

func TestPanics(t *testing.T) {
	library := filepath.Join(host.Root(t), "build", "fault", "libjitdebug.so.1")
	program := compile(t, "panics")["loaded"]
	for _, point := range []string{"register", "functions", "object", "locked", "unregister", "image"} {
		t.Run(point, func(t *testing.T) {
			command := with(t, program, library)
			command.Env = append(command.Env, "JITDEBUG_FAULT="+point)
			quiet(t, "loaded", command)
		})
	}
}

func TestNoTraces(t *testing.T) { compile(t, "traces").run(t) }

func TestLoading(t *testing.T) {
	program := compile(t, "loading")["loaded"]
	for _, way := range []string{"close", "local", "lazy", "thread", "churn"} {
		t.Run(way, func(t *testing.T) { quiet(t, "loaded", with(t, program, host.Library(t), way)) })
	}
}

// TestLoadingInARace loads while another thread sets handlers, a little later
// each time.
func TestLoadingInARace(t *testing.T) {
	program := compile(t, "loading")["loaded"]
	for i := range 100 {
		quiet(t, "loaded", with(t, program, host.Library(t), "race", strconv.Itoa(i*20000)))
	}
}

func TestEnding(t *testing.T) {
	for kind, program := range compile(t, "ending") {
		for _, how := range []string{"last", "later"} {
			for range 20 {
				quiet(t, kind, with(t, program, host.Library(t), how))
			}
		}
		for _, how := range []string{"term", "left"} {
			output, err := host.Try(limit, with(t, program, host.Library(t), how))
			if err == nil || err.Error() != "signal: terminated" || output != "" {
				t.Errorf("%s: %s: %v\n%s", kind, how, err, output)
			}
		}
	}
}

// TestConservativeCollector collects with Boehm's collector while threads are in Go.
func TestConservativeCollector(t *testing.T) {
	const seconds = "5"
	loaded := host.Compile(t, "testdata/collector.c", "-lgc")
	linked := append(host.Linked(t), "-DLINKED", "-Wl,--no-as-needed", "-ljitdebug", "-lgc")
	programs := hosts{"loaded": loaded, "linked": host.Compile(t, "testdata/collector.c", linked...)}
	for kind, program := range programs {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			quiet(t, kind, with(t, program, host.Library(t), seconds))
		})
	}
	t.Run("Guile", func(t *testing.T) {
		t.Parallel()
		object := filepath.Join(t.TempDir(), "a.o")
		host.Run(t, limit, host.Tool(t, "gcc"), "-c", "-x", "c", "-o", object, os.DevNull)
		quiet(t, "Guile", exec.Command(host.Tool(t, "guile"), "--no-auto-compile", "testdata/collector.scm",
			host.Library(t), object, seconds))
	})
}

// TestValgrind runs a host under memcheck, with the suppressions that are installed.
func TestValgrind(t *testing.T) {
	program := compile(t, "environment")["linked"]
	suppressions := filepath.Join(host.Root(t), "lib", "jitdebug.supp")
	quiet(t, "linked", with(t, host.Tool(t, "valgrind"), host.Library(t), "-q", "--leak-check=full", "--error-exitcode=9",
		"--suppressions="+suppressions, program))
}

func TestUnreadableCode(t *testing.T) { compile(t, "unreadable").run(t) }
