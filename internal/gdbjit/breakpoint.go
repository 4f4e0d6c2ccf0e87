// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package gdbjit

// #include "descriptor.h"
import "C"

import (
	"unsafe"

	"github.com/libjitdebug/libjitdebug/internal/machine"
)

// Watched says whether a debugger waits for changes of the list: it has its
// breakpoint in the hook.
//
//go:nosplit
func Watched() bool {
	hook := *(*unsafe.Pointer)(unsafe.Pointer(&C.gdbjit_pair.register_code))
	trap := machine.Host.Trap
	for i := range len(trap) {
		if *(*byte)(unsafe.Add(hook, i)) != trap[i] {
			return false
		}
	}
	return true
}
