package registry

import (
	"strconv"
	"unsafe"

	"github.com/libjitdebug/libjitdebug/internal/compact"
	"github.com/libjitdebug/libjitdebug/internal/function"
	"github.com/libjitdebug/libjitdebug/internal/gdbjit"
	"github.com/libjitdebug/libjitdebug/internal/guest"
	"github.com/libjitdebug/libjitdebug/internal/machine"
)

// RegisterFunctions writes an image of the count functions of the array in C
// memory, puts it on the list and returns its handle.
//
// What is allocated is in memory, as for Register, and in records and order, which
// are the caller's to free where they are not 0: on success records belongs to the
// registration. stack is an address on the calling thread's stack.
func RegisterFunctions(array unsafe.Pointer, count uintptr, flags uint32, memory *Memory, records, order *uintptr, stack unsafe.Pointer) (uintptr, error) {
	if err := checkFlags(flags); err != nil {
		return 0, err
	}
	if flags&(Borrow|Opaque) != 0 {
		return 0, &Error{Argument, "flags: JITDEBUG_BORROW and JITDEBUG_OPAQUE are for images, which the caller has, and here the library writes one"}
	}
	functions, err := function.Functions(array, count)
	if err != nil {
		return 0, &Error{Argument, err.Error()}
	}
	size, err := functions.RecordsSize(machine.Host)
	if err != nil {
		return 0, &Error{Argument, err.Error()}
	}
	n := functions.Len()
	if !guest.Malloc(records, compact.PartSize+uintptr(size), order, uintptr(n)*unsafe.Sizeof(&function.Record{})) {
		return 0, errNoMemory
	}
	all := unsafe.Slice((*(*function.Record))(at(order)), n)
	if err := functions.Records(unsafe.Slice((*byte)(unsafe.Add(at(records), compact.PartSize)), size), machine.Host, all); err != nil {
		return 0, &Error{Argument, err.Error()}
	}
	for i, f := range all {
		if hook := gdbjit.Hook(); hook-f.Address < f.Size {
			return 0, &Error{Argument, "functions[" + strconv.Itoa(i) + "]: covers " + hookName + " at 0x" + strconv.FormatUint(hook, 16)}
		}
	}
	if err := function.CheckOverlap(all); err != nil {
		return 0, &Error{Argument, err.Error()}
	}
	part := compact.NewPart(at(records), n)
	image := compact.NewImage(part, all)
	if image == nil {
		return 0, errNoMemory
	}
	memory.Copies = uintptr(unsafe.Pointer(image))

	var garbage compact.Garbage
	defer func() { garbage.Free() }() // without the lock
	slot, err := lockAndTake(flags&NoWait != 0)
	if err != nil {
		return 0, err
	}
	defer gdbjit.Unlock()
	begin()
	in(slot).Memory = Memory{Entries: *records}
	*records = 0
	garbage = parts.Add(image, stack)
	return slot.Arm(), nil
}

// part returns what was registered as functions, or nil.
//
//go:nosplit
func (r *registration) part() *compact.Part {
	if r.Entries == 0 || (*(**batch)(unsafe.Pointer(&r.Entries))).count != 0 {
		return nil
	}
	return *(**compact.Part)(unsafe.Pointer(&r.Entries))
}

// at returns what an address in C memory refers to.
func at(address *uintptr) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(address)) }
