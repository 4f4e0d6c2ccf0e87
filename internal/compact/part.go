package compact

import (
	"unsafe"

	"github.com/libjitdebug/libjitdebug/internal/function"
	"github.com/libjitdebug/libjitdebug/internal/guest"
	"github.com/libjitdebug/libjitdebug/internal/image"
	"github.com/libjitdebug/libjitdebug/internal/machine"
)

// A Part is what one call registered. It lies in C memory, the records of its
// functions behind it. Addresses are integers to Go: its collector has no
// business with C memory.
type Part struct {
	_     uintptr // the next block of Garbage, once this is garbage
	image uintptr // the Image that shows it
	alone uintptr // the copyOf that the caller has asked for, or 0
	count int     // of functions
	traps int     // in its code, before a debugger was told of it
}

// PartSize is what a part has in front of its records.
const PartSize = unsafe.Sizeof(Part{})

// NewPart makes the start of C memory a part. The records of count functions are
// behind it already.
func NewPart(memory unsafe.Pointer, count int) *Part {
	p := (*Part)(memory)
	*p = Part{count: count}
	return p
}

func partAt(address uintptr) *Part { return *(**Part)(unsafe.Pointer(&address)) }

func (p *Part) first() *function.Record {
	return (*function.Record)(unsafe.Add(unsafe.Pointer(p), PartSize))
}

// records appends the part's records.
func (p *Part) records(to []*function.Record) []*function.Record {
	r := p.first()
	for range p.count {
		to = append(to, r)
		r = r.Next()
	}
	return to
}

// meets says whether a function of the part's has a byte of these addresses.
func (p *Part) meets(from, to uint64) bool {
	r := p.first()
	for range p.count {
		if r.Address < to && from < r.Address+r.Size {
			return true
		}
		r = r.Next()
	}
	return false
}

// countTraps counts what looks like a debugger's breakpoints in its code.
func (p *Part) countTraps() (count int) {
	p.Code(func(address, size uint64) bool {
		count += guest.Count(address, size, machine.Host.Trap)
		return true
	})
	return count
}

// Code calls visit with the address and the size in bytes of each function, until
// it returns false.
func (p *Part) Code(visit func(address, size uint64) bool) {
	r := p.first()
	for range p.count {
		if !visit(r.Address, r.Size) {
			return
		}
		r = r.Next()
	}
}

// A copyOf is an image of a part alone. Its bytes follow.
type copyOf struct {
	_    uintptr // the next one of Garbage
	size uintptr
}

// Alone returns the image of a part alone, which is good until it is removed, or
// nil if there is no memory. Debuggers need not be shown this one.
func (s *Set) Alone(p *Part) (bytes unsafe.Pointer, size uintptr) {
	if p.alone == 0 {
		s.writeAlone(p)
	}
	if p.alone == 0 {
		return nil, 0
	}
	c := (*copyOf)(pointer(p.alone))
	return unsafe.Add(unsafe.Pointer(c), unsafe.Sizeof(*c)), c.size
}

func (s *Set) writeAlone(p *Part) {
	var memory, none uintptr
	if !guest.Malloc(&memory, uintptr(p.count)*recordSize, &none, 0) {
		return
	}
	d := unsafe.Slice((*(*function.Record))(pointer(memory)), p.count)
	plan := image.NewAlone(p.records(d[:0]), machine.Host, besidePadding)
	size := uintptr(plan.Size())
	if guest.Malloc(&p.alone, unsafe.Sizeof(copyOf{})+size, &none, 0) {
		c := (*copyOf)(pointer(p.alone))
		c.size = size
		plan.Write(unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(c), unsafe.Sizeof(*c))), size))
	}
	var g Garbage
	g.add(memory)
	g.Free()
}

// pointer is an address in C memory.
func pointer(address uintptr) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&address)) }
