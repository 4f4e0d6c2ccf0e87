// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package registry

import (
	"strconv"
	"unsafe"

	"github.com/libjitdebug/libjitdebug/internal/abi"
	"github.com/libjitdebug/libjitdebug/internal/function"
	"github.com/libjitdebug/libjitdebug/internal/gdbjit"
	"github.com/libjitdebug/libjitdebug/internal/guest"
	"github.com/libjitdebug/libjitdebug/internal/image"
	"github.com/libjitdebug/libjitdebug/internal/leaf"
	"github.com/libjitdebug/libjitdebug/internal/machine"
)

// What was registered as functions. Under gdbjit's lock.
var functions leaf.Set

// RegisterFunctions shows debuggers the functions, and returns their handle.
//
// What is allocated is in memory, as for Register, and in work, which is the caller's
// to free; room is C memory that work can do without, if it suffices. stack is an
// address on the calling thread's stack.
func RegisterFunctions(given abi.Functions, flags abi.Flags, memory *Memory, work *uintptr, room []byte, stack uintptr) (uintptr, error) {
	all, order, err := encode(&given, work, room)
	if err != nil {
		return 0, err
	}
	for i := range all {
		if hook := gdbjit.Hook(); hook-all[i].Address < all[i].Size {
			return 0, given.Wrong(i, nil, "covers "+hookName+" at 0x"+strconv.FormatUint(hook, 16))
		}
	}
	if err := function.CheckOverlap(all, order); err != nil {
		return 0, err
	}
	kind := oneFunction
	if n := uintptr(len(all)); n > 1 {
		kind = manyFunctions
		var none uintptr
		if !guest.Malloc(&memory.Entries, unsafe.Sizeof(batch{})+n*unsafe.Sizeof(leaf.Ref{}), &none, 0) {
			return 0, errNoMemory
		}
		*(*batch)(pointer(memory.Entries)) = batch{count: n}
	}

	slot, err := lockAndTake(flags&abi.NOWAIT != 0)
	if err != nil {
		return 0, err
	}
	defer unlockAndFree()
	begin()
	r := in(slot)
	*r = registration{kind: kind, Memory: *memory}
	refs := r.refs()
	for done := 0; done < len(refs); {
		n := min(leaf.Portion, len(refs)-done)
		if !functions.Add(order[done:done+n], refs[done:done+n], stack) {
			removeFunctions(refs[:done])
			table.Put(slot)
			return 0, errNoMemory
		}
		if done += n; done < len(refs) && flags&abi.NOWAIT == 0 {
			giveWay()
		}
	}
	return slot.Arm(), nil
}

// removeFunctions removes functions, and in between gives up the lock.
func removeFunctions(refs []leaf.Ref) {
	for len(refs) > leaf.Portion {
		functions.Remove(refs[:leaf.Portion])
		refs = refs[leaf.Portion:]
		giveWay()
	}
	functions.Remove(refs)
}

// giveWay lets other threads have the lock.
func giveWay() {
	unlockAndFree()
	gdbjit.Lock()
}

// unlockAndFree frees, without the lock, the memory of images that have gone.
func unlockAndFree() {
	garbage := functions.TakeGarbage()
	gdbjit.Unlock()
	garbage.Free()
}

// encode makes the records of functions, and room for their order. What they refer to
// is in room, or, where that does not suffice, in work.
func encode(given *abi.Functions, work *uintptr, room []byte) ([]function.Record, []*function.Record, error) {
	n := given.Len()
	size := recordsSize(n)
	for encoded := uintptr(0); ; {
		if size+encoded > uintptr(len(room)) {
			var none uintptr
			if !guest.Malloc(work, size+encoded, &none, 0) {
				return nil, nil, errNoMemory
			}
			room = unsafe.Slice((*byte)(pointer(*work)), size+encoded)
		}
		all, order := recordsIn(unsafe.Pointer(&room[0]), n)
		needed, err := function.Encode(given, room[size:], machine.Host, all)
		if err != nil {
			return nil, nil, err
		}
		if uintptr(needed) <= uintptr(len(room))-size {
			return all, order, nil
		}
		if encoded != 0 {
			return nil, nil, abi.Refuse(abi.E_ARGUMENT, "functions: they changed while they were read")
		}
		if *work != 0 {
			free(work)
		}
		encoded = uintptr(needed)
	}
}

// recordsSize is how many bytes n records take, and their order.
func recordsSize(n int) uintptr {
	return uintptr(n) * (unsafe.Sizeof(function.Record{}) + unsafe.Sizeof(&function.Record{}))
}

func recordsIn(memory unsafe.Pointer, n int) (all []function.Record, order []*function.Record) {
	behind := unsafe.Add(memory, uintptr(n)*unsafe.Sizeof(function.Record{}))
	return unsafe.Slice((*function.Record)(memory), n), unsafe.Slice((*(*function.Record))(behind), n)
}

// ofFunctions says whether functions were registered, and not images.
//
//go:nosplit
func (r *registration) ofFunctions() bool { return r.kind >= oneFunction }

// refs returns what leads to the functions.
func (r *registration) refs() []leaf.Ref {
	if r.kind == oneFunction {
		return unsafe.Slice((*leaf.Ref)(unsafe.Pointer(&r.single)), 1)
	}
	b := *(**batch)(unsafe.Pointer(&r.Entries))
	return unsafe.Slice((*leaf.Ref)(unsafe.Add(unsafe.Pointer(b), unsafe.Sizeof(*b))), b.count)
}

// A copied is in front of the image of functions.
type copied struct{ size, _ uintptr }

// imageOfFunctions returns the image of a registration of functions. Debuggers are not
// shown this one.
func (r *registration) imageOfFunctions() (abi.Image, error) {
	if r.Copies == 0 && !r.writeImage() {
		return abi.Image{}, errNoMemory
	}
	c := (*copied)(pointer(r.Copies))
	return abi.Image{Data: r.Copies + unsafe.Sizeof(*c), Size: c.size}, nil
}

func (r *registration) writeImage() bool {
	n := len(r.refs())
	var work, none uintptr
	if !guest.Malloc(&work, recordsSize(n), &none, 0) {
		return false
	}
	all, order := recordsIn(pointer(work), n)
	order = order[:0]
	functions.Each(r.refs(), func(f *function.Record) bool {
		all[len(order)] = *f
		order = append(order, &all[len(order)])
		return true
	})
	// A gap that is more than what aligns the next one to 16 bytes may be others'.
	plan := image.New(order, machine.Host, func(from, to uint64) bool { return to-from >= 16 || to%16 != 0 })
	size := uintptr(plan.Size())
	done := guest.Malloc(&r.Copies, unsafe.Sizeof(copied{})+size, &none, 0)
	if done {
		c := (*copied)(pointer(r.Copies))
		*c = copied{size: size}
		plan.Write(unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(c), unsafe.Sizeof(*c))), size))
	}
	free(&work)
	return done
}

// free frees C memory.
func free(address *uintptr) {
	*(*uintptr)(pointer(*address)) = 0 // the end of the chain
	guest.FreeChain(*address)
	*address = 0
}
