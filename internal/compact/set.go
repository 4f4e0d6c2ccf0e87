// Package compact keeps functions that were registered a few at a time in few
// images, for many small ones cost a debugger more than quadratic time.
//
// Images of a size are merged, each function a logarithmic number of times, up
// to a limit, which bounds what it costs to take one function out of an image
// again: the image is written without it. What replaces images is on the list
// before they go, so that no name is ever missing.
package compact

import (
	"unsafe"

	"github.com/libjitdebug/libjitdebug/internal/function"
	"github.com/libjitdebug/libjitdebug/internal/gdbjit"
	"github.com/libjitdebug/libjitdebug/internal/guest"
	"github.com/libjitdebug/libjitdebug/internal/image"
	"github.com/libjitdebug/libjitdebug/internal/machine"
)

const (
	// fan is how many images of a size are merged.
	fan = 24

	// limit is how many functions a merged image has at most.
	limit = fan * fan

	// reach is how many bytes between two functions can be in one section with
	// them. A debugger sorts all sections of all images at each change.
	reach = 4096
)

// A list holds images of a size, in functions. From one size to the next is half
// of what merging makes, so that an image stays what it is when functions go.
type list int

const (
	small  list = iota // below fan/2
	medium             // below limit/2
	full               // the rest, which is not merged
	apart              // images of functions that overlap others, which are not merged either
	lists
)

// A Set is all parts and their images. It is guarded by gdbjit's lock. The zero
// Set is empty.
type Set struct {
	lists [lists]struct {
		newest uintptr
		count  int
	}
	garbage Garbage

	// The functions of an image that is being written.
	records [limit]*function.Record
}

// Garbage is C memory that no debugger knows of any more: each block begins with
// the address of the next.
type Garbage uintptr

// Free frees it. It needs no lock.
func (g Garbage) Free() { guest.FreeChain(uintptr(g)) }

func (g *Garbage) add(block uintptr) {
	*(*Garbage)(pointer(block)) = *g
	*g = Garbage(block)
}

func (s *Set) takeGarbage() Garbage {
	g := s.garbage
	s.garbage = 0
	return g
}

// Add puts a part's image on the list, and merges what there are too many of.
func (s *Set) Add(i *Image) Garbage {
	to := s.place(i)
	s.makeRoom(i, to)
	gdbjit.Add(&i.entry)
	partAt(i.parts()[0]).image = i.address()
	s.link(i, to)
	s.settle()
	return s.takeGarbage()
}

// Remove takes a part's functions off the list. The part is garbage too.
func (s *Set) Remove(p *Part) Garbage {
	i := imageAt(p.image)
	if i.partCount == 1 {
		s.unlink(i)
		gdbjit.Remove(&i.entry)
		s.garbage.add(i.address())
	} else if j := s.rewritten(i, p, nil); j != nil {
		s.replace(i, j)
	} else {
		s.shrink(i, p)
	}
	if p.alone != 0 {
		s.garbage.add(p.alone)
	}
	s.release(p)
	s.garbage.add(uintptr(unsafe.Pointer(p)))
	s.settle()
	return s.takeGarbage()
}

// place says which list an image of one part belongs to.
func (s *Set) place(i *Image) list {
	p := partAt(i.parts()[0])
	for l := small; l < apart; l++ {
		for at := s.lists[l].newest; at != 0; at = imageAt(at).next {
			if other := imageAt(at); other != i && other.meetsImage(i) && other.overlaps(p) {
				return apart
			}
		}
	}
	return sizeOf(i.functions)
}

func sizeOf(functions int) list {
	switch {
	case functions < fan/2:
		return small
	case functions < limit/2:
		return medium
	default:
		return full
	}
}

// makeRoom writes anew, with other runs, the images that have the part's
// functions between theirs: lldb takes what lies in a section to be of no other.
func (s *Set) makeRoom(i *Image, to list) {
	if to == apart {
		return
	}
	p := partAt(i.parts()[0])
	for l := small; l < apart; l++ {
		var next uintptr
		for at := s.lists[l].newest; at != 0; at = next {
			other := imageAt(at)
			next = other.next
			if other != i && other.meetsImage(i) {
				if j := s.rewritten(other, nil, p); j != nil {
					s.replace(other, j)
				}
			}
		}
	}
}

// release looks which images no longer overlap others, when a part is gone.
func (s *Set) release(p *Part) {
	var next uintptr
	for at := s.lists[apart].newest; at != 0; at = next {
		i := imageAt(at)
		next = i.next
		if !i.overlaps(p) {
			continue
		}
		if to := s.place(i); to != apart {
			s.makeRoom(i, to)
			s.unlink(i)
			s.link(i, to)
		}
	}
}

// settle merges until there are few images of each size.
func (s *Set) settle() {
	for l := small; l < full; l++ {
		for s.lists[l].count >= fan && s.merge(l) {
		}
	}
}

// merge makes one of the newest images of a size, as many as do not become too
// large. It returns false if there is no memory, and has changed nothing.
func (s *Set) merge(l list) bool {
	var chosen [fan]uintptr
	n, functions, parts := 0, 0, 0
	for at := s.lists[l].newest; at != 0 && n < fan; at = imageAt(at).next {
		if i := imageAt(at); functions+i.functions <= limit {
			chosen[n] = at
			n++
			functions += i.functions
			parts += i.partCount
		}
	}
	for _, at := range chosen[:n] {
		s.unlink(imageAt(at))
	}
	d := draft(s.records[:0])
	for _, at := range chosen[:n] {
		d = d.gather(imageAt(at), nil)
	}
	m := newImage(d, parts, func(from, to uint64) bool { return to-from > reach || s.meets(from, to) })
	if m == nil {
		for _, at := range chosen[:n] {
			s.link(imageAt(at), l)
		}
		return false
	}
	all := m.parts()[:0]
	for _, at := range chosen[:n] {
		all = append(all, imageAt(at).parts()...)
	}
	gdbjit.Add(&m.entry)
	m.adopt()
	s.link(m, sizeOf(m.functions))
	for _, at := range chosen[:n] {
		i := imageAt(at)
		gdbjit.Remove(&i.entry)
		s.garbage.add(i.address())
	}
	return true
}

// meets says whether a section of an image has a byte of these addresses.
func (s *Set) meets(from, to uint64) bool {
	for l := small; l < apart; l++ {
		for at := s.lists[l].newest; at != 0; at = imageAt(at).next {
			if imageAt(at).meets(from, to) {
				return true
			}
		}
	}
	return false
}

// rewritten writes an image anew: without one of its parts, and so that no
// section has a byte of that or of another part. nil if there is no memory.
func (s *Set) rewritten(i *Image, without, around *Part) *Image {
	d := draft(s.records[:0])
	var memory, none uintptr
	if i.functions > limit {
		if !guest.Malloc(&memory, uintptr(i.functions)*recordSize, &none, 0) {
			return nil
		}
		d = unsafe.Slice((*(*function.Record))(pointer(memory)), i.functions)[:0]
	}
	d = d.gather(i, without)
	count := i.partCount
	if without != nil {
		count--
	}
	j := newImage(d, count, func(from, to uint64) bool {
		return !i.spans(from, to) || without != nil && without.meets(from, to) || around != nil && around.meets(from, to)
	})
	if j != nil {
		copyParts(j.parts(), i.parts(), without)
	}
	if memory != 0 {
		s.garbage.add(memory)
	}
	return j
}

// copyParts copies the addresses of parts, except for one.
func copyParts(to, from []uintptr, without *Part) {
	n := 0
	for _, at := range from {
		if at != uintptr(unsafe.Pointer(without)) {
			to[n] = at
			n++
		}
	}
}

// replace puts an image on the list in the place of another.
func (s *Set) replace(i, j *Image) {
	gdbjit.Add(&j.entry)
	j.adopt()
	s.unlink(i)
	s.link(j, sizeOf(j.functions))
	gdbjit.Remove(&i.entry)
	s.garbage.add(i.address())
}

// shrink takes a part out of an image where there is no memory for another one:
// then its functions are gone for a moment, but the part's are for good.
func (s *Set) shrink(i *Image, p *Part) {
	d := draft(s.records[:0]).gather(i, p)
	plan := image.New(d, machine.Host, func(from, to uint64) bool { return !i.spans(from, to) })
	gdbjit.Remove(&i.entry)
	s.unlink(i)
	bytes, _ := i.entry.Image()
	i.write(&plan, bytes, len(d))
	copyParts(i.parts(), i.parts(), p)
	i.partCount--
	s.link(i, sizeOf(i.functions))
	gdbjit.Add(&i.entry)
}

func (s *Set) link(i *Image, l list) {
	first := &s.lists[l]
	i.list, i.prev, i.next = l, 0, first.newest
	if i.next != 0 {
		imageAt(i.next).prev = i.address()
	}
	first.newest = i.address()
	first.count++
}

func (s *Set) unlink(i *Image) {
	first := &s.lists[i.list]
	if i.prev != 0 {
		imageAt(i.prev).next = i.next
	} else {
		first.newest = i.next
	}
	if i.next != 0 {
		imageAt(i.next).prev = i.prev
	}
	first.count--
}
