// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Package registry keeps registrations: it owns the bytes of the images, and
// ties handle, images and code entries together.
package registry

import (
	"strconv"
	"unsafe"

	"github.com/libjitdebug/libjitdebug/internal/abi"
	"github.com/libjitdebug/libjitdebug/internal/fault"
	"github.com/libjitdebug/libjitdebug/internal/gdbjit"
	"github.com/libjitdebug/libjitdebug/internal/guest"
	"github.com/libjitdebug/libjitdebug/internal/handle"
	"github.com/libjitdebug/libjitdebug/internal/symfile"
)

// Memory is the C memory of a registration, beside its slot: the code entries of a
// batch of images, or what leads to functions; and the copies of the images one after
// the other, 0 if they are borrowed, or the image of functions, once it has been asked
// for. The addresses are integers to Go: its collector has no business with C memory.
type Memory struct {
	Entries, Copies uintptr
}

// A kind of registration, by what its Entries are.
type kind uint32

const (
	oneImage      kind = iota // none: its code entry is in the slot
	manyImages                // a batch
	oneFunction               // none: its ref is in the slot
	manyFunctions             // a batch
)

// A registration lies in C memory, in the slot of its handle.
type registration struct {
	kind    kind
	lowered bool // images are not as they were given: see lower
	Memory
	single gdbjit.Entry // of oneImage; a leaf.Ref of oneFunction
}

var _ [unsafe.Sizeof(handle.Slot{}.Value)]byte = [unsafe.Sizeof(registration{})]byte{}

//go:nosplit
func in(slot *handle.Slot) *registration {
	return (*registration)(unsafe.Pointer(&slot.Value))
}

// A batch is in front of the entries of many images, or of the refs of many functions.
type batch struct {
	_     uintptr
	count uintptr
}

var (
	table handle.Table

	// The addresses of borrowed images.
	borrowed addresses

	// How many registrations there have been.
	registrations uint64
) // all under gdbjit's lock

// Copies start at the alignment that malloc gives the first of them.
const copyAlignment = 16

// Register checks the images, puts them on the list and returns their handle.
//
// What is nil in memory is allocated; what is not must be large enough. On
// success it belongs to the registration. On failure nothing has changed, and
// what is in memory is the caller's to free.
func Register(images abi.Images, flags abi.Flags, memory *Memory) (uintptr, error) {
	size, err := check(images, flags)
	if err != nil {
		return 0, err
	}
	if err := allocate(memory, len(images), size); err != nil {
		return 0, err
	}
	copyImages(images, memory.Copies)
	lowered := memory.Copies != 0 && flags&abi.OPAQUE == 0 && lower(images, memory.Copies)
	return publish(images, flags, memory, lowered)
}

// publish puts images on the list whose memory is there and filled.
func publish(images abi.Images, flags abi.Flags, memory *Memory, lowered bool) (uintptr, error) {
	slot, err := lockAndTake(flags&abi.NOWAIT != 0)
	if err != nil {
		return 0, err
	}
	defer unlockAndFree()
	begin()
	if flags&abi.BORROW != 0 {
		if err := borrow(images); err != nil {
			table.Put(slot)
			return 0, err
		}
	}
	r := in(slot)
	r.Memory, r.lowered = *memory, lowered
	r.fill(images)
	entries := r.entries()
	for i := range entries {
		functions.Avoid(entries[i].Bytes())
		gdbjit.Add(&entries[i])
	}
	return slot.Arm(), nil
}

// begin is what every registration begins with, once it has the lock.
func begin() {
	fault.Point("locked")
	gdbjit.Choose()
	registrations++
	guest.Age(registrations)
}

// Unregister takes the handle's images off the list. The memory is the caller's
// to free.
func Unregister(h uintptr) (Memory, error) {
	gdbjit.Lock()
	defer unlockAndFree()
	slot, err := table.Get(h)
	if err != nil {
		return Memory{}, badHandle(h, err)
	}
	r := in(slot)
	if r.hasBreakpoint() {
		defer settleBreakpoints()
	}
	if !r.ofFunctions() {
		for i := range r.entries() {
			functions.Forget(r.entries()[i].Bytes())
		}
		return retire(slot, false), nil
	}
	gone := *r
	r.Memory = Memory{}
	table.Retire(slot)
	removeFunctions(gone.refs())
	return gone.Memory, nil
}

// retire is what an unregistration of images comes to, once the handle is found. The
// caller is in Go or outside.
//
//go:nosplit
func retire(slot *handle.Slot, outside bool) Memory {
	r := in(slot)
	entries := r.entries()
	for i := range entries {
		if r.Copies == 0 {
			data, _ := entries[i].Image()
			borrowed.remove(data)
		}
		if outside {
			gdbjit.RemoveOutside(&entries[i])
		} else {
			gdbjit.Remove(&entries[i])
		}
	}
	memory := r.Memory
	r.Memory = Memory{}
	table.Retire(slot)
	return memory
}

// ImageOf returns the handle's image of this index, as it was registered, and has
// debuggers that attach from now on read the same.
func ImageOf(h uintptr, index uintptr) (abi.Image, error) {
	gdbjit.Lock()
	defer gdbjit.Unlock()
	slot, err := table.Get(h)
	if err != nil {
		return abi.Image{}, badHandle(h, err)
	}
	r := in(slot)
	count := 1
	if !r.ofFunctions() {
		count = len(r.entries())
	}
	if index >= uintptr(count) {
		return abi.Image{}, abi.Refuse(abi.E_ARGUMENT, "index %d is past the end: the registration has %s",
			index, plural(count, "image"))
	}
	if r.ofFunctions() {
		return r.imageOfFunctions()
	}
	entry := &r.entries()[index]
	if r.lowered {
		raise(entry.Bytes())
	}
	data, size := entry.Image()
	return abi.Image{Data: data, Size: size}, nil
}

// entries returns the code entries of images.
//
//go:nosplit
func (r *registration) entries() []gdbjit.Entry {
	if r.kind == oneImage {
		return unsafe.Slice(&r.single, 1)
	}
	b := *(**batch)(unsafe.Pointer(&r.Entries))
	return unsafe.Slice((*gdbjit.Entry)(unsafe.Add(unsafe.Pointer(b), unsafe.Sizeof(*b))), b.count)
}

// fill makes the entries point to the copies of the images, or to the images.
func (r *registration) fill(images abi.Images) {
	r.kind = oneImage
	if r.Entries != 0 {
		r.kind = manyImages
		(*(**batch)(unsafe.Pointer(&r.Entries))).count = uintptr(len(images))
	}
	copies := r.Copies
	entries := r.entries()
	for i, image := range images {
		if copies != 0 {
			image.Data = copies
			copies += alignedEnd(0, image.Size)
		}
		entries[i].Set(image.Data, image.Size)
	}
}

// check checks the images, and returns the size in bytes of the copies to make.
func check(images abi.Images, flags abi.Flags) (uintptr, error) {
	var total uintptr
	for i := range images {
		bytes, err := images.Bytes(i)
		if err != nil {
			return 0, err
		}
		if flags&abi.OPAQUE == 0 {
			err := symfile.CheckWithin(bytes, limits())
			if err == symfile.ErrMemory {
				return 0, errNoMemory
			}
			if err != nil {
				return 0, images.Wrong(i, abi.E_IMAGE, err.Error())
			}
		}
		if flags&abi.BORROW == 0 {
			total = alignedEnd(total, uintptr(len(bytes)))
		}
	}
	return total, nil
}

// limits keep images off the address at which debuggers stop, which gdb would not
// live to see.
func limits() symfile.Limits {
	return symfile.Limits{Room: guest.Headroom, Taken: gdbjit.Hook(), What: hookName}
}

const hookName = "__jit_debug_register_code"

// allocate fills in what is nil in memory and needed.
func allocate(memory *Memory, count int, copies uintptr) error {
	var entries uintptr
	if count > 1 {
		entries = unsafe.Sizeof(batch{}) + uintptr(count)*unsafe.Sizeof(gdbjit.Entry{})
	} else if memory.Copies != 0 || copies == 0 {
		return nil
	}
	if !guest.Malloc(&memory.Entries, entries, &memory.Copies, copies) {
		return errNoMemory
	}
	return nil
}

// alignedEnd cannot overflow: all of the images are there to be read at once.
func alignedEnd(start, size uintptr) uintptr {
	return start + (size+copyAlignment-1)&^(copyAlignment-1)
}

// copyImages copies the images, unless there is nowhere to.
func copyImages(images abi.Images, to uintptr) {
	if to == 0 {
		return
	}
	for _, image := range images {
		copy(unsafe.Slice((*byte)(pointer(to)), image.Size), unsafe.Slice((*byte)(pointer(image.Data)), image.Size))
		to += alignedEnd(0, image.Size)
	}
}

// pointer is what an address in C memory refers to.
func pointer(address uintptr) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&address)) }

// lockAndTake takes the lock over the list and, with it, a slot.
func lockAndTake(noWait bool) (*handle.Slot, error) {
	for {
		if !noWait {
			gdbjit.Lock()
		} else if !gdbjit.TryLock() {
			return nil, abi.Refuse(abi.E_BUSY, "JITDEBUG_NOWAIT: another thread is changing the list")
		}
		if slot := table.Take(); slot != nil {
			return slot, nil
		}
		gdbjit.Unlock()
		if table.Grow() != nil {
			return nil, errNoHandles
		}
	}
}

// borrow notes the addresses of borrowed images, all or none.
func borrow(images abi.Images) error {
	if !borrowed.reserve(uintptr(len(images))) {
		return errNoMemory
	}
	for i := range images {
		if data := images[i].Data; !borrowed.add(data) {
			for _, earlier := range images[:i] {
				borrowed.remove(earlier.Data)
			}
			return images.Wrong(i, abi.E_DUPLICATE, "the buffer at 0x"+strconv.FormatUint(uint64(data), 16)+" is borrowed already")
		}
	}
	return nil
}
