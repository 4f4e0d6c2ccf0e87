// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package registry

import (
	"unsafe"

	"github.com/libjitdebug/libjitdebug/internal/abi"
	"github.com/libjitdebug/libjitdebug/internal/elf"
)

// notAlloc stands in a section's flags in place of SHF_ALLOC. It is one of the bits that
// are an operating system's, and of no meaning on Linux: debuggers pass over it.
const notAlloc = 1 << 27

// lower takes SHF_ALLOC from sections of copies that are at address 0 in an image that
// has others, at the addresses at which they were loaded. Some compilers leave it
// there. To gdb all of these sections lie on each other, and each event takes it longer
// by the square of their number. It says whether there were any.
//
// A section with code keeps it: gdb does not survive symbols in one that is not loaded.
func lower(images abi.Images, copies uintptr) (lowered bool) {
	all := func(visit func(sections []elf.Section64)) {
		at := copies
		for _, image := range images {
			visit(elf.Sections(unsafe.Slice((*byte)(pointer(at)), image.Size)))
			at += alignedEnd(0, image.Size)
		}
	}
	taken := false // by the images themselves
	all(func(sections []elf.Section64) {
		for i := range sections {
			taken = taken || sections[i].Flags&notAlloc != 0
		}
	})
	if taken {
		return false
	}
	all(func(sections []elf.Section64) {
		placed := false
		for i := range sections {
			placed = placed || sections[i].Flags&elf.SHF_ALLOC != 0 && sections[i].Addr != 0
		}
		for i := range sections {
			const code = elf.SHF_ALLOC | elf.SHF_EXECINSTR
			if s := &sections[i]; placed && s.Addr == 0 && s.Flags&code == elf.SHF_ALLOC {
				s.Flags ^= elf.SHF_ALLOC | notAlloc
				lowered = true
			}
		}
	})
	return lowered
}

// raise undoes what lower did to an image, which may be on the list: a store counts for
// itself.
func raise(image []byte) {
	sections := elf.Sections(image)
	for i := range sections {
		if s := &sections[i]; s.Flags&notAlloc != 0 {
			s.Flags ^= elf.SHF_ALLOC | notAlloc
		}
	}
}
