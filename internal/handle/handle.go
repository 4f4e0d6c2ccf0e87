// Package handle gives out opaque handles and tells live ones from stale,
// foreign and invented ones, whatever the caller passes.
//
// A pointer of go-pointer's stands for a block of slots, and a handle is the
// address of a slot in the block. Nothing is given back to go-pointer, whose
// Unref frees whatever it is given and whose addresses return at once: a retired
// slot waits in a queue, and then serves again under a handle that differs in
// its generation.
//
// Slots lie in C memory, where a forked child finds them again.
package handle

// #cgo LDFLAGS: -Wl,--wrap=malloc
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
	// again.
	Quarantine = 1 << 16

	// A generation stands in eight bits above those that an address of this
	// process uses, so that a handle is seen to be stale until its slot has
	// served 256 times more.
	generationShift = 48
	generationMask  = 0xff
)

// Slot is what a handle stands for. Value is the owner's; it must hold no
// pointer to Go memory.
type Slot[T any] struct {
	Value T

	// Twice the number of times that the slot has been retired, and one more
	// while it serves.
	state atomic.Uint64
	next  *Slot[T]
}

// Table holds slots. Take and Put are guarded by a lock of the caller's; Grow,
// Get and Retire need none. The zero Table is empty.
type Table[T any] struct {
	fresh          *Slot[T] // have never served
	oldest, newest *Slot[T] // retired, in the order of their retirement
	retired        int
	growing        sync.Mutex
	grown          atomic.Pointer[Slot[T]]          // on their way to fresh
	blocks         atomic.Pointer[[]unsafe.Pointer] // go-pointer's, by address
}

type block[T any] [1024]Slot[T]

// Take returns a slot to fill and Arm, or nil: then Grow, and try again.
func (t *Table[T]) Take() *Slot[T] {
	if t.retired > Quarantine {
		slot := t.oldest
		t.oldest = slot.next
		t.retired--
		return slot
	}
	if t.fresh == nil {
		t.fresh = t.grown.Swap(nil)
	}
	slot := t.fresh
	if slot != nil {
		t.fresh = slot.next
	}
	return slot
}

// Put gives back a slot that Retire returned.
func (t *Table[T]) Put(slot *Slot[T]) {
	slot.next = nil
	if t.retired == 0 {
		t.oldest = slot
	} else {
		t.newest.next = slot
	}
	t.newest = slot
	t.retired++
}

// Arm makes a slot serve, and returns its handle.
func (s *Slot[T]) Arm() uintptr {
	retirements := s.state.Add(1) >> 1
	return uintptr(unsafe.Pointer(s)) | uintptr(retirements&generationMask)<<generationShift
}

// live says whether the slot serves the handle.
func (s *Slot[T]) live(handle uintptr) (state uint64, ok bool) {
	state = s.state.Load()
	generation := state >> 1 & generationMask
	return state, state&1 != 0 && generation == uint64(handle>>generationShift)
}

// Get returns the slot of a live handle.
func (t *Table[T]) Get(handle uintptr) (*Slot[T], error) {
	slot, err := t.find(handle)
	if err != nil {
		return nil, err
	}
	if _, ok := slot.live(handle); !ok {
		return nil, ErrStale
	}
	return slot, nil
}

// Retire ends a handle and returns its slot, to be Put once it is emptied. Of
// several callers with the same handle one gets the slot.
func (t *Table[T]) Retire(handle uintptr) (*Slot[T], error) {
	slot, err := t.find(handle)
	if err != nil {
		return nil, err
	}
	state, ok := slot.live(handle)
	if !ok || !slot.state.CompareAndSwap(state, state+1) {
		return nil, ErrStale
	}
	return slot, nil
}

// find returns the slot that the handle stands for or stood for. The caller's
// number becomes a pointer only where it is known to be one.
func (t *Table[T]) find(handle uintptr) (*Slot[T], error) {
	generation := uint64(handle >> generationShift)
	address := handle & (1<<generationShift - 1)
	block := t.blockBefore(address)
	offset := address - uintptr(unsafe.Pointer(block))
	if block == nil || offset >= unsafe.Sizeof(*block) || offset%unsafe.Sizeof(block[0]) != 0 {
		return nil, ErrForeign
	}
	slot := &block[offset/unsafe.Sizeof(block[0])]
	// A generation that has not come yet was given to nobody.
	if served := (slot.state.Load() + 1) >> 1; generation > generationMask || generation >= served {
		return nil, ErrForeign
	}
	return slot, nil
}

// blockBefore returns the last block that begins at or before address, or nil.
func (t *Table[T]) blockBefore(address uintptr) *block[T] {
	blocks := t.blocks.Load()
	if blocks == nil {
		return nil
	}
	low, high := 0, len(*blocks)
	for low < high {
		middle := (low + high) / 2
		if uintptr((*blocks)[middle]) <= address {
			low = middle + 1
		} else {
			high = middle
		}
	}
	if low == 0 {
		return nil
	}
	return pointer.Restore((*blocks)[low-1]).(*block[T])
}

// Grow adds slots for Take, unless another thread has just done so.
func (t *Table[T]) Grow() error {
	t.growing.Lock()
	defer t.growing.Unlock()
	if t.grown.Load() != nil {
		return nil
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if !guest.Headroom() {
		return ErrMemory
	}
	slots := (*block[T])(C.block_offer(C.size_t(unsafe.Sizeof(block[T]{}))))
	if slots == nil {
		return ErrMemory
	}
	for i := range slots[1:] {
		slots[i].next = &slots[i+1]
	}
	t.publish(pointer.Save(slots))
	t.grown.Store(&slots[0])
	return nil
}

// Adopt goes on with the blocks that a parent process left, and calls visit for
// each slot that serves. The handles of before stay good. The table must be
// empty.
func (t *Table[T]) Adopt(newest unsafe.Pointer, visit func(*T)) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	if !guest.Headroom() {
		return ErrMemory
	}
	C.block_inherit(newest)
	for slots := newest; slots != nil; slots = C.block_before(slots) {
		block := (*block[T])(slots)
		C.block_offer_again(slots)
		t.publish(pointer.Save(block))
		for i := range block {
			slot := &block[i]
			switch state := slot.state.Load(); {
			case state&1 != 0:
				visit(&slot.Value)
			case state != 0:
				t.Put(slot)
			default:
				slot.next = t.fresh
				t.fresh = slot
			}
		}
	}
	return nil
}

// publish lets find know of a block.
func (t *Table[T]) publish(block unsafe.Pointer) {
	var blocks []unsafe.Pointer
	if old := t.blocks.Load(); old != nil {
		blocks = slices.Clone(*old)
	}
	blocks = append(blocks, block)
	slices.SortFunc(blocks, func(a, b unsafe.Pointer) int { return cmp.Compare(uintptr(a), uintptr(b)) })
	t.blocks.Store(&blocks)
}
