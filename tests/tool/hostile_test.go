// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package tool

import (
	"context"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/libjitdebug/libjitdebug/tests/host"
)

// TestDamagedCores: cores with bytes that are wrong are read, or refused in a sentence, and
// with a limit to memory: four times the core's size, beside what the program itself has.
func TestDamagedCores(t *testing.T) {
	p := start(t, host.Compile(t, "testdata/host.c", host.Linked(t)...), "plain")
	good, err := os.ReadFile(core(t, p))
	if err != nil {
		t.Fatal(err)
	}
	const own = 96 << 20 // of the program itself, of the libraries' symbols, and of this test before it runs that
	random := rand.New(rand.NewPCG(1, 2))
	damage := func() []byte {
		b := append([]byte(nil), good...)
		if random.IntN(4) == 0 {
			b = b[:1+random.IntN(len(b)-1)]
		}
		for range 1 << random.IntN(12) {
			at := random.IntN(len(b))
			if random.IntN(2) == 0 { // headers and notes
				at = random.IntN(min(len(b), 8192))
			}
			b[at] = byte(random.Uint32())
		}
		return b
	}
	var group sync.WaitGroup
	work := make(chan []byte)
	for range runtime.NumCPU() {
		group.Go(func() {
			path := filepath.Join(t.TempDir(), "core")
			for b := range work {
				if err := os.WriteFile(path, b, 0o644); err != nil {
					t.Error(err)
				}
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				command := exec.CommandContext(ctx, tool, "check", path)
				output, err := command.CombinedOutput()
				if state := command.ProcessState; !state.Exited() || strings.Contains(string(output), "goroutine ") {
					t.Errorf("%v:\n%.2000s", err, output)
				} else if used := state.SysUsage().(*syscall.Rusage).Maxrss << 10; used > own+4*int64(len(good)) {
					t.Errorf("%d bytes of memory for a core of %d", used, len(good))
				}
				cancel()
			}
		})
	}
	for range 100 {
		work <- damage()
	}
	close(work)
	group.Wait()
}
