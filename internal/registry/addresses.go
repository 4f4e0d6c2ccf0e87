// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package registry

import (
	"unsafe"

	"github.com/libjitdebug/libjitdebug/internal/guest"
)

// addresses is a set of addresses, none of them 0. It is guarded by a lock of the
// caller's. The zero set is empty.
//
// It is a table in C memory, as a map would not do: addresses are also taken out
// by code that is not in Go (see UnregisterOutside), and a map that grows ends
// the process where there is no memory.
type addresses struct {
	table uintptr // of 1<<bits addresses and zeros
	bits  uint
	count uintptr
}

const addressSize = unsafe.Sizeof(uintptr(0))

// reserve makes room for n more, or says that there is no memory.
func (s *addresses) reserve(n uintptr) bool {
	bits := max(s.bits, 6)
	for (s.count+n)*2 > 1<<bits {
		bits++
	}
	if bits == s.bits {
		return true
	}
	var unused uintptr
	larger := addresses{bits: bits}
	if !guest.Malloc(&larger.table, addressSize<<bits, &unused, 0) {
		return false
	}
	clear(unsafe.Slice(larger.at(0), uintptr(1)<<bits))
	if s.table != 0 {
		for i := range uintptr(1) << s.bits {
			if address := *s.at(i); address != 0 {
				larger.add(address)
			}
		}
		*s.at(0) = 0 // the end of the chain
		guest.FreeChain(s.table)
	}
	*s = larger
	return true
}

// reset empties the set.
func (s *addresses) reset() {
	if s.table != 0 {
		*s.at(0) = 0 // the end of the chain
		guest.FreeChain(s.table)
	}
	*s = addresses{}
}

// add adds an address, for which there is room, and says whether it is new.
func (s *addresses) add(address uintptr) bool {
	i := s.find(address)
	if *s.at(i) == address {
		return false
	}
	*s.at(i) = address
	s.count++
	return true
}

// remove takes out an address, which is there. What was put behind it, because
// its place was taken, moves up.
//
//go:nosplit
func (s *addresses) remove(address uintptr) {
	free := s.find(address)
	for i := s.next(free); *s.at(i) != 0; i = s.next(i) {
		if place := s.place(*s.at(i)); s.distance(place, i) >= s.distance(free, i) {
			*s.at(free) = *s.at(i)
			free = i
		}
	}
	*s.at(free) = 0
	s.count--
}

// find returns where an address is, or would be.
//
//go:nosplit
func (s *addresses) find(address uintptr) uintptr {
	i := s.place(address)
	for *s.at(i) != 0 && *s.at(i) != address {
		i = s.next(i)
	}
	return i
}

// place returns where to look for an address first: Fibonacci hashing.
//
//go:nosplit
func (s *addresses) place(address uintptr) uintptr {
	return uintptr(uint64(address) * 0x9E3779B97F4A7C15 >> ((64 - s.bits) & 63))
}

//go:nosplit
func (s *addresses) next(i uintptr) uintptr { return (i + 1) & (1<<(s.bits&63) - 1) }

// distance returns how many places it is from one to another.
//
//go:nosplit
func (s *addresses) distance(from, to uintptr) uintptr {
	return (to - from) & (1<<(s.bits&63) - 1)
}

//go:nosplit
func (s *addresses) at(i uintptr) *uintptr {
	return (*uintptr)(unsafe.Add(*(*unsafe.Pointer)(unsafe.Pointer(&s.table)), i*addressSize))
}
