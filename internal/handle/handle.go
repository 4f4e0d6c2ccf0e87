// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Package handle gives out opaque handles and tells live ones from stale,
// foreign and invented ones, whatever the caller passes.
//
// A pointer of go-pointer's stands for a block of slots, and a handle is the
// address of a slot in the block. Nothing is given back to go-pointer, whose
// Unref frees whatever it is given and whose addresses return at once: a retired
// slot waits in a queue, and then serves again under a handle that differs in
// its generation.
//
// Slots lie in C memory: the collector has nothing to do with them.
package handle

// #include "block.h"
import "C"

import (
	"cmp"
	"errors"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"unsafe"

	"github.com/libjitdebug/libjitdebug/internal/guest"
	pointer "github.com/mattn/go-pointer"
)

// What Get and Retire answer.
var (
	ErrForeign = errors.New("not a handle of this library")
	ErrStale   = errors.New("the handle is unregistered already")
)

// ErrMemory is what Grow answers when there is no memory for more slots.
var ErrMemory = errors.New("out of memory for handles")

const (
	// Quarantine is how many retired slots wait before the first of them serves
	// again: few enough to stay in a processor's cache, and with the generations
	// sixteen times what the header promises.
	Quarantine = 1 << 12

	// A generation stands in eight bits above those that an address of this
	// process uses, so that a handle is seen to be stale until its slot has
	// served 256 times more.
	generationShift = 48
	generationMask  = 0xff
)

// Slot is what a handle stands for: a generational slot, of the size of a cache
// line. Value is the owner's from Take until Retire or Put, and holds no pointer to
// Go memory.
type Slot struct {
	Value [7]uintptr

	// Twice the number of times that the slot has been retired, and one more
	// while it serves.
	state uint64
}

// next is the slot behind this one in a queue, in which no slot has a value. An
// integer to Go: its collector has no business with C memory.
//
//go:nosplit
func (s *Slot) next() *uintptr { return &s.Value[len(s.Value)-1] }

// Table holds slots. It is guarded by a lock of the caller's, all but Grow. The
// zero Table is empty.
type Table struct {
	fresh          uintptr // have never served
	oldest, newest uintptr // retired, in the order of their retirement
	retired        int
	blocks         []unsafe.Pointer // by address

	growing sync.Mutex
	grown   atomic.Pointer[block] // on its way to fresh and blocks
}

type block [1024]Slot

// slotAt follows a link of a queue.
//
//go:nosplit
func slotAt(link *uintptr) *Slot { return *(**Slot)(unsafe.Pointer(link)) }

// Take returns a slot to fill and Arm, or nil: then Grow, and try again.
func (t *Table) Take() *Slot {
	if t.retired > Quarantine {
		slot := slotAt(&t.oldest)
		t.oldest = *slot.next()
		t.retired--
		return slot
	}
	if t.fresh == 0 {
		t.enlist()
	}
	slot := slotAt(&t.fresh)
	if slot != nil {
		t.fresh = *slot.next()
	}
	return slot
}

// Put gives back a slot that Take returned and that was not armed.
//
//go:nosplit
func (t *Table) Put(slot *Slot) {
	this := uintptr(unsafe.Pointer(slot))
	*slot.next() = 0
	if t.retired == 0 {
		t.oldest = this
	} else {
		*slotAt(&t.newest).next() = this
	}
	t.newest = this
	t.retired++
}

// Arm makes a slot serve, and returns its handle.
func (s *Slot) Arm() uintptr {
	s.state++
	generation := s.state >> 1 & generationMask
	return uintptr(unsafe.Pointer(s)) | uintptr(generation)<<generationShift
}

// Get returns the slot of a live handle.
//
//go:nosplit
func (t *Table) Get(handle uintptr) (*Slot, error) {
	slot, err := t.find(handle)
	if err != nil {
		return nil, err
	}
	generation := uint64(handle >> generationShift)
	if slot.state&1 == 0 || slot.state>>1&generationMask != generation {
		return nil, ErrStale
	}
	return slot, nil
}

// Retire ends the handle of a slot that Get returned.
//
//go:nosplit
func (t *Table) Retire(slot *Slot) {
	slot.state++
	t.Put(slot)
}

// find returns the slot that the handle stands for or stood for.
//
//go:nosplit
func (t *Table) find(handle uintptr) (*Slot, error) {
	generation := uint64(handle >> generationShift)
	address := handle & (1<<generationShift - 1)
	low, high := 0, len(t.blocks)
	for low < high {
		middle := int(uint(low+high) / 2)
		if uintptr(t.blocks[middle]) <= address {
			low = middle + 1
		} else {
			high = middle
		}
	}
	if low == 0 {
		return nil, ErrForeign
	}
	first := t.blocks[low-1]
	offset := address - uintptr(first)
	if offset >= unsafe.Sizeof(block{}) || offset%unsafe.Sizeof(Slot{}) != 0 {
		return nil, ErrForeign
	}
	slot := (*Slot)(unsafe.Add(first, offset))
	// A generation that has not come yet was given to nobody.
	if served := (slot.state + 1) >> 1; generation > generationMask || generation >= served {
		return nil, ErrForeign
	}
	return slot, nil
}

// Grow adds slots for Take, unless another thread has just done so.
func (t *Table) Grow() error {
	t.growing.Lock()
	defer t.growing.Unlock()
	if t.grown.Load() != nil {
		return nil
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if !guest.Headroom(0) {
		return ErrMemory
	}
	slots := (*block)(C.block_offer(C.size_t(unsafe.Sizeof(block{}))))
	if slots == nil {
		return ErrMemory
	}
	for i := range slots[1:] {
		*slots[i].next() = uintptr(unsafe.Pointer(&slots[i+1]))
	}
	t.grown.Store(pointer.Restore(pointer.Save(slots)).(*block))
	return nil
}

// Adopt goes on with the blocks that a parent process left, which block_inherit
// was told of, and returns the slots that serve. The handles of before stay good.
// The table must be empty.
func (t *Table) Adopt() (serving []*Slot, err error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var slots uintptr
	for first := C.block_newest(); first != nil; first = C.block_before(first) {
		slots += uintptr(len(block{}))
	}
	if !guest.Headroom(slots * unsafe.Sizeof(serving[0])) {
		return nil, ErrMemory
	}
	serving = make([]*Slot, 0, slots)
	for first := C.block_newest(); first != nil; first = C.block_before(first) {
		slots := (*block)(first)
		C.block_offer_again(first)
		t.know(pointer.Restore(pointer.Save(slots)).(*block))
		for i := range slots {
			slot := &slots[i]
			switch {
			case slot.state&1 != 0:
				serving = append(serving, slot)
			case slot.state != 0:
				t.Put(slot)
			default:
				*slot.next() = t.fresh
				t.fresh = uintptr(unsafe.Pointer(slot))
			}
		}
	}
	return serving, nil
}

// enlist takes over what Grow has made.
func (t *Table) enlist() {
	slots := t.grown.Swap(nil)
	if slots == nil {
		return
	}
	t.fresh = uintptr(unsafe.Pointer(slots))
	t.know(slots)
}

// know lets find know of a block.
func (t *Table) know(slots *block) {
	t.blocks = append(t.blocks, unsafe.Pointer(slots))
	slices.SortFunc(t.blocks, func(a, b unsafe.Pointer) int { return cmp.Compare(uintptr(a), uintptr(b)) })
}
