// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package handle

import (
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"unsafe"
)

func take(t *testing.T, table *Table, lock sync.Locker) *Slot {
	for {
		lock.Lock()
		slot := table.Take()
		lock.Unlock()
		if slot != nil {
			return slot
		}
		if err := table.Grow(); err != nil {
			t.Fatal(err)
		}
	}
}

// end retires the handle's slot, if it is live.
func end(table *Table, handle uintptr) (*Slot, error) {
	slot, err := table.Get(handle)
	if err == nil {
		table.Retire(slot)
	}
	return slot, err
}

func TestOneLife(t *testing.T) {
	var table Table
	var lock sync.Mutex
	slot := take(t, &table, &lock)
	slot.Value[0] = 42
	handle := slot.Arm()

	if got, err := table.Get(handle); err != nil || got.Value[0] != 42 {
		t.Fatalf("Get: %v, %v", got, err)
	}
	for _, wrong := range []uintptr{0, 1, handle + 1, handle - 1, handle + 8,
		handle + unsafe.Sizeof(*slot), handle - unsafe.Sizeof(*slot), handle | 1<<generationShift, handle | 1<<63, ^uintptr(0)} {
		if _, err := table.Get(wrong); !errors.Is(err, ErrForeign) {
			t.Errorf("Get(%#x) beside %#x: %v", wrong, handle, err)
		}
	}
	if got, err := end(&table, handle); err != nil || got != slot {
		t.Fatalf("Retire: %v, %v", got, err)
	}
	if _, err := table.Get(handle); !errors.Is(err, ErrStale) {
		t.Errorf("Get after Retire: %v", err)
	}
	if _, err := end(&table, handle); !errors.Is(err, ErrStale) {
		t.Errorf("second Retire: %v", err)
	}
}

// A stale handle is recognised for as many lives as the header promises, and
// for sixteen times as many in truth: here for twice as many, past many rounds of the
// quarantine.
func TestStaleStaysStale(t *testing.T) {
	const promised = 1 << 16
	var table Table
	var lock sync.Mutex
	first := take(t, &table, &lock).Arm()
	cell := first
	if _, err := end(&table, first); err != nil {
		t.Fatal(err)
	}
	reused := false
	for i := 0; i < 2*promised; i++ {
		slot := take(t, &table, &lock)
		handle := slot.Arm()
		if handle == first {
			t.Fatalf("the handle is back after %d lives", i)
		}
		if handle&(1<<generationShift-1) == cell {
			if i < Quarantine {
				t.Fatalf("the slot is back after %d lives, in its quarantine", i)
			}
			reused = true
		}
		if _, err := table.Get(first); !errors.Is(err, ErrStale) {
			t.Fatalf("after %d lives: %v", i, err)
		}
		if _, err := end(&table, handle); err != nil {
			t.Fatal(err)
		}
	}
	if !reused {
		t.Fatal("the slot never served again: memory grows without end")
	}
}

func TestOneWinner(t *testing.T) {
	var table Table
	var lock sync.Mutex
	for round := 0; round < 2000; round++ {
		handle := take(t, &table, &lock).Arm()
		var winners, stale atomic.Int32
		var threads sync.WaitGroup
		for range 8 {
			threads.Add(1)
			go func() {
				defer threads.Done()
				lock.Lock()
				defer lock.Unlock()
				_, err := end(&table, handle)
				switch {
				case err == nil:
					winners.Add(1)
				case errors.Is(err, ErrStale):
					stale.Add(1)
				}
			}()
		}
		threads.Wait()
		if winners.Load() != 1 || stale.Load() != 7 {
			t.Fatalf("%d winners, %d stale", winners.Load(), stale.Load())
		}
	}
}

// Sequences of lives and bad handles against a model.
func TestAgainstModel(t *testing.T) {
	var table Table
	var lock sync.Mutex
	random := rand.New(rand.NewPCG(1, 2))
	live := map[uintptr]uintptr{}
	var handles, dead []uintptr
	for i := range 200_000 {
		switch random.IntN(4) {
		case 0, 1:
			slot := take(t, &table, &lock)
			slot.Value[0] = uintptr(i)
			handle := slot.Arm()
			live[handle] = uintptr(i)
			handles = append(handles, handle)
		case 2:
			if len(handles) == 0 {
				continue
			}
			at := random.IntN(len(handles))
			handle := handles[at]
			handles[at] = handles[len(handles)-1]
			handles = handles[:len(handles)-1]
			slot, err := end(&table, handle)
			if err != nil || slot.Value[0] != live[handle] {
				t.Fatalf("step %d: %v, %v", i, slot, err)
			}
			delete(live, handle)
			dead = append(dead, handle)
		case 3:
			if len(dead) == 0 {
				continue
			}
			if _, err := end(&table, dead[random.IntN(len(dead))]); !errors.Is(err, ErrStale) {
				t.Fatalf("step %d: %v", i, err)
			}
		}
	}
	for handle, value := range live {
		if slot, err := table.Get(handle); err != nil || slot.Value[0] != value {
			t.Fatalf("%#x: %v, %v", handle, slot, err)
		}
	}
}
