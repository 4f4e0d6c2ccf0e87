//go:build !amd64

package gdbjit

// #include "descriptor.h"
// #cgo noescape __jit_debug_register_code
// #cgo nocallback __jit_debug_register_code
import "C"

// notify calls __jit_debug_register_code.
func notify() { C.__jit_debug_register_code() }
