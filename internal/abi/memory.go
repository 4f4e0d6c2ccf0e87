// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package abi

import (
	"bytes"
	"unsafe"

	"github.com/libjitdebug/libjitdebug/internal/format"
	"github.com/libjitdebug/libjitdebug/internal/guest"
)

// Limits, above which an argument is rather a mistake.
const (
	arrayLimit  = 1 << 31 // bytes of an array
	structLimit = 4096    // bytes of a structure, of whichever version
)

// pointer returns what an address refers to.
func pointer(address uintptr) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&address)) }

func readable(address, size uintptr) bool { return guest.Readable(address, size) == size }

// Pointer checks that an argument is not NULL.
func Pointer(name string, address uintptr) error {
	if address == 0 {
		return refuse("%s is NULL", name)
	}
	return nil
}

// array returns the count elements at an address, if they can be read.
func array[T any](address, count uintptr) ([]T, bool) {
	var element T
	size := unsafe.Sizeof(element)
	if count > arrayLimit/size || !readable(address, count*size) {
		return nil, false
	}
	return unsafe.Slice((*T)(pointer(address)), count), true
}

// nonEmpty checks what every array has.
func nonEmpty(name string, address, count uintptr) error {
	if err := Pointer(name, address); err != nil {
		return err
	}
	if count == 0 {
		return refuse("count is 0")
	}
	return nil
}

func notSoMany(name string, count uintptr) error {
	return refuse("count is %d, but %s is not an array of so many", count, name)
}

// A versioned is an array of structures that begin with their struct_size, in
// which the distance between elements is that of the first.
type versioned[T any] struct {
	name     string // of the argument
	first    unsafe.Pointer
	count    int
	distance uintptr
}

// readVersioned checks an array of the structure type of this name, whose first
// version had oldest bytes. A later version's than this library's is understood as
// long as what was added is zero, an earlier one's as if it were.
func readVersioned[T any](name, structure string, address, count, oldest uintptr) (a versioned[T], err error) {
	if err := nonEmpty(name, address, count); err != nil {
		return a, err
	}
	if !readable(address, oldest) {
		return a, refuse("%s cannot be read", name)
	}
	var known T
	first := pointer(address)
	distance := uintptr(*(*uint32)(first))
	if distance < oldest || distance > structLimit || distance%unsafe.Alignof(known) != 0 {
		return a, refuse("%s[0]: struct_size is %d, sizeof(%s) is %d", name, distance, structure, unsafe.Sizeof(known))
	}
	if count > arrayLimit/distance || !readable(address, count*distance) {
		return a, notSoMany(name, count)
	}
	return versioned[T]{name, first, int(count), distance}, nil
}

// at returns element i, or says what is wrong with it.
func (a *versioned[T]) at(i int) (element T, problem string) {
	given := unsafe.Slice((*byte)(unsafe.Add(a.first, uintptr(i)*a.distance)), a.distance)
	if size := uintptr(*(*uint32)(unsafe.Pointer(&given[0]))); size != a.distance {
		return element, text("struct_size is %d, that of %s[0] is %d", size, a.name, a.distance)
	}
	known := copy(unsafe.Slice((*byte)(unsafe.Pointer(&element)), unsafe.Sizeof(element)), given)
	for _, b := range given[known:] {
		if b != 0 {
			return element, text("struct_size is %d, and there is something in the struct that this version of the library"+
				" does not know: it has %d bytes", a.distance, unsafe.Sizeof(element))
		}
	}
	return element, ""
}

// readString returns a string of C's without its NUL, in less than limit bytes
// with it, or says what is wrong with it.
func readString(address, limit uintptr) (value []byte, problem string) {
	if address == 0 {
		return nil, "is NULL"
	}
	const page = 4096
	for length := uintptr(0); length < limit; {
		// No further than to the end of a page: behind it may be nothing.
		n := min(limit-length, page-(address+length)%page)
		if !readable(address+length, n) {
			return nil, "cannot be read to its end"
		}
		if end := bytes.IndexByte(unsafe.Slice((*byte)(pointer(address+length)), n), 0); end >= 0 {
			return unsafe.Slice((*byte)(pointer(address)), length+uintptr(end)), ""
		}
		length += n
	}
	return nil, text("has no NUL in its first %d bytes", limit)
}

func text(text string, args ...any) string { return format.Errorf(text, args...).Error() }
