// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package leaf

import (
	"github.com/libjitdebug/libjitdebug/internal/elf"
	"github.com/libjitdebug/libjitdebug/internal/function"
	"github.com/libjitdebug/libjitdebug/internal/gdbjit"
)

// LookAround notes others' code, which is on the list before the first function is, or
// which a parent process left.
func (s *Set) LookAround() {
	if s.foreign {
		return
	}
	s.foreign = true
	gdbjit.Each(func(e *gdbjit.Entry) {
		if leafOf(e) == nil {
			s.Avoid(e.Bytes())
		}
	})
}

// Mixed says whether the set is to know of others' code: Avoid and Forget.
//
//go:nosplit
func (s *Set) Mixed() bool { return s.foreign }

// Avoid keeps sections of leaves off the code of an image that is not the set's, and
// about to be on the list: debuggers take what lies in a section to be of no other
// image. Without memory it does nothing.
func (s *Set) Avoid(image []byte) {
	if !s.foreign {
		return
	}
	s.begin()
	elf.Code(elf.Sections(image), func(address, size uint64) bool {
		if size != 0 && s.order.reserve(2+2*room/watchedFull) {
			if s.splitAt(address, address+size) {
				s.order.insert(item{low: address, end: address + size})
			}
		}
		return true
	})
}

// splitAt has no leaf reach from below others' code to above it. It returns false if a
// function lies on it, or there is no memory.
func (s *Set) splitAt(from, to uint64) bool {
	if !s.makeRoom(from, to) {
		return false
	}
	at := s.order.find(from)
	l := s.leafAt(at)
	if l == nil || l.end <= from {
		return true
	}
	if l.first >= to {
		s.raise(at, l.first)
		return true
	}
	all := s.merge([]place{at}, nil)
	first := l.find(from) + 1
	var leaves [2]*Leaf
	for i, part := range [][]*function.Record{all[:first], all[first:]} {
		if len(part) == 0 {
			continue
		}
		low := part[0].Address
		if i == 0 {
			low = l.low
		}
		if leaves[i] = newLeaf(part, low, min(room, 2*len(part)), s.alone); leaves[i] == nil {
			if leaves[0] != nil {
				s.garbage.add(leaves[0].address())
			}
			return false
		}
	}
	if leaves[0] == nil {
		leaves[0] = leaves[1]
	} else if leaves[1] != nil {
		leaves[0].next = leaves[1].address()
	}
	s.exchange([]place{at}, leaves[0])
	return true
}

// Forget ends what Avoid did, when the image goes.
func (s *Set) Forget(image []byte) {
	if !s.foreign {
		return
	}
	elf.Code(elf.Sections(image), func(address, size uint64) bool {
		p := s.order.find(address)
		if i := s.order.at(p); i != nil && i.leaf == 0 && i.low == address && i.end == address+size {
			s.order.remove(p)
		}
		return true
	})
}
