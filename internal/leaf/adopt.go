// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package leaf

import (
	"cmp"
	"iter"
	"slices"

	"github.com/libjitdebug/libjitdebug/internal/gdbjit"
	"github.com/libjitdebug/libjitdebug/internal/guest"
)

// Adopt takes over the leaves that a parent process left on the list, whose entries
// are given, newest first; refs lead to the functions that are registered. A thread
// that was changing a leaf at the moment of the fork is gone. It calls keep with each
// entry that stays on the list, or says false if there is no memory.
func (s *Set) Adopt(entries []*gdbjit.Entry, refs iter.Seq[[]Ref], keep func(*gdbjit.Entry)) bool {
	count := 0
	for some := range refs {
		count += len(some)
	}
	if !guest.Headroom(2 * uintptr(count) * guest.MapKey) {
		return false
	}
	registered, apart := make(map[uint64]bool, count), map[uintptr]bool{}
	for some := range refs {
		for i := range some {
			if some[i].apart != 0 {
				apart[some[i].apart] = true
			} else {
				registered[some[i].address] = true
			}
		}
	}
	// What replaces a leaf is newer than it, and may not be all there.
	for _, e := range slices.Backward(entries) {
		l := leafOf(e)
		if l == nil {
			continue
		}
		if l.owner != 0 {
			if apart[l.address()] {
				if !s.apart.reserve(1) {
					return false
				}
				s.setApart(l)
				keep(e)
			}
			continue
		}
		l.next = 0
		if l.changing != 0 {
			l.reorder()
		}
		if !s.order.reserve(2) {
			return false
		}
		if l.live == 0 || s.taken(l) {
			continue
		}
		s.order.insert(item{low: l.low, leaf: l.address()})
		s.leaves++
		at := s.order.find(l.low)
		if l.changing != 0 {
			first := newLeaf(s.merge([]place{at}, nil), l.low, room, false)
			if first == nil {
				return false
			}
			s.exchange([]place{at}, first)
			l = first
		}
		for n := int(l.live) - 1; n >= 0; n-- {
			if !registered[l.addresses()[n]] {
				l.crossOut(n)
			}
		}
		if l.live == 0 {
			s.order.remove(at)
			s.leaves--
			continue
		}
		keep(&l.entry)
	}
	return true
}

// Reset forgets what was adopted: Adopt can be called again.
func (s *Set) Reset() {
	s.order.free()
	s.apart.free()
	*s = Set{}
}

// reorder finds out which members are not crossed out.
func (l *Leaf) reorder() {
	l.live = 0
	for i := range int(l.members) {
		if !l.member(i).gone {
			l.live++
			l.numbers()[l.live-1] = uint16(i)
		}
	}
	slices.SortFunc(l.numbers(), func(a, b uint16) int {
		return cmp.Compare(l.member(int(a)).address, l.member(int(b)).address)
	})
	for n := range l.addresses() {
		l.addresses()[n] = l.nth(n).address
	}
}

// taken says whether a leaf that is known has some of the leaf's addresses.
func (s *Set) taken(l *Leaf) bool {
	first, end := l.first, l.end
	at := s.order.find(first)
	if other := s.leafAt(at); other != nil && other.end > first {
		return true
	}
	next := s.leafAt(s.order.after(at))
	return next != nil && next.first < end
}

// HasAll says whether all functions are there. If not, it takes out those that are.
func (s *Set) HasAll(refs []Ref) bool {
	for i := range refs {
		if !s.has(&refs[i]) {
			for j := range refs {
				if s.has(&refs[j]) {
					s.remove(refs[j : j+1])
				}
			}
			s.garbage = 0 // what a parent had can be anywhere
			return false
		}
	}
	return true
}

// has says whether a function is there.
func (s *Set) has(ref *Ref) bool {
	if ref.apart != 0 {
		_, found := s.placeApart(ref.address, ref.apart)
		return found
	}
	l := s.leafAt(s.order.find(ref.address))
	if l == nil {
		return false
	}
	n := l.find(ref.address)
	return n >= 0 && l.addresses()[n] == ref.address
}
