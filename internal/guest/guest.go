// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Package guest keeps the Go runtime from being noticed by the process that it
// is loaded into: signals, stacks and memory that fails.
package guest

// #cgo LDFLAGS: -Wl,--wrap=mmap -Wl,--wrap=malloc -Wl,--wrap=free -Wl,--wrap=sigaction
// #cgo LDFLAGS: -Wl,--wrap=pthread_create -Wl,--wrap=pthread_attr_init -Wl,--wrap=pthread_getattr_np
// #cgo noescape guest_malloc
// #cgo nocallback guest_malloc
// #cgo nocallback guest_free_chain
// #include "guest.h"
import "C"

import (
	"unsafe"

	_ "github.com/libjitdebug/libjitdebug/internal/guest/late"
)

// The thread that starts Go waits for this.
func init() { C.guest_started() }

// Malloc makes *first and *second point to so many bytes of C memory, not zeroed,
// where they are 0 and the size is not 0. If it fails, one may be set.
func Malloc(first *uintptr, firstSize uintptr, second *uintptr, secondSize uintptr) bool {
	return C.guest_malloc((*unsafe.Pointer)(unsafe.Pointer(first)), C.size_t(firstSize),
		(*unsafe.Pointer)(unsafe.Pointer(second)), C.size_t(secondSize)) != 0
}

// FreeChain frees blocks of C memory, each of which begins with the address of
// the next.
func FreeChain(first uintptr) {
	if first != 0 {
		C.guest_free_chain(C.uintptr_t(first))
	}
}

// Headroom puts aside what Go's heap takes to grow by so many bytes, and says whether
// it could. Asked before a call allocates more than a little in Go, which cannot fail
// there without a crash.
func Headroom(bytes uintptr) bool { return C.guest_headroom(C.size_t(bytes)) != 0 }

// MapKey is what a key of a Go map takes, at most, that has a word and a small value.
const MapKey = 64

// stackRoom is how much stack a signal handler of the host finds free when it
// interrupts Go code: a handler without SA_ONSTACK runs on whatever stack is in
// use, and a goroutine's begins with 8 KiB.
const stackRoom = 64 << 10

// ReserveStack makes this goroutine's stack large enough for the host's signal
// handlers. It stays large, for stacks do not shrink (gcshrinkstackoff), so that
// this costs a comparison from the second call on.
func ReserveStack() { room(0) }

// The prologue grows the stack for the largest frame the function might need,
// whichever way it takes.
//
//go:noinline
func room(index int) byte {
	if index == 0 {
		return 0
	}
	var unused [stackRoom]byte
	return unused[index]
}
