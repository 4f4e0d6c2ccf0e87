// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package leaf

import (
	"unsafe"

	"github.com/libjitdebug/libjitdebug/internal/guest"
)

// fanOut is how many items a node has at most.
const fanOut = 256

// An item says whose the addresses are from low on, up to the next item: a leaf's, or
// others', up to end.
type item struct {
	low, end uint64 // end only where others' code is
	leaf     uintptr
}

// A node lies in C memory.
type node struct {
	next  uintptr // of Garbage
	count int
	items [fanOut]item
}

const nodeSize = unsafe.Sizeof(node{})

// An order is items by address: a tree of two levels. The zero order is empty.
type order struct {
	nodes uintptr // an array of branches
	count int
	room  int
	spare uintptr // nodes for the next inserts
	ready int     // how many
}

// A branch is a node, and the lowest address in it, so that a search need not look
// into each.
type branch struct {
	low  uint64
	node uintptr
}

// A place is where an item is in the order; node is -1 in front of the first.
type place struct{ node, index int }

func (o *order) branches() []branch {
	if o.room == 0 {
		return nil
	}
	return unsafe.Slice((*branch)(pointer(o.nodes)), o.room)[:o.count]
}

func (o *order) node(n int) *node { return (*node)(pointer(o.branches()[n].node)) }

// find returns the last item whose low is not above an address.
func (o *order) find(address uint64) place {
	branches := o.branches()
	low, high := 0, len(branches)
	for low < high {
		if middle := int(uint(low+high) / 2); branches[middle].low <= address {
			low = middle + 1
		} else {
			high = middle
		}
	}
	if low == 0 {
		return place{-1, 0}
	}
	n := o.node(low - 1)
	first, end := 0, n.count
	for first < end {
		if middle := int(uint(first+end) / 2); n.items[middle].low <= address {
			first = middle + 1
		} else {
			end = middle
		}
	}
	return place{low - 1, first - 1}
}

// at returns the item of a place, or nil if there is none.
func (o *order) at(p place) *item {
	if p.node < 0 || p.node >= o.count {
		return nil
	}
	return &o.node(p.node).items[p.index]
}

func (o *order) after(p place) place {
	if p.node < 0 {
		return place{0, 0}
	}
	if p.index+1 < o.node(p.node).count {
		return place{p.node, p.index + 1}
	}
	return place{p.node + 1, 0}
}

// reserve makes sure that there is memory for n inserts, or says that there is none.
func (o *order) reserve(n int) bool {
	for need := n/(fanOut/2) + 1; o.ready < need; o.ready++ {
		var memory, none uintptr
		if !guest.Malloc(&memory, nodeSize, &none, 0) {
			return false
		}
		(*node)(pointer(memory)).next = o.spare
		o.spare = memory
	}
	if o.count+o.ready > o.room {
		room := max(16, 2*(o.count+o.ready))
		var memory, none uintptr
		if !guest.Malloc(&memory, uintptr(room)*unsafe.Sizeof(branch{}), &none, 0) {
			return false
		}
		copy(unsafe.Slice((*branch)(pointer(memory)), room), o.branches())
		if o.room != 0 {
			*(*uintptr)(pointer(o.nodes)) = 0 // the end of the chain
			guest.FreeChain(o.nodes)
		}
		o.nodes, o.room = memory, room
	}
	return true
}

// insert adds an item, for which memory is reserved.
func (o *order) insert(i item) {
	p := o.find(i.low)
	switch {
	case o.count == 0:
		o.branch(0)
		p = place{0, -1}
	case p.node < 0:
		p = place{0, -1}
	}
	if n := o.node(p.node); n.count == fanOut {
		o.branch(p.node + 1)
		n, half := o.node(p.node), o.node(p.node+1)
		half.count = copy(half.items[:], n.items[fanOut/2:])
		n.count = fanOut / 2
		o.branches()[p.node+1].low = half.items[0].low
		if p.index >= n.count {
			p = place{p.node + 1, p.index - n.count}
		}
	}
	n := o.node(p.node)
	p.index++
	n.count++
	copy(n.items[p.index+1:n.count], n.items[p.index:])
	n.items[p.index] = i
	o.branches()[p.node].low = n.items[0].low
}

// branch makes room for a node, and takes one of those that are reserved.
func (o *order) branch(at int) {
	memory := o.spare
	n := (*node)(pointer(memory))
	o.spare = n.next
	o.ready--
	n.count = 0
	o.count++
	branches := o.branches()
	copy(branches[at+1:], branches[at:])
	branches[at] = branch{0, memory}
}

// remove takes an item out.
func (o *order) remove(p place) {
	n := o.node(p.node)
	copy(n.items[p.index:], n.items[p.index+1:n.count])
	n.count--
	branches := o.branches()
	if n.count != 0 {
		branches[p.node].low = n.items[0].low
		return
	}
	n.next = o.spare
	o.spare = branches[p.node].node
	o.ready++
	copy(branches[p.node:], branches[p.node+1:])
	o.count--
}

// free gives the memory back. The order is empty then.
func (o *order) free() {
	for _, b := range o.branches() {
		(*node)(pointer(b.node)).next = o.spare
		o.spare = b.node
	}
	guest.FreeChain(o.spare)
	if o.room != 0 {
		*(*uintptr)(pointer(o.nodes)) = 0 // the end of the chain
		guest.FreeChain(o.nodes)
	}
	*o = order{}
}

// lower gives an item a lower address, still above that of the item before.
func (o *order) lower(p place, low uint64) {
	o.at(p).low = low
	if p.index == 0 {
		o.branches()[p.node].low = low
	}
}

// pointer is an address in C memory.
func pointer(address uintptr) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&address)) }
