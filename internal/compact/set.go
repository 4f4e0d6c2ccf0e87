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

	// spared is how many images with breakpoints are left out of a merge at most:
	// what looks like one may be part of the code.
	spared = fan / 3

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
	foreign foreign
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
// stack is an address on the calling thread's stack.
func (s *Set) Add(i *Image, stack unsafe.Pointer) Garbage {
	to := s.place(i)
	s.makeRoom(i, to)
	p := partAt(i.parts()[0])
	if gdbjit.Watched() {
		p.traps = p.countTraps()
	}
	gdbjit.Add(&i.entry)
	p.image = i.address()
	s.link(i, to)
	for l := small; l < full; l++ {
		for s.lists[l].count >= fan && s.merge(l, stack) {
		}
	}
	return s.takeGarbage()
}

// Remove takes a part's functions off the list. The part is garbage too.
func (s *Set) Remove(p *Part) Garbage {
	i := imageAt(p.image)
	if i.partCount == 1 {
		s.unlink(i)
		gdbjit.Remove(&i.entry)
		s.garbage.add(i.address())
	} else if !s.rewrite(i, p, p.meets) {
		s.shrink(i, p)
	}
	if p.alone != 0 {
		s.garbage.add(p.alone)
	}
	s.release(p)
	s.garbage.add(uintptr(unsafe.Pointer(p)))
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
	if to != apart {
		s.divide(func(other *Image) bool { return other.meetsImage(i) }, partAt(i.parts()[0]).meets)
	}
}

// divide writes images anew so that no section of theirs has what is between two
// functions.
func (s *Set) divide(images func(*Image) bool, between func(from, to uint64) bool) {
	for l := small; l < apart; l++ {
		var next uintptr
		for at := s.lists[l].newest; at != 0; at = next {
			i := imageAt(at)
			next = i.next
			if images(i) {
				s.rewrite(i, nil, between)
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

// merge makes one of the newest images of a size, as many as do not become too
// large. It returns false if there is no memory, or not two of them.
//
// Left out are those that have a function on the stack: while the user waits for
// its end, debuggers keep pointers to what they know of it. So are some in which a
// debugger has put a breakpoint: lldb waits in this way for a return to a function,
// in vain if its image goes.
func (s *Set) merge(l list, stack unsafe.Pointer) bool {
	var chosen [fan]uintptr
	s.findActive(l, stack)
	n, functions, left := 0, 0, 0
	watched := gdbjit.Watched()
	for at := s.lists[l].newest; at != 0 && n < fan; at = imageAt(at).next {
		if i := imageAt(at); functions+i.functions <= limit && !i.active {
			if watched && left < spared && i.hasBreakpoint() {
				left++
				continue
			}
			chosen[n] = at
			n++
			functions += i.functions
		}
	}
	if n < 2 {
		return false
	}
	return s.replace(chosen[:n], nil, func(from, to uint64) bool { return to-from > reach || s.meets(from, to) })
}

// findActive finds the images of a list of which a function may be on the stack: a
// conservative stack scan, for any word can be a return address.
func (s *Set) findActive(l list, stack unsafe.Pointer) {
	const (
		depth = 256 << 10
		page  = 4096
	)
	var words [page / wordSize]uint64
	start, end := ^uint64(0), uint64(0)
	for at := s.lists[l].newest; at != 0; at = imageAt(at).next {
		i := imageAt(at)
		i.active = false
		start, end = min(start, i.start), max(end, i.end)
	}
	for offset := uintptr(0); offset < depth; {
		// A thread's or a fiber's stack ends somewhere.
		size := page - (uintptr(stack)+offset)%page
		if guest.Read(uintptr(stack)+offset, unsafe.Slice((*byte)(unsafe.Pointer(&words)), size)) != int(size) {
			break
		}
		offset += size
		for _, word := range words[:size/wordSize] {
			if start <= word && word <= end {
				s.markActive(l, word)
			}
		}
	}
}

// markActive marks the images of a list that have an address in a section, or at
// its end, as after a call.
func (s *Set) markActive(l list, address uint64) {
	for at := s.lists[l].newest; at != 0; at = imageAt(at).next {
		if i := imageAt(at); !i.active && i.meets(address-1, address+1) {
			i.active = true
		}
	}
}

// meets says whether a section of an image may have a byte of these addresses.
func (s *Set) meets(from, to uint64) bool {
	if s.foreign.meets(from, to) {
		return true
	}
	for l := small; l < apart; l++ {
		for at := s.lists[l].newest; at != 0; at = imageAt(at).next {
			if imageAt(at).meets(from, to) {
				return true
			}
		}
	}
	return false
}

// rewrite writes an image anew: without one of its parts, and so that no section
// has what is between two functions. It returns false if there is no memory.
func (s *Set) rewrite(i *Image, without *Part, between func(from, to uint64) bool) bool {
	return s.replace([]uintptr{i.address()}, without, func(from, to uint64) bool {
		return !i.spans(from, to) || between(from, to)
	})
}

// replace puts one image on the list in the place of others, without one of their
// parts. It returns false if there is no memory, and has changed nothing.
//
// When an image goes, lldb forgets what is where its sections started, even if by
// then that is another image's. So where a section of the old ones starts none of
// the new one may: it starts a byte earlier. Where that byte is a third image's,
// another one comes in between.
func (s *Set) replace(old []uintptr, without *Part, between func(from, to uint64) bool) bool {
	s.lookAround()
	functions, parts := 0, 0
	for _, at := range old {
		functions += imageAt(at).functions
		parts += imageAt(at).partCount
	}
	if without != nil {
		parts--
	}
	d := draft(s.records[:0])
	if functions > limit {
		var memory, none uintptr
		if !guest.Malloc(&memory, uintptr(functions)*recordSize, &none, 0) {
			return false
		}
		s.garbage.add(memory)
		d = unsafe.Slice((*(*function.Record))(pointer(memory)), functions)[:0]
	}
	for _, at := range old {
		d = d.gather(imageAt(at), without)
		s.unlink(imageAt(at))
	}
	i, via := s.written(d, parts, old, between)
	if i == nil {
		for _, at := range old {
			s.link(imageAt(at), imageAt(at).list)
		}
		return false
	}
	to := i.parts()
	for _, at := range old {
		to = copyParts(to, imageAt(at).parts(), without)
	}
	if via != nil {
		copyParts(via.parts(), i.parts(), nil)
		s.exchange(old, via)
		s.unlink(via)
		old = []uintptr{via.address()}
	}
	s.exchange(old, i)
	return true
}

// written writes the image that is to replace others, and the one that comes in
// between, or nil.
func (s *Set) written(d draft, parts int, old []uintptr, between func(from, to uint64) bool) (i, via *Image) {
	starts := func(address uint64) bool {
		for _, at := range old {
			if imageAt(at).starts(address) {
				return true
			}
		}
		return false
	}
	write := func(start func(first uint64) uint64) *Image {
		plan := image.NewPassing(d, machine.Host, between, start)
		return newImage(&plan, len(d), parts)
	}
	occupied := false
	i = write(func(first uint64) uint64 {
		if !starts(first) {
			return first
		}
		occupied = occupied || starts(first-1) || s.meets(first-1, first)
		return first - 1
	})
	if i == nil || !occupied {
		return i, nil
	}
	// This one's sections start where none of the others' do, if they have a byte
	// or two of a third image's meanwhile.
	via = write(func(first uint64) uint64 {
		for first -= 2; starts(first); first-- {
		}
		return first
	})
	last := write(exact)
	if via == nil || last == nil { // then it has a byte too much
		s.discard(via)
		s.discard(last)
		return i, nil
	}
	s.discard(i)
	return last, via
}

func (s *Set) discard(i *Image) {
	if i != nil {
		s.garbage.add(i.address())
	}
}

// exchange puts an image on the list and takes others off, which are in none of
// the set's lists any more.
func (s *Set) exchange(old []uintptr, i *Image) {
	gdbjit.Add(&i.entry)
	i.adopt()
	s.link(i, sizeOf(i.functions))
	for _, at := range old {
		gdbjit.Remove(&imageAt(at).entry)
		s.garbage.add(at)
	}
}

// copyParts copies the addresses of parts, except for one, and returns the room
// that is left.
func copyParts(to, from []uintptr, without *Part) []uintptr {
	for _, at := range from {
		if at != uintptr(unsafe.Pointer(without)) {
			to[0] = at
			to = to[1:]
		}
	}
	return to
}

// shrink takes a part out of an image where there is no memory for another one:
// then its functions are gone for a moment, but the part's are for good.
func (s *Set) shrink(i *Image, p *Part) {
	d := draft(s.records[:0]).gather(i, p)
	plan := image.NewPassing(d, machine.Host, func(from, to uint64) bool { return !i.spans(from, to) }, exact)
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
