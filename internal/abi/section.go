// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package abi

import (
	"unsafe"

	"github.com/libjitdebug/libjitdebug/internal/guest"
)

const sectionNameLimit = 64 << 10 // bytes

// ReadObject checks the arguments of jitdebug_register_object, and returns the
// object's bytes.
func ReadObject(address, size, sections, count uintptr, flags uint32) ([]byte, Sections, Flags, error) {
	read, err := readVersioned[Section]("sections", "jitdebug_section", sections, count, firstSection)
	if err != nil {
		return nil, Sections{}, 0, err
	}
	known, err := checkFlags(flags, BORROW|NOWAIT|OPAQUE)
	switch {
	case err != nil:
	case known&BORROW != 0:
		err = refuse("flags: JITDEBUG_BORROW is for images, an object's is a new one")
	case known&OPAQUE != 0:
		err = refuse("flags: JITDEBUG_OPAQUE is for images, an object is read")
	case address == 0:
		err = Pointer("object", address)
	case size == 0:
		err = refuse("size is 0")
	}
	if err != nil {
		return nil, Sections{}, 0, err
	}
	if n := guest.Readable(address, size); n != size {
		return nil, Sections{}, 0, Refuse(E_IMAGE, "object: cannot be read past its first %d of %d bytes", n, size)
	}
	return unsafe.Slice((*byte)(pointer(address)), size), Sections{read}, known, nil
}

// Sections are where a caller has loaded an object's sections.
type Sections struct{ versioned[Section] }

// A GivenSection is a Section that has been read.
type GivenSection struct {
	Index   uint32
	Name    []byte // in the caller's memory
	Address uint64
}

// Len returns how many there are.
func (s *Sections) Len() int { return s.count }

// At reads section i.
func (s *Sections) At(i int) (GivenSection, error) {
	section, problem := s.at(i)
	given := GivenSection{Index: section.Index, Address: uint64(section.Address)}
	if problem == "" && section.Name != 0 {
		if given.Name, problem = readString(section.Name, sectionNameLimit); problem != "" {
			problem = "name " + problem
		}
	}
	if problem != "" {
		return given, refuse("sections[%d]: %s", i, problem)
	}
	return given, nil
}
