// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Package stopanywhere proves what a debugger relies on: wherever it stops the
// process, the list that it walks is whole.
package stopanywhere

import (
	"testing"
	"time"

	"github.com/libjitdebug/libjitdebug/tests/host"
)

// TestListAtEveryInstruction steps through calls from another process, and walks the
// list after every instruction.
func TestListAtEveryInstruction(t *testing.T) {
	tracer := host.Compile(t, "testdata/steps.c")
	calls := host.Compile(t, "testdata/steps_host.c", host.Linked(t)...)
	t.Log("\n" + host.Run(t, 4*time.Minute, tracer, calls))
}

// TestListOfBusyThreads stops a process whose threads are all at it.
func TestListOfBusyThreads(t *testing.T) {
	stopper := host.Compile(t, "testdata/stops.c")
	busy := host.Compile(t, "testdata/stops_host.c", host.Linked(t)...)
	t.Log("\n" + host.Run(t, time.Minute, stopper, busy, "4000"))
}
