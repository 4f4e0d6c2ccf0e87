package compact

import (
	"unsafe"

	"github.com/libjitdebug/libjitdebug/internal/elf"
	"github.com/libjitdebug/libjitdebug/internal/function"
	"github.com/libjitdebug/libjitdebug/internal/gdbjit"
	"github.com/libjitdebug/libjitdebug/internal/guest"
	"github.com/libjitdebug/libjitdebug/internal/image"
	"github.com/libjitdebug/libjitdebug/internal/machine"
)

// An Image shows the functions of parts. It lies in C memory; behind it are the
// addresses of its parts, and the bytes that a debugger reads.
type Image struct {
	next, prev uintptr // in its list; of garbage the first word is another's
	list       list
	functions  int
	partCount  int
	start, end uint64 // of its code
	active     bool   // may be on the stack, as of the latest scan
	entry      gdbjit.Entry
}

const (
	imageSize = unsafe.Sizeof(Image{})
	wordSize  = unsafe.Sizeof(uintptr(0))
	alignment = 16
)

func imageAt(address uintptr) *Image { return *(**Image)(unsafe.Pointer(&address)) }

func (i *Image) address() uintptr { return uintptr(unsafe.Pointer(i)) }

// parts are the addresses of its parts.
func (i *Image) parts() []uintptr {
	return unsafe.Slice((*uintptr)(unsafe.Add(unsafe.Pointer(i), imageSize)), i.partCount)
}

// NewImage writes the image of one part, whose records these are, or returns nil
// if there is no memory. It puts them in another order.
func NewImage(p *Part, records []*function.Record) *Image {
	var plan image.Plan
	if sizeOf(len(records)) == full {
		plan = image.New(records, machine.Host, besidePadding)
	} else {
		plan = image.NewPassing(records, machine.Host, besidePadding, exact)
	}
	i := newImage(&plan, len(records), 1)
	if i != nil {
		i.parts()[0] = uintptr(unsafe.Pointer(p))
	}
	return i
}

// besidePadding says whether a gap between two functions of a call may be more
// than what aligns the second to 16 bytes.
func besidePadding(from, to uint64) bool { return to-from >= 16 || to%16 != 0 }

// exact has a section start where its first function does.
func exact(first uint64) uint64 { return first }

// newImage writes an image of functions, those of so many parts, which its caller
// notes. nil if there is no memory.
func newImage(plan *image.Plan, functions, parts int) *Image {
	head := (imageSize + uintptr(parts)*wordSize + alignment - 1) &^ (alignment - 1)
	var memory, none uintptr
	if !guest.Malloc(&memory, head+uintptr(plan.Size()), &none, 0) {
		return nil
	}
	i := imageAt(memory)
	*i = Image{partCount: parts}
	i.write(plan, memory+head, functions)
	return i
}

// write writes the bytes that a debugger reads.
func (i *Image) write(plan *image.Plan, to uintptr, functions int) {
	i.entry.Set(to, uintptr(plan.Size()))
	plan.Write(i.bytes())
	code := i.code()
	i.functions = functions
	last := &code[len(code)-1]
	i.start, i.end = code[0].Addr, last.Addr+last.Size
}

func (i *Image) bytes() []byte { return i.entry.Bytes() }

// code are its sections of code, by address.
func (i *Image) code() []elf.Section64 { return elf.CodeSections(i.bytes()) }

// adopt makes the image the one that shows its parts.
func (i *Image) adopt() {
	for _, at := range i.parts() {
		partAt(at).image = i.address()
	}
}

// meets says whether a section of the image's has a byte of these addresses.
func (i *Image) meets(from, to uint64) bool {
	return from < i.end && i.start < to && image.Meets(i.bytes(), from, to)
}

// hasBreakpoint says whether a debugger may have a breakpoint in its code.
func (i *Image) hasBreakpoint() bool {
	for _, at := range i.parts() {
		if p := partAt(at); p.countTraps() > p.traps {
			return true
		}
	}
	return false
}

// starts says whether a section of the image's starts at an address.
func (i *Image) starts(address uint64) bool { return image.Starts(i.bytes(), address) }

// spans says whether a section of the image's goes on from one function to the
// next.
func (i *Image) spans(from, to uint64) bool { return image.Spans(i.bytes(), from, to) }

// meetsImage says whether the sections of two images have a byte in common.
func (i *Image) meetsImage(other *Image) bool {
	if other.end <= i.start || i.end <= other.start {
		return false
	}
	code := other.code()
	for n := range code {
		if s := &code[n]; i.meets(s.Addr, s.Addr+s.Size) {
			return true
		}
	}
	return false
}

// overlaps says whether a function of the image's lies on one of a part's.
func (i *Image) overlaps(p *Part) bool {
	for _, at := range i.parts() {
		part := partAt(at)
		r := part.first()
		for range part.count {
			if p.meets(r.Address, r.Address+r.Size) {
				return true
			}
			r = r.Next()
		}
	}
	return false
}
