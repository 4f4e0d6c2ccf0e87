// Package symfile says whether a debugger can read a symbol file: an ELF image
// in memory, as it is handed over through the GDB JIT interface.
//
// What a debugger does not choke on is accepted, however odd. What makes gdb
// print an error, abort a command, or what makes lldb read far past the image
// is refused, with a sentence that names the field and its value.
package symfile

import (
	"github.com/libjitdebug/libjitdebug/internal/elf"
	"github.com/libjitdebug/libjitdebug/internal/machine"
)

// Open judges no more than the ELF header of an image, or of an object file that an
// image is made of, for a process on a machine.
func Open(image []byte, m *machine.Machine) (elf.File, error) {
	f := file{File: elf.File{Bytes: image}}
	err := f.open(m)
	return f.File, err
}

// Check says whether a debugger can read image, an ELF file as it lies in
// memory: nil, or an error whose text is one sentence that names the field and
// the value that are wrong.
//
// The bytes have to be readable. They may change meanwhile: the answer is then
// about some mixture of old and new, and nothing worse happens. The time that a
// check takes follows from what the headers describe, not from len(image), and
// an image without debug information, or with call frame information alone, is
// checked without allocating, unless that has to be relocated.
func Check(image []byte) error {
	return CheckWithin(image, Limits{Room: func(uintptr) bool { return true }})
}

// Limits are what a process has for an image.
type Limits struct {
	// Room is asked for room, in bytes, before anything is allocated that grows
	// with the image: where there is none the check ends in ErrMemory.
	Room func(bytes uintptr) bool

	// Taken is the address of something else, over which no section may be
	// loaded, and What says what it is. Without What there is none.
	Taken uint64
	What  string
}

// CheckWithin is Check within limits.
func CheckWithin(image []byte, limits Limits) error {
	f := file{File: elf.File{Bytes: image}}
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
	// Contents come next: a lying size has been found out by now, before it leads
	// anywhere.
	if f.has&(hasDebug|hasRelocations|hasGroups) != 0 && !limits.Room(2*uintptr(len(image))) {
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
