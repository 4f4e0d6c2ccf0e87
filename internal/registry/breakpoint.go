// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package registry

import (
	"unsafe"

	"github.com/libjitdebug/libjitdebug/internal/elf"
	"github.com/libjitdebug/libjitdebug/internal/function"
	"github.com/libjitdebug/libjitdebug/internal/gdbjit"
	"github.com/libjitdebug/libjitdebug/internal/guest"
	"github.com/libjitdebug/libjitdebug/internal/image"
	"github.com/libjitdebug/libjitdebug/internal/machine"
)

// hasBreakpoint says whether a debugger may have a breakpoint in the code of a
// registration. gdb leaves its instruction there when the code's image goes, and
// puts the old one back when the next image comes: by then perhaps into other code.
func (r *registration) hasBreakpoint() bool {
	if !gdbjit.Watched() {
		return false
	}
	found := false
	look := func(address, size uint64) bool {
		found = found || guest.Count(address, size, machine.Host.Trap) != 0
		return !found
	}
	if r.ofFunctions() {
		functions.Each(r.refs(), func(f *function.Record) bool { return look(f.Address, f.Size) })
		return found
	}
	entries := r.entries()
	for i := range entries {
		elf.Code(elf.Sections(entries[i].Bytes()), look)
	}
	return found
}

// empty is an image that has nothing, and its entry.
var empty struct {
	entry gdbjit.Entry
	image [image.EmptySize]byte
}

// settleBreakpoints has gdb look for the places of its breakpoints, as it does
// when an image comes and not when one goes: those in code that has gone it then
// takes out. With the lock held.
func settleBreakpoints() {
	image.WriteEmpty(&empty.image, machine.Host)
	empty.entry.Set(uintptr(unsafe.Pointer(&empty.image)), uintptr(len(empty.image)))
	gdbjit.Add(&empty.entry)
	gdbjit.Remove(&empty.entry)
}
