// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Package symfile says whether a debugger can read a symbol file: an ELF image
// in memory, as it is handed over through the GDB JIT interface.
//
// An image is refused if it makes gdb print an error, abort a command or end, or
// lldb read far past the image; the error names the field and its value. All else is
// accepted, however odd it is.
package symfile

import (
	"github.com/libjitdebug/libjitdebug/internal/elf"
	"github.com/libjitdebug/libjitdebug/internal/machine"
)

// Open checks only the ELF header, and that the headers it announces are there: of an
// image, or of an object file that one is made of, for a process on machine m.
func Open(image []byte, m *machine.Machine) (elf.File, error) {
	f := file{File: elf.File{Bytes: image}}
	err := f.open(m)
	return f.File, err
}

// Check says whether a debugger can read image, an ELF file as it lies in
// memory: nil, or an error whose text is one sentence that names the field and
// the value that are wrong.
//
// The bytes have to be readable. If they change meanwhile, the answer is about a
// mixture of old and new bytes, and nothing worse happens. The time that a check
// takes depends on what the headers describe, not on len(image). Nothing is allocated
// unless there is debug information beyond call frames, or relocations, or groups.
func Check(image []byte) error {
	return CheckWithin(image, Limits{Room: func(uintptr) bool { return true }})
}

// Limits are what a process has for an image.
type Limits struct {
	// Room is asked whether so many bytes can be allocated, before anything is whose
	// size depends on the image. If it says no, the check ends in ErrMemory.
	Room func(bytes uintptr) bool

	// Taken is an address that no section may cover, and What is the name of what is
	// there, for the error. Without What no address is taken.
	Taken uint64
	What  string
}

// CheckWithin is Check within limits.
func CheckWithin(image []byte, limits Limits) error {
	f := file{File: elf.File{Bytes: image}, room: limits.Room}
	if err := f.open(machine.Host); err != nil {
		return err
	}
	if err := f.checkSections(limits.Taken); err != nil {
		return err
	}
	if err := f.checkSegments(); err != nil {
		return err
	}
	if err := f.checkSize(); err != nil {
		return err
	}
	// The sizes in the headers are right, so the contents can be read by them.
	if f.has&(hasDebug|hasRelocations|hasGroups) != 0 && !limits.Room(4*uintptr(len(image))) {
		return ErrMemory
	}
	if err := f.checkContents(); err != nil {
		return err
	}
	if i := f.covering; i != 0 && limits.What != "" {
		h := f.section(i)
		return f.sectionErrorf(i, "sh_addr %#x + sh_size %#x covers %s at %#x", h.Addr, h.Size, limits.What, limits.Taken)
	}
	return nil
}

func (f *file) checkContents() error {
	if f.has&hasSymbols != 0 {
		if err := f.checkSymbolTables(); err != nil {
			return err
		}
	}
	if f.has&hasRelocations != 0 {
		if err := f.checkRelocations(); err != nil {
			return err
		}
	}
	if f.has&hasGroups != 0 {
		if err := f.checkGroups(); err != nil {
			return err
		}
	}
	if f.has&hasOther != 0 {
		if err := f.checkOther(); err != nil {
			return err
		}
	}
	if f.has&hasCompressed != 0 {
		if err := f.checkCompressed(); err != nil {
			return err
		}
	}
	if f.frames != 0 || f.has&hasDebug != 0 {
		if err := f.checkLoaded(); err != nil {
			return err
		}
		f.findRelocations()
	}
	if f.frames != 0 {
		if err := f.checkFrames(); err != nil {
			return err
		}
	}
	if f.has&hasDebug != 0 {
		return f.checkDebug()
	}
	return nil
}
