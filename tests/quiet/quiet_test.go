// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Package quiet proves that a debugger behaves with the library in the process
// as it does without.
package quiet

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/libjitdebug/libjitdebug/tests/host"
)

// TestLLDBStopsAtNoSignal runs four busy threads for some seconds. lldb stops at
// SIGURG, which Go sends to its threads unless told otherwise.
func TestLLDBStopsAtNoSignal(t *testing.T) {
	t.Parallel()
	busy := host.Compile(t, "testdata/busy.c", host.Linked(t)...)
	output := host.Run(t, 4*time.Minute, host.Tool(t, "lldb-22"), "--no-lldbinit", "--batch",
		"-o", "process launch", "--", busy, "15")
	if strings.Contains(output, "stop reason") || strings.Contains(output, "stopped") {
		t.Error("lldb stopped")
	}
	if !regexp.MustCompile(`busy: \d{3,} registrations, `).MatchString(output) {
		t.Error("the threads were not busy to the end")
	}
	if !host.EndedInLLDB(output) {
		t.Error("the process did not end normally")
	}
	if t.Failed() {
		t.Log(output)
	}
}

// TestNoSignals counts the signals of a shorter run: there is none at all.
func TestNoSignals(t *testing.T) {
	t.Parallel()
	busy := host.Compile(t, "testdata/busy.c", host.Linked(t)...)
	trace := filepath.Join(t.TempDir(), "trace")
	host.Run(t, 2*time.Minute, host.Tool(t, "strace"), "-f", "-o", trace,
		"-e", "trace=none", "-e", "signal=all", busy, "10")
	text, err := os.ReadFile(trace)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "+++ exited with 0 +++") {
		t.Errorf("strace saw no process end:\n%s", text)
	}
	if signals := regexp.MustCompile(`(?m)^.*--- SIG.*$`).FindAllString(string(text), -1); signals != nil {
		t.Errorf("%d signals, the first: %s", len(signals), signals[0])
	}
}
