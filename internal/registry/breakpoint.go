package registry

import (
	"github.com/libjitdebug/libjitdebug/internal/elf"
	"github.com/libjitdebug/libjitdebug/internal/gdbjit"
	"github.com/libjitdebug/libjitdebug/internal/guest"
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
	if p := r.part(); p != nil {
		p.Code(look)
		return found
	}
	entries := r.entries()
	for i := range entries {
		elf.Code(elf.Sections(entries[i].Bytes()), look)
	}
	return found
}
