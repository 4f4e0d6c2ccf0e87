// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package registry

import (
	"unsafe"

	"github.com/libjitdebug/libjitdebug/internal/abi"
	"github.com/libjitdebug/libjitdebug/internal/guest"
	"github.com/libjitdebug/libjitdebug/internal/machine"
	"github.com/libjitdebug/libjitdebug/internal/object"
	"github.com/libjitdebug/libjitdebug/internal/symfile"
)

// RegisterObject makes an image of an object whose sections were loaded as the
// caller says, puts it on the list and returns its handle. memory is as in
// Register, and empty.
func RegisterObject(bytes []byte, sections abi.Sections, flags abi.Flags, memory *Memory) (uintptr, error) {
	placements, err := placements(sections)
	if err != nil {
		return 0, err
	}
	file, err := symfile.Open(bytes, machine.Host)
	if err != nil {
		return 0, badObject(abi.E_IMAGE, err)
	}
	if !guest.Headroom(2 * uintptr(len(bytes))) {
		return 0, errNoMemory
	}
	placed, err := object.Place(file, placements, func(size uint64) []byte {
		if !guest.Malloc(&memory.Entries, 0, &memory.Copies, uintptr(size)) {
			return nil
		}
		return unsafe.Slice((*byte)(pointer(memory.Copies)), size)
	})
	if err != nil {
		return 0, objectError(err)
	}
	if err := symfile.CheckWithin(placed, limits()); err == symfile.ErrMemory {
		return 0, errNoMemory
	} else if err != nil {
		return 0, abi.Refuse(abi.E_IMAGE, "object: the image made of it: %s", err)
	}
	return publish(abi.Images{{Data: memory.Copies, Size: uintptr(len(placed))}}, flags, memory, false)
}

// placements reads where the sections were loaded.
func placements(sections abi.Sections) ([]object.Placement, error) {
	if !guest.Headroom(uintptr(sections.Len()) * unsafe.Sizeof(object.Placement{})) {
		return nil, errNoMemory
	}
	all := make([]object.Placement, sections.Len())
	for i := range all {
		section, err := sections.At(i)
		if err != nil {
			return nil, err
		}
		all[i] = object.Placement(section)
	}
	return all, nil
}

func objectError(err error) error {
	known := err.(*object.Error)
	switch known.Kind {
	case object.BadPlacement:
		return abi.Refuse(abi.E_ARGUMENT, "%s", err)
	case object.Unsupported:
		return badObject(abi.E_UNSUPPORTED, err)
	case object.OutOfMemory:
		return badObject(abi.E_MEMORY, err)
	}
	return badObject(abi.E_IMAGE, err)
}

func badObject(status abi.Status, err error) error { return abi.Refuse(status, "object: %s", err) }
