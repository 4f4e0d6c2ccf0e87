// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Package threads shows that threads may do what they like at once: the
// list stays whole, and the memory where it was.
package threads

import (
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/libjitdebug/libjitdebug/tests/host"
)

const (
	pairs          = "1000000"
	sanitizedPairs = "60000"
	limit          = 3 * time.Minute
)

func compile(t *testing.T, flags ...string) string {
	t.Helper()
	return host.Compile(t, "testdata/churn.c", append(flags, host.Linked(t)...)...)
}

func TestChurn(t *testing.T) {
	host.Run(t, limit, compile(t), append([]string{pairs}, host.Images(t)...)...)
}

func TestChurnUnderAddressSanitizer(t *testing.T) {
	runSanitized(t, exec.Command(compile(t, "-fsanitize=address"), append([]string{sanitizedPairs}, host.Images(t)...)...),
		"ASAN_OPTIONS=detect_leaks=1")
}

// The sanitizer's map of memory has no place for addresses as random as newer
// kernels make them, so the program runs with fixed ones.
func TestChurnUnderThreadSanitizer(t *testing.T) {
	program := compile(t, "-fsanitize=thread")
	arguments := append([]string{"--addr-no-randomize", program, sanitizedPairs}, host.Images(t)...)
	runSanitized(t, exec.Command(host.Tool(t, "setarch"), arguments...), "TSAN_OPTIONS=halt_on_error=1")
}

func runSanitized(t *testing.T, command *exec.Cmd, options string) {
	t.Helper()
	command.Env = append(os.Environ(), options)
	output, err := host.Try(limit, command)
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	if output != "" {
		t.Fatalf("it should print nothing:\n%s", output)
	}
}
