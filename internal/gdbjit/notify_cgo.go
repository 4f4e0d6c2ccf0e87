// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//go:build !amd64

package gdbjit

// #include "descriptor.h"
// #cgo noescape notify
// #cgo nocallback notify
// static void notify(void) { gdbjit_pair.register_code(); }
import "C"

// notify calls __jit_debug_register_code.
func notify() { C.notify() }
