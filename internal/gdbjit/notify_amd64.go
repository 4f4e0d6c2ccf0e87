// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package gdbjit

// #include "descriptor.h"
import "C"

import (
	"unsafe"

	"github.com/libjitdebug/libjitdebug/internal/gdbjit/hook"
)

// notify calls __jit_debug_register_code, past cgo: the function is empty, and
// the way through cgo would double the time for which the lock is held.
//
//go:nosplit
func notify() { hook.Call(*(*uintptr)(unsafe.Pointer(&C.gdbjit_pair.register_code))) }
