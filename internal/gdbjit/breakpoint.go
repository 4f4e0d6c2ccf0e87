package gdbjit

// #include "descriptor.h"
import "C"

import (
	"unsafe"

	"github.com/libjitdebug/libjitdebug/internal/cursor"
	"github.com/libjitdebug/libjitdebug/internal/elf"
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

// nothing is an image without code, and its entry.
var nothing struct {
	entry Entry
	image [elf.HeaderSize + 2*elf.SectionSize + len(nothingNames)]byte
}

const nothingNames = "\x00.shstrtab\x00"

// SettleBreakpoints has gdb look for the places of its breakpoints, as it does
// when an image comes and not when one goes: those in code that has gone it then
// takes out. With the lock held.
func SettleBreakpoints() {
	c := cursor.On(nothing.image[:])
	elf.WriteHeader(&c, machine.Host.ELF, 2, 1)
	elf.WriteFirst(&c, 2, 1)
	names := elf.Section64{Name: 1, Type: elf.SHT_STRTAB, Addralign: 1,
		Off: uint64(len(nothing.image) - len(nothingNames)), Size: uint64(len(nothingNames))}
	names.Write(&c)
	c.Text(nothingNames)
	nothing.entry.Set(uintptr(unsafe.Pointer(&nothing.image)), uintptr(len(nothing.image)))
	Add(&nothing.entry)
	Remove(&nothing.entry)
}
