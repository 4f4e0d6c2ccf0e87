// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package guest

import (
	"sync/atomic"
	"syscall"
)

const (
	pageShift = 12
	pageSize  = 1 << pageShift

	// A page that was found readable is taken to be so until the next
	// registration whose number is a multiple of this: a system call for every
	// small image would cost more than its registration.
	trust = 64
)

// known remembers pages that were found readable: the page's number, and below
// it the low bits of the age in which that was.
var (
	known [1024]atomic.Uint64
	age   atomic.Uint64
)

// Age counts a registration. Its caller holds a lock.
func Age(registrations uint64) {
	if registrations%trust == 0 {
		age.Store(registrations / trust)
	}
}

// Readable says how many of the size bytes from an address can be read, up to the
// first page that cannot. It is for the arguments of a call, which stay while it lasts;
// code, which another thread may take away at any moment, is for Read.
func Readable(start, size uintptr) uintptr {
	if start+size < start {
		size = -start
	}
	for at := start; at-start < size; at = (at | (pageSize - 1)) + 1 {
		if !pageReadable(at >> pageShift) {
			return at - start
		}
	}
	return size
}

func pageReadable(page uintptr) bool {
	if page == 0 {
		return false // what known has at first
	}
	slot, now := &known[page%uintptr(len(known))], uint64(page)<<pageShift|age.Load()%pageSize
	if slot.Load() == now {
		return true
	}
	var first [1]byte
	_, errno := read(page<<pageShift, first[:])
	if errno != 0 && errno != syscall.EFAULT { // a sandbox forbids to read so
		errno = ask(page)
	}
	if errno == syscall.EFAULT {
		return false
	}
	slot.Store(now)
	return true
}
