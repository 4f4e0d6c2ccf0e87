// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

//go:build !amd64 || !linux || jitdebug_fault

package registry

// UnregisterOutside is the address of a C function that unregisters without
// entering Go, or 0 where there is none.
func UnregisterOutside() uintptr { return 0 }
