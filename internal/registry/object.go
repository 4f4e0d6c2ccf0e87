package registry

import (
	"bytes"
	"strconv"
	"unsafe"

	"github.com/libjitdebug/libjitdebug/internal/guest"
	"github.com/libjitdebug/libjitdebug/internal/machine"
	"github.com/libjitdebug/libjitdebug/internal/object"
	"github.com/libjitdebug/libjitdebug/internal/symfile"
)

// A place is a jitdebug_section, as of version 1.0.
type place struct {
	size    uint32
	index   uint32
	name    unsafe.Pointer
	address uintptr
}

const (
	placeSize    = unsafe.Sizeof(place{})
	maxPlaceSize = 4096    // of any version
	maxName      = 1 << 16 // of a section
)

// Sections returns the count places of the array in C memory. A later version's
// are larger, and understood as long as what was added is zero.
func Sections(array unsafe.Pointer, count uintptr) ([]object.Placement, error) {
	if array == nil {
		return nil, &Error{Argument, "sections is NULL"}
	}
	if count == 0 {
		return nil, &Error{Argument, "count is 0"}
	}
	if guest.Readable(array, placeSize) != placeSize {
		return nil, &Error{Argument, "sections cannot be read"}
	}
	size := uintptr((*place)(array).size)
	if size < placeSize || size > maxPlaceSize || size%unsafe.Alignof(place{}) != 0 {
		return nil, &Error{Argument, "sections[0]: struct_size is " + decimal(size) +
			", sizeof(jitdebug_section) is " + decimal(placeSize)}
	}
	if count > ^uintptr(0)/size || guest.Readable(array, count*size) != count*size {
		return nil, &Error{Argument, "count is " + decimal(count) + ", but sections is not an array of so many"}
	}
	if !guest.Headroom(count * unsafe.Sizeof(object.Placement{})) {
		return nil, errNoMemory
	}
	placements := make([]object.Placement, count)
	for i := range placements {
		at := unsafe.Add(array, uintptr(i)*size)
		p := (*place)(at)
		if uintptr(p.size) != size {
			return nil, badSection(i, "struct_size is "+decimal(uintptr(p.size))+", that of sections[0] is "+decimal(size))
		}
		for _, b := range unsafe.Slice((*byte)(at), size)[placeSize:] {
			if b != 0 {
				return nil, badSection(i, "struct_size is "+decimal(size)+", and there is something in the struct that this version of the library does not know")
			}
		}
		placements[i] = object.Placement{Index: p.index, Address: uint64(p.address)}
		if p.name != nil {
			name, ok := cString(p.name, maxName)
			if !ok {
				return nil, badSection(i, "name is no string that can be read, or it is too long")
			}
			placements[i].Name = name
		}
	}
	return placements, nil
}

func badSection(i int, text string) error {
	return &Error{Argument, "sections[" + strconv.Itoa(i) + "]: " + text}
}

// cString is a string in C memory without its NUL, if it is shorter than limit.
func cString(at unsafe.Pointer, limit uintptr) ([]byte, bool) {
	const step = 64
	for n := uintptr(0); n < limit; n += step {
		readable := guest.Readable(unsafe.Add(at, n), step)
		if end := bytes.IndexByte(unsafe.Slice((*byte)(unsafe.Add(at, n)), readable), 0); end >= 0 {
			return unsafe.Slice((*byte)(at), n+uintptr(end)), true
		}
		if readable < step {
			break
		}
	}
	return nil, false
}

// RegisterObject makes an image of an object whose sections were loaded as the
// placements say, puts it on the list and returns its handle. memory is as in
// Register, and empty.
func RegisterObject(o Image, sections []object.Placement, flags uint32, memory *Memory) (uintptr, error) {
	if err := checkFlags(flags); err != nil {
		return 0, err
	}
	if flags&Borrow != 0 {
		return 0, &Error{Argument, "flags: JITDEBUG_BORROW is for images, an object's is a new one"}
	}
	if flags&Opaque != 0 {
		return 0, &Error{Argument, "flags: JITDEBUG_OPAQUE is for images, an object is read"}
	}
	if o.Data == nil {
		return 0, &Error{Argument, "object is NULL"}
	}
	if o.Size == 0 {
		return 0, &Error{Argument, "size is 0"}
	}
	if readable := guest.Readable(o.Data, o.Size); readable != o.Size {
		return 0, &Error{BadImage, "object: cannot be read past its first " +
			decimal(readable) + " of " + decimal(o.Size) + " bytes"}
	}
	bytes := unsafe.Slice((*byte)(o.Data), o.Size)
	file, err := symfile.Open(bytes, machine.Host)
	if err != nil {
		return 0, &Error{BadImage, "object: " + err.Error()}
	}
	if !guest.Headroom(2 * o.Size) {
		return 0, errNoMemory
	}
	placed, err := object.Place(file, sections, func(size uint64) []byte {
		if !guest.Malloc(&memory.Entries, 0, &memory.Copies, uintptr(size)) {
			return nil
		}
		return unsafe.Slice((*byte)(memory.copies()), size)
	})
	if err != nil {
		return 0, objectError(err)
	}
	if err := symfile.CheckWithin(placed, limits()); err == symfile.ErrMemory {
		return 0, errNoMemory
	} else if err != nil {
		return 0, &Error{BadImage, "object: the image made of it: " + err.Error()}
	}
	image := [1]Image{{memory.copies(), uintptr(len(placed))}}
	return publish(image[:], flags, memory)
}

func objectError(err error) error {
	known := err.(*object.Error)
	switch known.Kind {
	case object.BadPlacement:
		return &Error{Argument, known.Error()}
	case object.Unsupported:
		return &Error{Unsupported, "object: " + known.Error()}
	case object.OutOfMemory:
		return &Error{OutOfMemory, "object: " + known.Error()}
	}
	return &Error{BadImage, "object: " + known.Error()}
}
