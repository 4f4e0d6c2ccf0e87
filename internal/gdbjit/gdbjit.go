// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Package gdbjit is the process's side of the GDB JIT interface: the descriptor,
// the list of code entries that hangs from it, and the one lock over both.
//
// A debugger can stop the process between any two instructions and walk the
// list forward from first_entry, so every store that links or unlinks leaves
// the list whole. tests/stopanywhere steps through them and looks.
package gdbjit

// #cgo nocallback notify_watched
// #include "../guest/guest.h"
// #include "descriptor.h"
// static void notify_watched(void) {
//   guest_leave();
//   gdbjit_pair.register_code();
//   guest_return();
// }
import "C"

import (
	"unsafe"

	"github.com/libjitdebug/libjitdebug/internal/executable"
	"github.com/libjitdebug/libjitdebug/internal/guest"
)

// The values of action_flag.
const (
	actionNone       = 0
	actionRegister   = 1
	actionUnregister = 2
)

// Entry is a code entry. It must lie in C memory, zeroed or not, and stay there
// from Add until Remove returns.
//
// Addresses are integers to Go: its collector has no business with C memory.
type Entry struct {
	next, prev uintptr
	symfile    uintptr
	size       uint64
}

type descriptor struct {
	version, action uint32
	relevant, first uintptr
}

// The layouts are those of the C structures, or this does not compile.
var (
	_ [unsafe.Sizeof(Entry{})]byte           = [C.sizeof_struct_jit_code_entry]byte{}
	_ [unsafe.Offsetof(Entry{}.next)]byte    = [unsafe.Offsetof(C.struct_jit_code_entry{}.next_entry)]byte{}
	_ [unsafe.Offsetof(Entry{}.prev)]byte    = [unsafe.Offsetof(C.struct_jit_code_entry{}.prev_entry)]byte{}
	_ [unsafe.Offsetof(Entry{}.symfile)]byte = [unsafe.Offsetof(C.struct_jit_code_entry{}.symfile_addr)]byte{}
	_ [unsafe.Offsetof(Entry{}.size)]byte    = [unsafe.Offsetof(C.struct_jit_code_entry{}.symfile_size)]byte{}

	_ [unsafe.Sizeof(descriptor{})]byte            = [C.sizeof_struct_jit_descriptor]byte{}
	_ [unsafe.Offsetof(descriptor{}.version)]byte  = [unsafe.Offsetof(C.struct_jit_descriptor{}.version)]byte{}
	_ [unsafe.Offsetof(descriptor{}.action)]byte   = [unsafe.Offsetof(C.struct_jit_descriptor{}.action_flag)]byte{}
	_ [unsafe.Offsetof(descriptor{}.relevant)]byte = [unsafe.Offsetof(C.struct_jit_descriptor{}.relevant_entry)]byte{}
	_ [unsafe.Offsetof(descriptor{}.first)]byte    = [unsafe.Offsetof(C.struct_jit_descriptor{}.first_entry)]byte{}
)

// desc is that of the pair in use.
var desc = (*descriptor)(unsafe.Pointer(C.gdbjit_pair.descriptor))

var chosen bool

// Choose decides, once, which pair of symbols debuggers are to read, by what the
// program is. Before the first Add, with the lock held.
func Choose() {
	if !chosen {
		choose()
	}
}

func choose() {
	const name = "__jit_debug_descriptor"
	var own, local C.int
	if executable.Defines(name) {
		own = 1
		if executable.DefinesLocal(C.GoString(C.gdbjit_local), name) {
			local = 1
		}
	}
	C.gdbjit_choose(own, local)
	desc = (*descriptor)(unsafe.Pointer(C.gdbjit_pair.descriptor))
	chosen = true
}

// Adopt goes on with the list that a parent process left, and returns its entries,
// from the first on. A thread that changed it at the moment of the fork is
// gone; the forward walk was right even then, and the rest follows from it. The
// pair, in C, is set already. It says false if there is no memory. With the lock held.
func Adopt() (all []*Entry, ok bool) {
	desc = (*descriptor)(unsafe.Pointer(C.gdbjit_pair.descriptor))
	chosen = C.gdbjit_notice != nil
	desc.action = actionNone
	desc.relevant = 0
	count := 0
	Each(func(*Entry) { count++ })
	if !guest.Headroom(uintptr(count) * unsafe.Sizeof(all[0])) {
		return nil, false
	}
	all = make([]*Entry, 0, count)
	var prev uintptr
	for link := &desc.first; *link != 0; link = &at(link).next {
		all = append(all, at(link))
		at(link).prev = prev
		prev = *link
	}
	return all, true
}

// Set fills an entry that is not on the list with the image it is to show.
func (e *Entry) Set(symfile, size uintptr) {
	*e = Entry{symfile: symfile, size: uint64(size)}
}

// Image returns the address and the size in bytes of the entry's image.
//
//go:nosplit
func (e *Entry) Image() (symfile, size uintptr) {
	return e.symfile, uintptr(e.size)
}

// Bytes returns the entry's image.
func (e *Entry) Bytes() []byte {
	return unsafe.Slice(*(**byte)(unsafe.Pointer(&e.symfile)), e.size)
}

// Hook is where a debugger stops the process: code that claims to lie there makes
// gdb end itself.
func Hook() uint64 { return uint64(uintptr(unsafe.Pointer(C.gdbjit_pair.register_code))) }

// Add puts an entry at the head of the list and tells the debugger.
func Add(e *Entry) {
	this := uintptr(unsafe.Pointer(e))
	e.prev = 0
	e.next = desc.first
	if e.next != 0 {
		at(&e.next).prev = this
	}
	desc.first = this
	tell(actionRegister, this, inGo)
}

// Remove takes an entry off the list and tells the debugger, which looks it up
// by its address: the entry is the caller's again only after that.
func Remove(e *Entry) { remove(e, inGo) }

// RemoveOutside is Remove for a thread that is not in Go.
//
//go:nosplit
func RemoveOutside(e *Entry) { remove(e, outside) }

//go:nosplit
func remove(e *Entry, from place) {
	Unlink(e)
	tell(actionUnregister, uintptr(unsafe.Pointer(e)), from)
}

// Unlink takes an entry off the list that the debugger has forgotten.
//
//go:nosplit
func Unlink(e *Entry) {
	if e.prev != 0 {
		at(&e.prev).next = e.next
	} else {
		desc.first = e.next
	}
	if e.next != 0 {
		at(&e.next).prev = e.prev
	}
}

// Forget has the debugger forget an entry, which stays on the list.
func Forget(e *Entry) { tell(actionUnregister, uintptr(unsafe.Pointer(e)), inGo) }

// Again has the debugger read the image of an entry once more.
func Again(e *Entry) {
	Forget(e)
	tell(actionRegister, uintptr(unsafe.Pointer(e)), inGo)
}

// Each calls visit with each entry on the list. With the lock held.
func Each(visit func(*Entry)) {
	for link := &desc.first; *link != 0; link = &at(link).next {
		visit(at(link))
	}
}

// place is where a thread is that changes the list.
type place bool

const (
	inGo    place = false
	outside place = true
)

// tell keeps to an order in which an action never stands without its entry. A
// debugger may hold the thread for long: it does not keep others from Go then.
//
//go:nosplit
func tell(action uint32, entry uintptr, from place) {
	desc.relevant = entry
	desc.action = action
	if from == inGo && Watched() {
		C.notify_watched()
	} else {
		notify()
	}
	desc.action = actionNone
	desc.relevant = 0
}

// at follows a link into C memory.
//
//go:nosplit
func at(link *uintptr) *Entry {
	return *(**Entry)(unsafe.Pointer(link))
}
