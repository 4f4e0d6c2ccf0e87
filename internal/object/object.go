// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Package object turns an object file, as a compiler wrote it, into an image
// that a debugger reads: with the addresses at which its sections were loaded.
//
// The image is a new file. Sections that were loaded are in it by name, address and
// size, without their bytes, which are in the process. The sections of DWARF are
// decompressed, those of one name are joined as a linker joins them, and their
// relocations are applied, so that no relocations are left. An .eh_frame becomes
// .debug_frame, whose addresses are absolute: so it makes no difference whether the
// .eh_frame was loaded, and how far from the code.
package object

import "github.com/libjitdebug/libjitdebug/internal/elf"

// A Placement says where a section was loaded. With index 0 it is found by name; with
// a name of nil, by index; with both, they have to agree.
type Placement struct {
	Index   uint32
	Name    []byte
	Address uint64
}

// Place makes the image of an object whose sections were loaded as the placements say.
// The object's ELF header has been checked (symfile.Open). allocate returns memory of
// size bytes for the image, or nil. All errors are of type *Error.
//
// The bytes of the object have to be readable. If they change meanwhile, the image is
// wrong, or Place panics.
func Place(object elf.File, placements []Placement, allocate func(size uint64) []byte) ([]byte, error) {
	f := file{File: object}
	if err := f.open(); err != nil {
		return nil, err
	}
	if err := f.plan(placements); err != nil {
		return nil, err
	}
	image := newImage(&f)
	if err := image.layOut(); err != nil {
		return nil, err
	}
	image.bytes = allocate(image.size)
	if image.bytes == nil {
		return nil, &Error{OutOfMemory, "no memory for an image of " + decimal(image.size) + " bytes"}
	}
	if err := image.write(); err != nil {
		return nil, err
	}
	return image.bytes, nil
}
