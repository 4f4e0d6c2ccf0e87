// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package leaf

import (
	"cmp"
	"slices"
	"unsafe"

	"github.com/libjitdebug/libjitdebug/internal/function"
	"github.com/libjitdebug/libjitdebug/internal/gdbjit"
	"github.com/libjitdebug/libjitdebug/internal/guest"
)

const (
	// watchedFull is full while a debugger is there, that reads a leaf anew after
	// each change.
	watchedFull = 48
	watchedRoom = 64

	// aloneLimit is up to how many images lldb's time grows with their number: it is
	// shown a leaf a function, of which it hears once.
	aloneLimit = 4096

	// Portion is how many functions can be added at a time: after so many, other
	// threads are to have their turn.
	Portion = 256

	page = 4096
)

// A Set is all functions and their leaves. It is guarded by gdbjit's lock. The zero
// Set is empty.
type Set struct {
	order   order
	leaves  int
	apart   order  // of leaves apart, which may lie on others
	largest uint64 // of functions that were in such a leaf
	foreign bool   // others' code is in the order
	garbage Garbage

	// Of the call that is under way.
	who     gdbjit.Watcher
	watched bool    // by anybody
	alone   bool    // by lldb, below aloneLimit
	stack   uintptr // an address on the calling thread's
}

// A Ref is what leads to a function: its address, and the leaf that it has for itself
// if it lies on another's. It lies in C memory, where it stays.
type Ref struct {
	address uint64
	apart   uintptr
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

// TakeGarbage returns what debuggers have forgotten since it was last called.
func (s *Set) TakeGarbage() Garbage {
	g := s.garbage
	s.garbage = 0
	return g
}

// scratch is room for the functions of leaves that are written anew, and of a call.
var scratch struct {
	records [2 * room]function.Record
	merged  [2*room + Portion]*function.Record
	sorted  [2*room + Portion]*function.Record
	one     function.Record
}

// byUnit returns functions in the order in which units can be written.
func byUnit(functions []*function.Record) []*function.Record {
	for _, r := range functions {
		if r.Unit != functions[0].Unit {
			sorted := append(scratch.sorted[:0], functions...)
			slices.SortFunc(sorted, func(a, b *function.Record) int {
				if a.Unit != b.Unit {
					return cmp.Compare(a.Unit, b.Unit)
				}
				return cmp.Compare(a.Address, b.Address)
			})
			return sorted
		}
	}
	return functions
}

// watching says who watches; a test says it itself.
var watching = gdbjit.Watching

func (s *Set) begin() {
	s.who = watching()
	s.watched = s.who != gdbjit.Nobody
	s.alone = s.who == gdbjit.LLDB && s.leaves < aloneLimit
}

// Add adds a Portion of functions, which are by address and of which no two overlap, and fills in
// what leads to each. stack is an address on the calling thread's stack. It returns
// false if there is no memory, and has added none.
func (s *Set) Add(functions []*function.Record, refs []Ref, stack uintptr) bool {
	s.begin()
	s.stack = stack
	if s.who == gdbjit.LLDB {
		countTraps(functions)
	}
	s.LookAround()
	for done := 0; done < len(functions); {
		n := s.some(functions[done:], refs[done:])
		if n == 0 {
			s.remove(refs[:done])
			return false
		}
		done += n
	}
	return true
}

// some adds the first of some functions, and as many as come into one leaf with it. It
// returns how many, or 0 if there is no memory.
func (s *Set) some(functions []*function.Record, refs []Ref) int {
	if !s.order.reserve(2 + (2*room+Portion)/watchedFull) {
		return 0
	}
	r := functions[0]
	if !s.makeRoom(r.Address, r.Address+r.Size) {
		if !s.addApart(r, &refs[0]) {
			return 0
		}
		return 1
	}
	at := s.order.find(r.Address)
	below := uint64(0) // where others' addresses end
	l := s.leafAt(at)
	next := s.order.at(s.order.after(at))
	if l == nil {
		if others := s.order.at(at); others != nil {
			below = others.end
		}
		// In front of a leaf is room for it to grow into.
		if next != nil && next.leaf != 0 {
			at = s.order.after(at)
			l = leafAt(next.leaf)
			next = s.order.at(s.order.after(at))
		}
	}
	fence := ^uint64(0)
	if next != nil {
		fence = next.low
	}
	n := 1
	for n < len(functions) && functions[n].Address+functions[n].Size <= fence &&
		(l == nil || !l.overlaps(functions[n].Address, functions[n].Address+functions[n].Size)) {
		n++
	}
	functions = functions[:n]
	last := functions[n-1]
	switch {
	case l == nil:
		n = s.write(nil, functions, below, false)
	case s.crowded(l, n) && r.Address >= l.end:
		n = s.write(nil, functions, l.end, true)
	case s.crowded(l, n) && last.Address+last.Size <= l.first:
		if r.Address >= l.low {
			below = l.low
		}
		s.raise(at, l.first)
		n = s.write(nil, functions, below, true)
	default:
		n = s.into(at, functions, below)
	}
	for i := range n {
		refs[i] = Ref{address: functions[i].Address}
	}
	return n
}

// crowded says whether a leaf had better not take n functions more.
func (s *Set) crowded(l *Leaf, n int) bool {
	return s.alone || l.live >= full || s.watched && (int(l.live)+n > watchedRoom || s.inUse(l))
}

// raise gives a leaf a higher address to begin with, at or below its first section.
func (s *Set) raise(at place, low uint64) {
	leafAt(s.order.at(at).leaf).low = low
	s.order.lower(at, low)
}

// into adds functions to a leaf, in place as many as it has room for. If it has none,
// it is written anew with them.
func (s *Set) into(at place, functions []*function.Record, below uint64) int {
	l := s.leafAt(at)
	if low := functions[0].Address; low < l.low {
		l.low = max(low&^(page-1), below)
		if s.alone {
			l.low = low
		}
		s.order.lower(at, l.low)
	}
	n := 0
	if !s.watched || int(l.live)+len(functions) <= watchedRoom {
		for n < len(functions) && l.append(functions[n], s.alone) {
			n++
		}
	}
	if n != 0 {
		s.tell(l)
		return n
	}
	return s.write([]place{at}, functions, l.low, false)
}

// tell tells a debugger that a leaf has changed; and one that has come since the call
// began, which may have read it before it did.
func (s *Set) tell(l *Leaf) {
	if s.watched || gdbjit.Watched() {
		gdbjit.Again(&l.entry)
	}
}

// write writes leaves of functions, together with those of leaves that they are to
// replace, and returns how many functions there were, or 0 if there is no memory. low
// is where addresses begin that are free for them. grows says that more are to come.
func (s *Set) write(old []place, functions []*function.Record, low uint64, grows bool) int {
	all := s.merge(old, functions)
	if len(all) == 0 {
		return 0
	}
	if first := all[0].Address; s.alone || low > first {
		low = first
	} else if old == nil {
		low = max(low, first&^(page-1))
	}
	most := full
	if s.watched && len(functions) <= watchedRoom {
		most = watchedFull
		if len(all) <= watchedRoom {
			most = watchedRoom
		}
	}
	count := (len(all) + most - 1) / most
	each := (len(all) + count - 1) / count
	members := min(room, max(8, 2*each))
	if grows && !s.watched {
		members = growing
	}
	var first, last *Leaf
	for from := 0; from < len(all); from += each {
		some := all[from:min(len(all), from+each)]
		if from != 0 {
			low = some[0].Address
		}
		if s.alone {
			members = len(some)
		}
		l := newLeaf(some, low, members, s.alone)
		if l == nil {
			for ; first != nil; first = s.chained(first) {
				s.garbage.add(first.address())
			}
			return 0
		}
		if first == nil {
			first = l
		} else {
			last.next = l.address()
		}
		last = l
	}
	s.exchange(old, first)
	return max(1, len(functions))
}

func (s *Set) chained(l *Leaf) *Leaf {
	if l.next == 0 {
		return nil
	}
	return leafAt(l.next)
}

// exchange puts leaves on the list, a chain of them, and takes old ones off. A walk
// finds each function at any time.
func (s *Set) exchange(old []place, first *Leaf) {
	var gone [2]*Leaf
	for i := len(old) - 1; i >= 0; i-- {
		gone[i] = s.leafAt(old[i])
		s.order.remove(old[i])
		s.leaves--
		if s.watched {
			gdbjit.Forget(&gone[i].entry)
		}
	}
	for l := first; l != nil; l = s.chained(l) {
		gdbjit.Add(&l.entry)
		s.order.insert(item{low: l.low, leaf: l.address()})
		s.leaves++
	}
	for _, l := range gone[:len(old)] {
		if s.watched {
			gdbjit.Unlink(&l.entry)
		} else {
			gdbjit.Remove(&l.entry)
		}
		s.garbage.add(l.address())
	}
	came := !s.watched && gdbjit.Watched()
	for l := first; l != nil; {
		next := s.chained(l)
		l.next = 0
		if came {
			gdbjit.Again(&l.entry)
		}
		l = next
	}
}

// merge returns the functions of leaves and others, by address.
func (s *Set) merge(old []place, functions []*function.Record) []*function.Record {
	records := scratch.records[:0]
	for _, p := range old {
		l := s.leafAt(p)
		for i := range int(l.live) {
			records = append(records, l.record(i))
		}
	}
	all := scratch.merged[:0]
	for i := range records {
		for len(functions) != 0 && functions[0].Address < records[i].Address {
			all, functions = append(all, functions[0]), functions[1:]
		}
		all = append(all, &records[i])
	}
	return append(all, functions...)
}

// makeRoom makes addresses free for a function or for others' code: no section of a
// leaf has them, but one that begins below them, and no leaf begins between them. It
// returns false if a function or others' code is there, or there is no memory.
func (s *Set) makeRoom(from, to uint64) bool {
	at := s.order.find(from)
	if i := s.order.at(at); i != nil && i.meets(from, to) {
		return false
	}
	for p := s.order.after(at); ; p = s.order.after(p) {
		i := s.order.at(p)
		if i == nil || i.low >= to {
			break
		}
		if i.meets(from, to) {
			return false
		}
	}
	for {
		p := s.order.after(s.order.find(from))
		i := s.order.at(p)
		if i == nil || i.low >= to || i.leaf == 0 {
			return true
		}
		l := leafAt(i.leaf)
		if l.first >= to {
			s.raise(p, l.first)
		} else if s.write([]place{p}, nil, l.addresses()[0], false) == 0 {
			return false
		}
	}
}

// meets says whether the item's functions, or others' code, lie on these addresses.
func (i *item) meets(from, to uint64) bool {
	if i.leaf == 0 {
		return i.low < to && from < i.end
	}
	return leafAt(i.leaf).overlaps(from, to)
}

func (s *Set) leafAt(p place) *Leaf {
	if i := s.order.at(p); i != nil && i.leaf != 0 {
		return leafAt(i.leaf)
	}
	return nil
}

// Remove takes functions out.
func (s *Set) Remove(refs []Ref) {
	s.begin()
	s.remove(refs)
}

func (s *Set) remove(refs []Ref) {
	for len(refs) != 0 {
		if refs[0].apart != 0 {
			s.removeApart(leafAt(refs[0].apart))
			refs = refs[1:]
		} else {
			refs = refs[s.removeSome(refs):]
		}
	}
}

// removeSome takes the first function out, and those behind it that are in the same
// leaf. It returns how many.
func (s *Set) removeSome(refs []Ref) (count int) {
	at := s.order.find(refs[0].address)
	l := s.leafAt(at)
	from, to := ^uint64(0), uint64(0)
	for ; count < len(refs) && refs[count].apart == 0; count++ {
		n := l.find(refs[count].address)
		if n < 0 || l.addresses()[n] != refs[count].address {
			break
		}
		from, to = min(from, l.addresses()[n]), max(to, l.nth(n).end())
		l.crossOut(n)
	}
	switch {
	case l.live == 0:
		s.order.remove(at)
		s.leaves--
		gdbjit.Remove(&l.entry)
		s.garbage.add(l.address())
	case s.watched && !s.alone && l.live > watchedRoom && s.order.reserve(room/watchedFull+1) &&
		s.write([]place{at}, nil, l.low, false) != 0:
	default:
		s.tell(l)
		if !s.watched && l.room > 32 && l.live == l.room/8 {
			s.join(at)
		}
	}
	if s.apart.count != 0 {
		s.release(from, to)
	}
	return count
}

// join makes a leaf with few functions, and the next if it has not many, one.
func (s *Set) join(at place) {
	old := []place{at}
	l := s.leafAt(at)
	if next := s.leafAt(s.order.after(at)); next != nil && l.live+next.live <= room/2 {
		old = append(old, s.order.after(at))
	}
	if s.order.reserve(1) {
		s.write(old, nil, l.low, false)
	}
}

// addApart adds a function that lies on another's, or on others' code, in a leaf of
// its own.
func (s *Set) addApart(r *function.Record, ref *Ref) bool {
	if !s.apart.reserve(1) {
		return false
	}
	one := [1]*function.Record{r}
	l := newLeaf(one[:], r.Address, 1, true)
	if l == nil {
		return false
	}
	*ref = Ref{r.Address, l.address()}
	l.owner = uintptr(unsafe.Pointer(ref))
	s.setApart(l)
	gdbjit.Add(&l.entry)
	return true
}

// setApart puts a leaf among those apart, for which memory is reserved.
func (s *Set) setApart(l *Leaf) {
	s.apart.insert(item{low: l.low, leaf: l.address()})
	s.largest = max(s.largest, l.end-l.first)
}

// placeApart returns where a leaf that begins at an address is among those apart.
func (s *Set) placeApart(low uint64, leaf uintptr) (p place, found bool) {
	for p = s.apart.after(s.apart.find(low - 1)); ; p = s.apart.after(p) {
		i := s.apart.at(p)
		if i == nil || i.low != low || i.leaf == leaf {
			return p, i != nil && i.leaf == leaf
		}
	}
}

func (s *Set) removeApart(l *Leaf) {
	if p, found := s.placeApart(l.low, l.address()); found {
		s.apart.remove(p)
	}
	gdbjit.Remove(&l.entry)
	s.garbage.add(l.address())
}

// release puts into the set those functions that lay on what is gone.
func (s *Set) release(from, to uint64) {
	for p := s.apart.after(s.apart.find(from - min(from, s.largest))); ; {
		i := s.apart.at(p)
		if i == nil || i.low >= to {
			return
		}
		low, l := i.low, leafAt(i.leaf)
		if l.overlaps(from, to) && s.settle(l) {
			p = s.apart.after(s.apart.find(low - 1)) // the order has changed
		} else {
			p = s.apart.after(p)
		}
	}
}

// settle puts the function of a leaf apart into the set, if it lies on none there.
func (s *Set) settle(l *Leaf) bool {
	scratch.one = l.record(0)
	r := &scratch.one
	if !s.order.reserve(1+2*room/watchedFull) || !s.makeRoom(r.Address, r.Address+r.Size) {
		return false
	}
	one, ref := [1]*function.Record{r}, [1]Ref{}
	if s.some(one[:], ref[:]) == 0 {
		return false
	}
	*(*Ref)(pointer(l.owner)) = ref[0]
	s.removeApart(l)
	return true
}

// Each calls visit with each function, until it returns false.
func (s *Set) Each(refs []Ref, visit func(*function.Record) bool) {
	for i := range refs {
		l, n := s.find(&refs[i])
		scratch.one = l.record(n)
		if !visit(&scratch.one) {
			return
		}
	}
}

// find returns where a function is.
func (s *Set) find(ref *Ref) (*Leaf, int) {
	if ref.apart != 0 {
		return leafAt(ref.apart), 0
	}
	l := s.leafAt(s.order.find(ref.address))
	return l, l.find(ref.address)
}
