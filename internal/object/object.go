// Package object turns an object file, as a compiler wrote it, into an image
// that a debugger reads: with the addresses at which its sections were loaded.
//
// The image is a new file. What was loaded is there by name, address and size;
// its bytes are in the process. The sections of DWARF are decompressed, those of
// one name are joined as a linker joins them, and their relocations are applied.
// Call frame information becomes .debug_frame, whose addresses are absolute: it
// then serves whether .eh_frame was loaded or not, and at any distance from the
// code. Nothing is left to relocate.
package object

import "github.com/libjitdebug/libjitdebug/internal/elf"

// A Placement says where a section was loaded. Index 0 means the section of this
// name; without a name, nil, the index counts alone.
type Placement struct {
	Index   uint32
	Name    []byte
	Address uint64
}

// Place makes the image of an object, whose ELF header is right, and whose sections
// were loaded as the placements say, in memory that allocate brings: so many bytes, or nil. All
// errors are of type *Error.
//
// The bytes of the object have to be readable. They should not change meanwhile;
// if they do, the image is wrong, or Place panics.
func Place(object elf.File, placements []Placement, allocate func(size uint64) []byte) ([]byte, error) {
	f := file{File: object}
	if err := f.open(); err != nil {
		return nil, err
	}
	if err := f.place(placements); err != nil {
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
