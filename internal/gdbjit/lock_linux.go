// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package gdbjit

// #cgo noescape wait_for
// #cgo nocallback wait_for
// #include "../guest/guest.h"
// static void wait_for(struct guest_lock *lock) {
//   guest_leave();
//   guest_lock(lock);
//   guest_return();
// }
import "C"

import (
	"sync/atomic"
	"syscall"
	"unsafe"
)

// The lock, which threads take that are in Go and threads that only borrow its
// code (see package registry): so it waits in the kernel, not in the scheduler.
// What it protects must not call anything that might wait for a thread in Go.
var lock struct{ state, starved uint32 }

const (
	free = iota
	held
	waitedFor

	futexWait = 0 | 128 // FUTEX_WAIT_PRIVATE
	futexWake = 1 | 128
)

// Lock takes the lock over the list. Add, Remove and Image need it; it is held
// over the notification, so that a debugger sees one change at a time.
func Lock() {
	if !TryLock() {
		C.wait_for((*C.struct_guest_lock)(unsafe.Pointer(&lock))) // and keep nobody from Go
		atomic.LoadUint32(&lock.state)                            // the race detector does not see what C does
	}
}

// LockOutside is Lock for a thread that is not in Go.
//
//go:nosplit
func LockOutside() {
	if !TryLock() {
		for atomic.SwapUint32(&lock.state, waitedFor) != free {
			syscall.RawSyscall6(syscall.SYS_FUTEX, uintptr(unsafe.Pointer(&lock.state)), futexWait, waitedFor, 0, 0, 0)
		}
	}
}

// TryLock takes the lock if nobody holds it, and says whether it did.
//
//go:nosplit
func TryLock() bool { return atomic.CompareAndSwapUint32(&lock.state, free, held) }

// Unlock gives the lock back.
//
//go:nosplit
func Unlock() {
	if atomic.SwapUint32(&lock.state, free) == waitedFor {
		syscall.RawSyscall6(syscall.SYS_FUTEX, uintptr(unsafe.Pointer(&lock.state)), futexWake, 1, 0, 0, 0)
	}
}
