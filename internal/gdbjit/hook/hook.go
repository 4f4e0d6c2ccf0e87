// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//go:build amd64

// Package hook calls an empty C function without leaving the goroutine's stack.
// It is apart from gdbjit because a package that uses cgo cannot hold Go
// assembly.
package hook

// Call calls the C function at the address fn. The function must need no stack
// beyond its return address.
//
//go:noescape
func Call(fn uintptr)
