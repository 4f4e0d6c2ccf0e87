// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//go:build linux && !jitdebug_fault

package registry

import (
	"github.com/libjitdebug/libjitdebug/internal/gdbjit"
)

// UnregisterOutside is the address of a C function that unregisters without
// entering Go:
//
//	int32_t (*)(uintptr_t handle, struct memory *memory)
//
// It returns 1 and fills in memory, or it returns 0, has changed nothing, and
// Unregister must say why. 0 where there is none.
//
// Entering Go and leaving it again costs more than all else that an
// unregistration does, and gives a thread what this does not need: a stack that
// grows, a share in the scheduler, a heap. The code below it is Go that makes do
// without. It is all nosplit, allocates nothing, stores no pointer (no write
// barrier), cannot panic, and waits in the kernel.
func UnregisterOutside() uintptr { return outsideAddress() }

// outsideAddress returns the address of the C function.
func outsideAddress() uintptr

// unregisterOutside is called by the C function.
//
//go:nosplit
func unregisterOutside(h uintptr, memory *Memory) (done int32) {
	gdbjit.LockOutside()
	slot, err := table.Get(h)
	if err == nil && !in(slot).ofFunctions() && !functions.Mixed() && !gdbjit.Watched() {
		*memory = retire(slot, true)
		done = 1
	}
	gdbjit.Unlock()
	return done
}
