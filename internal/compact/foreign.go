package compact

import (
	"github.com/libjitdebug/libjitdebug/internal/elf"
	"github.com/libjitdebug/libjitdebug/internal/gdbjit"
)

// foreign is a range around the code of all images on the list that are not the
// set's. Once known, it only grows.
type foreign struct {
	known    bool
	from, to uint64
}

func (f *foreign) add(address, size uint64) bool {
	if size != 0 {
		f.from, f.to = min(f.from, address), max(f.to, address+size)
	}
	return true
}

func (f *foreign) meets(from, to uint64) bool { return f.from < to && from < f.to }

// Avoid makes room for the code of an image that is not the set's and about to be
// on the list.
func (s *Set) Avoid(i []byte) {
	if s.empty() {
		s.foreign.known = false
		return
	}
	elf.Code(elf.Sections(i), func(address, size uint64) bool {
		if s.foreign.known {
			s.foreign.add(address, size)
		}
		between := func(from, to uint64) bool { return address < to && from < address+size }
		s.divide(func(other *Image) bool { return other.meets(address, address+size) }, between)
		return true
	})
}

// lookAround finds out what is foreign, unless that is known.
func (s *Set) lookAround() {
	if s.foreign.known {
		return
	}
	s.foreign = foreign{true, ^uint64(0), 0}
	gdbjit.Each(func(e *gdbjit.Entry) {
		if !s.owns(e) {
			elf.Code(elf.Sections(e.Bytes()), s.foreign.add)
		}
	})
}

func (s *Set) owns(e *gdbjit.Entry) bool {
	for l := range s.lists {
		for at := s.lists[l].newest; at != 0; at = imageAt(at).next {
			if &imageAt(at).entry == e {
				return true
			}
		}
	}
	return false
}

func (s *Set) empty() bool {
	for l := range s.lists {
		if s.lists[l].newest != 0 {
			return false
		}
	}
	return true
}
