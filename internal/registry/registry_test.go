package registry_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"unsafe"

	"github.com/libjitdebug/libjitdebug/internal/registry"
	"github.com/libjitdebug/libjitdebug/tests/samples"
)

// Goroutines do at once what threads of a host would: for the race detector.
func TestConcurrentUse(t *testing.T) {
	const goroutines, rounds = 8, 300
	bytes := samples.Minimal()
	image := registry.Image{Data: unsafe.Pointer(&bytes[0]), Size: uintptr(len(bytes))}
	var shared atomic.Uintptr
	shared.Store(register(t, []registry.Image{image}, 0))

	var group sync.WaitGroup
	for range goroutines {
		group.Go(func() {
			// A buffer is borrowed by one goroutine at a time.
			own := append([]byte{}, bytes...)
			borrowed := []registry.Image{{Data: unsafe.Pointer(&own[0]), Size: uintptr(len(own))}}
			for range rounds {
				batch := register(t, []registry.Image{image, image, image}, 0)
				lent := register(t, borrowed, registry.Borrow)
				if _, err := registry.Register(borrowed, registry.Borrow, &registry.Memory{}); kind(err) != registry.Duplicate {
					t.Errorf("borrowed twice: %v", err)
				}
				if shown, err := registry.ImageOf(lent, 0); err != nil || shown != borrowed[0] {
					t.Errorf("shows %v (%v), not %v", shown, err, borrowed[0])
				}
				unregister(t, batch)
				unregister(t, lent)

				contended := shared.Load()
				if _, err := registry.ImageOf(contended, 0); err != nil && kind(err) != registry.StaleHandle {
					t.Error(err)
				}
				if _, err := registry.Unregister(contended); err == nil {
					shared.Store(register(t, []registry.Image{image}, 0))
				} else if kind(err) != registry.StaleHandle {
					t.Error(err)
				}
				handle, err := registry.Register([]registry.Image{image}, registry.NoWait, &registry.Memory{})
				if err == nil {
					unregister(t, handle)
				} else if kind(err) != registry.Busy {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	unregister(t, shared.Load())
}

func register(t *testing.T, images []registry.Image, flags uint32) uintptr {
	t.Helper()
	handle, err := registry.Register(images, flags, &registry.Memory{})
	if err != nil {
		t.Error(err)
	}
	return handle
}

// unregister leaks the C memory, for a test cannot import C.
func unregister(t *testing.T, handle uintptr) {
	t.Helper()
	if _, err := registry.Unregister(handle); err != nil {
		t.Error(err)
	}
}

func kind(err error) registry.Kind {
	var known *registry.Error
	if errors.As(err, &known) {
		return known.Kind
	}
	return -1
}
