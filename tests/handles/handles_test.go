// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Package handles shows that a handle is what it says, and that nothing
// else is one, whatever a host passes and from however many threads.
package handles

import (
	"testing"
	"time"

	"github.com/libjitdebug/libjitdebug/tests/host"
)

func run(t *testing.T, source string) {
	t.Helper()
	t.Parallel()
	host.Run(t, 2*time.Minute, host.Compile(t, "testdata/"+source, host.Linked(t)...))
}

func TestForeign(t *testing.T) { run(t, "foreign.c") }
func TestStale(t *testing.T)   { run(t, "stale.c") }
func TestShared(t *testing.T)  { run(t, "shared.c") }
