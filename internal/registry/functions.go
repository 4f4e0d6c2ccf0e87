package registry

import (
	"strconv"
	"unsafe"

	"github.com/libjitdebug/libjitdebug/internal/abi"
	"github.com/libjitdebug/libjitdebug/internal/compact"
	"github.com/libjitdebug/libjitdebug/internal/function"
	"github.com/libjitdebug/libjitdebug/internal/gdbjit"
	"github.com/libjitdebug/libjitdebug/internal/guest"
	"github.com/libjitdebug/libjitdebug/internal/machine"
)

// RegisterFunctions writes an image of the functions, puts it on the list and
// returns its handle.
//
// What is allocated is in memory, as for Register, and in records and order, which
// are the caller's to free where they are not 0: on success records belongs to the
// registration. stack is an address on the calling thread's stack.
func RegisterFunctions(given abi.Functions, flags abi.Flags, memory *Memory, records, order *uintptr, stack unsafe.Pointer) (uintptr, error) {
	size, err := function.Size(&given, machine.Host)
	if err != nil {
		return 0, err
	}
	n := given.Len()
	if !guest.Malloc(records, compact.PartSize+uintptr(size), order, uintptr(n)*unsafe.Sizeof(&function.Record{})) {
		return 0, errNoMemory
	}
	all := unsafe.Slice((*(*function.Record))(pointer(*order)), n)
	behind := unsafe.Slice((*byte)(pointer(*records+compact.PartSize)), size)
	if err := function.Write(&given, behind, machine.Host, all); err != nil {
		return 0, err
	}
	for i, f := range all {
		if hook := gdbjit.Hook(); hook-f.Address < f.Size {
			return 0, given.Wrong(i, nil, "covers "+hookName+" at 0x"+strconv.FormatUint(hook, 16))
		}
	}
	if err := function.CheckOverlap(all); err != nil {
		return 0, err
	}
	part := compact.NewPart(pointer(*records), n)
	image := compact.NewImage(part, all)
	if image == nil {
		return 0, errNoMemory
	}
	memory.Copies = uintptr(unsafe.Pointer(image))

	var garbage compact.Garbage
	defer func() { garbage.Free() }() // without the lock
	slot, err := lockAndTake(flags&abi.NOWAIT != 0)
	if err != nil {
		return 0, err
	}
	defer gdbjit.Unlock()
	begin()
	*in(slot) = registration{kind: functions, Memory: Memory{Entries: *records}}
	*records = 0
	garbage = parts.Add(image, stack)
	return slot.Arm(), nil
}

// part returns what was registered as functions, or nil.
//
//go:nosplit
func (r *registration) part() *compact.Part {
	if r.kind != functions {
		return nil
	}
	return *(**compact.Part)(unsafe.Pointer(&r.Entries))
}
