package registry

import (
	"unsafe"

	"github.com/libjitdebug/libjitdebug/internal/function"
	"github.com/libjitdebug/libjitdebug/internal/guest"
	"github.com/libjitdebug/libjitdebug/internal/image"
	"github.com/libjitdebug/libjitdebug/internal/machine"
)

// RegisterFunctions writes an image of the count functions of the array in C
// memory, puts it on the list and returns its handle.
//
// What is allocated is in memory, as for Register, and in records and order, which are
// the caller's to free in any case.
func RegisterFunctions(array unsafe.Pointer, count uintptr, flags uint32, memory *Memory, records, order *uintptr) (uintptr, error) {
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
	if !guest.Malloc(records, uintptr(size), order, uintptr(n)*unsafe.Sizeof(&function.Record{})) {
		return 0, errNoMemory
	}
	all := unsafe.Slice(*(**(*function.Record))(unsafe.Pointer(order)), n)
	if err := functions.Records(bytesAt(records, size), machine.Host, all); err != nil {
		return 0, &Error{Argument, err.Error()}
	}
	if err := function.CheckOverlap(all); err != nil {
		return 0, &Error{Argument, err.Error()}
	}
	plan := image.New(all, machine.Host, between)
	size = plan.Size()
	if !guest.Malloc(&memory.Entries, 0, &memory.Copies, uintptr(size)) {
		return 0, errNoMemory
	}
	plan.Write(bytesAt(&memory.Copies, size))
	return publish([]Image{{memory.copies(), uintptr(size)}}, flags, memory)
}

// between says whether a gap between two functions of a call may be more than
// what aligns the second to 16 bytes.
func between(from, to uint64) bool { return to-from >= 16 || to%16 != 0 }

// bytesAt returns size bytes of C memory.
func bytesAt(address *uintptr, size int) []byte {
	return unsafe.Slice(*(**byte)(unsafe.Pointer(address)), size)
}
