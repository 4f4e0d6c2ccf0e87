// Package registry keeps registrations: it owns the bytes of the images, and
// ties handle, images and code entries together.
package registry

import (
	"strconv"
	"unsafe"

	"github.com/libjitdebug/libjitdebug/internal/fault"
	"github.com/libjitdebug/libjitdebug/internal/gdbjit"
	"github.com/libjitdebug/libjitdebug/internal/guest"
	"github.com/libjitdebug/libjitdebug/internal/handle"
	"github.com/libjitdebug/libjitdebug/internal/symfile"
)

// The flags of the C ABI.
const (
	Borrow uint32 = 1 << iota
	NoWait
	Opaque

	unknownFlags = ^(Borrow | NoWait | Opaque)
)

// Image is an image in C memory, laid out as jitdebug_image.
type Image struct {
	Data unsafe.Pointer
	Size uintptr
}

// Images returns the count images of the array in C memory.
func Images(array unsafe.Pointer, count uintptr) ([]Image, error) {
	if array == nil {
		return nil, &Error{Argument, "images is NULL"}
	}
	if count == 0 {
		return nil, &Error{Argument, "count is 0"}
	}
	const imageSize = unsafe.Sizeof(Image{})
	if count > ^uintptr(0)/imageSize || guest.Readable(array, count*imageSize) != count*imageSize {
		return nil, &Error{Argument, "count is " + decimal(count) + ", but images is not an array of so many"}
	}
	return unsafe.Slice((*Image)(array), count), nil
}

// Memory is the C memory of a registration: its code entries, and the copies of
// its images one after the other, nil if they are borrowed.
type Memory struct {
	Entries, Copies unsafe.Pointer
}

// A registration lies in C memory.
type registration struct {
	Memory
	count    int
	borrowed bool
	_        [16]byte // a slot fills a cache line
}

var (
	table handle.Table[registration]

	// The addresses of borrowed images, under gdbjit's lock.
	borrowed = map[unsafe.Pointer]struct{}{}
)

// Copies start at the alignment that malloc gives the first of them.
const copyAlignment = 16

// Register checks the images, puts them on the list and returns their handle.
//
// What is nil in memory is allocated; what is not must be large enough. On
// success it belongs to the registration. On failure nothing has changed, and
// what is in memory is the caller's to free.
func Register(images []Image, flags uint32, memory *Memory) (uintptr, error) {
	size, err := check(images, flags)
	if err != nil {
		return 0, err
	}
	if err := allocate(memory, len(images), size); err != nil {
		return 0, err
	}
	entries := unsafe.Slice((*gdbjit.Entry)(memory.Entries), len(images))
	fill(entries, images, memory.Copies)

	slot, err := lockAndTake(flags&NoWait != 0)
	if err != nil {
		return 0, err
	}
	defer gdbjit.Unlock()
	fault.Point("locked")
	gdbjit.Choose()
	if flags&Borrow != 0 {
		if err := borrow(images); err != nil {
			table.Put(slot)
			return 0, err
		}
	}
	for i := range entries {
		gdbjit.Add(&entries[i])
	}
	slot.Value = registration{Memory: *memory, count: len(images), borrowed: flags&Borrow != 0}
	return slot.Arm(), nil
}

// Adopt goes on with the registrations that a parent process left, blocks being
// those of its handles. What a thread of the parent's was registering or
// unregistering at the moment of the fork is nobody's now, and stays as it is.
func Adopt(blocks unsafe.Pointer) error {
	gdbjit.Lock()
	defer gdbjit.Unlock()
	err := table.Adopt(blocks, func(r *registration) {
		if r.borrowed {
			for i := range r.count {
				data, _ := r.entry(i).Image()
				borrowed[data] = struct{}{}
			}
		}
	})
	if err != nil {
		return &Error{OutOfMemory, err.Error()}
	}
	gdbjit.Adopt()
	return nil
}

// Unregister takes the handle's images off the list. The memory is the caller's
// to free.
func Unregister(h uintptr) (Memory, error) {
	slot, err := table.Retire(h)
	if err != nil {
		return Memory{}, badHandle(h, err)
	}
	gdbjit.Lock()
	defer gdbjit.Unlock()
	r := slot.Value
	for i := range r.count {
		gdbjit.Remove(r.entry(i))
		if r.borrowed {
			data, _ := r.entry(i).Image()
			delete(borrowed, data)
		}
	}
	slot.Value = registration{}
	table.Put(slot)
	return r.Memory, nil
}

// ImageOf returns what a debugger is shown as the handle's image of this index.
func ImageOf(h uintptr, index uintptr) (Image, error) {
	// An Unregister on another thread frees nothing before it has had the lock.
	gdbjit.Lock()
	defer gdbjit.Unlock()
	slot, err := table.Get(h)
	if err != nil {
		return Image{}, badHandle(h, err)
	}
	r := &slot.Value
	if index >= uintptr(r.count) {
		return Image{}, &Error{Argument, "index " + decimal(index) +
			" is past the end: the registration has " + plural(r.count, "image")}
	}
	data, size := r.entry(int(index)).Image()
	return Image{data, uintptr(size)}, nil
}

func (r *registration) entry(index int) *gdbjit.Entry {
	return (*gdbjit.Entry)(unsafe.Add(r.Entries, uintptr(index)*unsafe.Sizeof(gdbjit.Entry{})))
}

// check looks at the arguments and the images, and returns the size in bytes of
// the copies to make.
func check(images []Image, flags uint32) (uintptr, error) {
	if unknown := flags & unknownFlags; unknown != 0 {
		return 0, &Error{Argument, "flags: unknown flag 0x" + strconv.FormatUint(uint64(unknown), 16)}
	}
	var total uintptr
	for i := range images {
		image := &images[i]
		if image.Data == nil {
			return 0, named(images, i, Argument, "data is NULL")
		}
		if image.Size == 0 {
			return 0, named(images, i, Argument, "size is 0")
		}
		if readable := guest.Readable(image.Data, image.Size); readable != image.Size {
			return 0, named(images, i, BadImage, "cannot be read past its first "+
				decimal(readable)+" of "+decimal(image.Size)+" bytes")
		}
		if flags&Opaque == 0 {
			if err := symfile.Check(unsafe.Slice((*byte)(image.Data), image.Size)); err != nil {
				return 0, named(images, i, BadImage, err.Error())
			}
		}
		if flags&Borrow == 0 {
			total = alignedEnd(total, image.Size)
		}
	}
	return total, nil
}

// allocate fills in what is nil in memory.
func allocate(memory *Memory, count int, copies uintptr) error {
	if memory.Entries != nil && (memory.Copies != nil || copies == 0) {
		return nil
	}
	entries := uintptr(count) * unsafe.Sizeof(gdbjit.Entry{})
	if !guest.Malloc(&memory.Entries, entries, &memory.Copies, copies) {
		return &Error{OutOfMemory, "no memory for " + decimal(entries+copies) + " bytes of entries and copies"}
	}
	return nil
}

// alignedEnd cannot overflow: all of the images are there to be read at once.
func alignedEnd(start, size uintptr) uintptr {
	return start + (size+copyAlignment-1)&^(copyAlignment-1)
}

// fill points the entries at the images, or at copies of them if there are any.
func fill(entries []gdbjit.Entry, images []Image, copies unsafe.Pointer) {
	var at uintptr
	for i := range images {
		data, size := images[i].Data, images[i].Size
		if copies != nil {
			data = unsafe.Add(copies, at)
			copy(unsafe.Slice((*byte)(data), size), unsafe.Slice((*byte)(images[i].Data), size))
			at = alignedEnd(at, size)
		}
		entries[i].Set(data, uint64(size))
	}
}

// lockAndTake takes the lock over the list and, with it, a slot.
func lockAndTake(noWait bool) (*handle.Slot[registration], error) {
	for {
		if !noWait {
			gdbjit.Lock()
		} else if !gdbjit.TryLock() {
			return nil, &Error{Busy, "JITDEBUG_NOWAIT: another thread is changing the list"}
		}
		if slot := table.Take(); slot != nil {
			return slot, nil
		}
		gdbjit.Unlock()
		if err := table.Grow(); err != nil {
			return nil, &Error{OutOfMemory, err.Error()}
		}
	}
}

// borrow notes the addresses of borrowed images, all or none.
func borrow(images []Image) error {
	for i := range images {
		data := images[i].Data
		if _, taken := borrowed[data]; taken {
			for _, earlier := range images[:i] {
				delete(borrowed, earlier.Data)
			}
			return named(images, i, Duplicate, "the buffer at 0x"+
				strconv.FormatUint(uint64(uintptr(data)), 16)+" is borrowed already")
		}
		borrowed[data] = struct{}{}
	}
	return nil
}
