//go:build extended

package ownpair

import (
	"os/exec"
	"testing"

	"github.com/libjitdebug/libjitdebug/tests/host"
)

func TestSeenByOtherGDBs(t *testing.T) {
	directory, fixtures := build(t)
	host.Roots(t, directory, func(t *testing.T, gdb func() *exec.Cmd) {
		for name, f := range fixtures {
			t.Run(name, func(t *testing.T) { seen(t, f, gdb()) })
		}
	})
}
