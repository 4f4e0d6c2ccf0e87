// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package leaf

import (
	"unsafe"

	"github.com/libjitdebug/libjitdebug/internal/function"
	"github.com/libjitdebug/libjitdebug/internal/gdbjit"
	"github.com/libjitdebug/libjitdebug/internal/guest"
	"github.com/libjitdebug/libjitdebug/internal/machine"
)

// stackDepth is how many bytes of a stack are looked at.
const stackDepth = 256 << 10

// inUse says whether a debugger may wait for a function of the leaf's to end, or for
// the return to it (finish, a step over a call), in vain if it had to read the leaf
// anew. Such a function is on the calling thread's stack, most often; and lldb has a
// breakpoint in it.
func (s *Set) inUse(l *Leaf) bool {
	return l.onStack(s.stack) || s.who == gdbjit.LLDB && l.hasBreakpoint()
}

// onStack is a conservative stack scan: any word can be a return address.
func (l *Leaf) onStack(stack uintptr) bool {
	var words [page / unsafe.Sizeof(uint64(0))]uint64
	for at := stack; at < stack+stackDepth; {
		// A thread's or a fiber's stack ends somewhere.
		size := page - at%page
		if guest.Read(at, unsafe.Slice((*byte)(unsafe.Pointer(&words)), size)) != int(size) {
			return false
		}
		for _, word := range words[:size/unsafe.Sizeof(words[0])] {
			if l.first < word && word < l.end && l.returnsTo(word) {
				return true
			}
		}
		at += size
	}
	return false
}

// returnsTo says whether a call in one of the leaf's functions may return to an address.
func (l *Leaf) returnsTo(address uint64) bool {
	n := l.find(address - 1)
	return n >= 0 && address < l.nth(n).end()
}

// hasBreakpoint says whether the code of a function has more of a breakpoint's
// instructions than when a debugger was first told of it.
func (l *Leaf) hasBreakpoint() bool {
	for n := range int(l.live) {
		m := l.nth(n)
		if guest.Count(m.address, m.size, machine.Host.Trap) > int(m.traps) {
			return true
		}
	}
	return false
}

// countTraps notes how many of a breakpoint's instructions functions have themselves.
func countTraps(functions []*function.Record) {
	for _, r := range functions {
		r.Traps = uint32(guest.Count(r.Address, r.Size, machine.Host.Trap))
	}
}
