// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package registry

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"unsafe"

	"github.com/libjitdebug/libjitdebug/internal/abi"
	"github.com/libjitdebug/libjitdebug/tests/samples"
)

// Goroutines do at once what threads of a host would: for the race detector.
func TestConcurrentUse(t *testing.T) {
	const goroutines, rounds = 8, 300
	bytes := samples.Minimal()
	image := abi.Image{Data: uintptr(unsafe.Pointer(&bytes[0])), Size: uintptr(len(bytes))}
	var shared atomic.Uintptr
	shared.Store(register(t, abi.Images{image}, 0))

	var group sync.WaitGroup
	for range goroutines {
		group.Go(func() {
			// A buffer is borrowed by one goroutine at a time.
			own := append([]byte{}, bytes...)
			borrowed := abi.Images{{Data: uintptr(unsafe.Pointer(&own[0])), Size: uintptr(len(own))}}
			for range rounds {
				batch := register(t, abi.Images{image, image, image}, 0)
				lent := register(t, borrowed, abi.BORROW)
				if _, err := Register(borrowed, abi.BORROW, &Memory{}); abi.StatusOf(err) != abi.E_DUPLICATE {
					t.Errorf("borrowed twice: %v", err)
				}
				if shown, err := ImageOf(lent, 0); err != nil || shown != borrowed[0] {
					t.Errorf("shows %v (%v), not %v", shown, err, borrowed[0])
				}
				unregister(t, batch)
				unregister(t, lent)
				runtime.KeepAlive(own)

				contended := shared.Load()
				if _, err := ImageOf(contended, 0); err != nil && abi.StatusOf(err) != abi.E_STALE {
					t.Error(err)
				}
				if _, err := Unregister(contended); err == nil {
					shared.Store(register(t, abi.Images{image}, 0))
				} else if abi.StatusOf(err) != abi.E_STALE {
					t.Error(err)
				}
				handle, err := Register(abi.Images{image}, abi.NOWAIT, &Memory{})
				if err == nil {
					unregister(t, handle)
				} else if abi.StatusOf(err) != abi.E_BUSY {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	unregister(t, shared.Load())
	runtime.KeepAlive(bytes)
}

func register(t *testing.T, images abi.Images, flags abi.Flags) uintptr {
	t.Helper()
	handle, err := Register(images, flags, &Memory{})
	if err != nil {
		t.Error(err)
	}
	return handle
}

// unregister leaks the C memory, for a test cannot import C.
func unregister(t *testing.T, handle uintptr) {
	t.Helper()
	if _, err := Unregister(handle); err != nil {
		t.Error(err)
	}
}
