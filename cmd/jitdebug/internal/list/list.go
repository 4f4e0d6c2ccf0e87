// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Package list reads the list of generated code that begins in a descriptor of the GDB JIT
// interface, with bounds: nothing in it need be true.
package list

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/libjitdebug/libjitdebug/cmd/jitdebug/internal/target"
)

var le = binary.LittleEndian

// The sizes of what is read.
const (
	DescriptorSize = 24
	EntrySize      = 32
)

// A List is a descriptor and what is reachable from it.
type List struct {
	Address  uint64
	Version  uint32
	Action   uint32
	Relevant uint64
	First    uint64
	Entries  []Entry
	Faults   []Fault
	Bytes    uint64 // of all images
}

// An Entry is a jit_code_entry.
type Entry struct {
	Address     uint64
	Next, Prev  uint64
	Image, Size uint64 // symfile_addr, symfile_size
	Bytes       []byte // the image; nil if it cannot be read, and the fault says why
}

// A Kind says what is wrong with a list.
type Kind string

const (
	Unreadable Kind = "unreadable"
	Version    Kind = "version"
	Cycle      Kind = "cycle"
	Wild       Kind = "wild pointer"
	Previous   Kind = "prev_entry"
	Action     Kind = "action_flag"
	ImageGone  Kind = "image"
	TooMuch    Kind = "size"
)

// A Fault is one thing that is wrong with a list.
type Fault struct {
	Kind  Kind
	Entry int // its number from 0, or -1: the descriptor's
	Text  string
}

func (l *List) fault(kind Kind, entry int, text string, args ...any) {
	l.Faults = append(l.Faults, Fault{kind, entry, fmt.Sprintf(text, args...)})
}

// faultLimit is how many faults of a list are kept.
const faultLimit = 1000

// Plausible says that an address could be the first entry of a list: it has no entry in
// front, and an ELF file as image.
func Plausible(t *target.Target, address uint64) bool {
	if address == 0 || t.Readable(address, EntrySize) < EntrySize {
		return false
	}
	var b [EntrySize]byte
	if t.Read(b[:], address) != nil {
		return false
	}
	image, size := le.Uint64(b[16:]), le.Uint64(b[24:])
	if le.Uint64(b[8:]) != 0 || size < 64 || t.Readable(image, size) < size {
		return false
	}
	var magic [4]byte
	return t.Read(magic[:], image) == nil && string(magic[:]) == "\x7fELF"
}

// A Budget is how many bytes of images may be read from a target: those of an honest one
// do not overlap, and so are no more than its memory.
type Budget struct{ left uint64 }

// BudgetOf is a target's.
func BudgetOf(t *target.Target) *Budget { return &Budget{t.Memory()} }

// Read reads the list of a descriptor, with the images. It ends where the list does, where
// it is broken, or where it comes back to itself.
func Read(t *target.Target, address uint64, budget *Budget) *List {
	l := &List{Address: address}
	var b [EntrySize]byte
	if err := t.Read(b[:DescriptorSize], address); err != nil {
		l.fault(Unreadable, -1, "the descriptor at %#x cannot be read", address)
		return l
	}
	l.Version, l.Action = le.Uint32(b[:]), le.Uint32(b[4:])
	l.Relevant, l.First = le.Uint64(b[8:]), le.Uint64(b[16:])
	if l.Version != 1 {
		l.fault(Version, -1, "the descriptor's version is %d, and debuggers know 1 only", l.Version)
	}
	if l.Action > 2 {
		l.fault(Action, -1, "action_flag is %d, and 0, 1 and 2 are known", l.Action)
	} else if l.Action != 0 && l.Relevant == 0 {
		l.fault(Action, -1, "action_flag is %d, and relevant_entry is NULL", l.Action)
	}
	seen := map[uint64]int{}
	from := func() string {
		if n := len(l.Entries); n > 0 {
			return fmt.Sprintf("next_entry of entry %d (%#x)", n-1, l.Entries[n-1].Address)
		}
		return "first_entry"
	}
	for at, prev := l.First, uint64(0); at != 0; {
		n := len(l.Entries)
		if back, again := seen[at]; again {
			l.fault(Cycle, n-1, "the list has a cycle: %s is %#x, which is entry %d again", from(), at, back)
			break
		}
		if at%8 != 0 || t.Readable(at, EntrySize) < EntrySize || t.Read(b[:], at) != nil {
			l.fault(Wild, n-1, "%s is %#x, where no entry can be: %s", from(), at, where(t, at))
			break
		}
		seen[at] = n
		e := Entry{Address: at, Next: le.Uint64(b[:]), Prev: le.Uint64(b[8:]), Image: le.Uint64(b[16:]), Size: le.Uint64(b[24:])}
		if e.Prev != prev && len(l.Faults) < faultLimit {
			l.fault(Previous, n, "prev_entry of entry %d (%#x) is %#x, and the entry in front is %#x", n, at, e.Prev, prev)
		}
		l.read(t, &e, n, budget)
		l.Entries = append(l.Entries, e)
		prev, at = at, e.Next
	}
	return l
}

func where(t *target.Target, address uint64) string {
	switch m := t.Mapping(address); {
	case address%8 != 0:
		return "it is not aligned"
	case m == nil:
		return "nothing is mapped there"
	case !m.Read:
		return "it cannot be read"
	}
	return "the memory ends"
}

// read reads an entry's image.
func (l *List) read(t *target.Target, e *Entry, n int, budget *Budget) {
	if len(l.Faults) >= faultLimit {
		return
	}
	readable := t.Readable(e.Image, e.Size)
	switch {
	case e.Size == 0 || e.Image == 0:
		l.fault(ImageGone, n, "entry %d has no image: symfile_addr is %#x, symfile_size %d", n, e.Image, e.Size)
	case readable == 0:
		l.fault(ImageGone, n, "the image of entry %d, at %#x, cannot be read: it was freed without unregistering", n, e.Image)
	case readable < e.Size:
		l.fault(TooMuch, n, "symfile_size of entry %d is %d, and only %d bytes are mapped at %#x", n, e.Size, readable, e.Image)
	case e.Size > budget.left:
		l.fault(TooMuch, n, "entry %d: the images together have more bytes than the process", n)
	default:
		bytes, err := t.Bytes(e.Image, e.Size)
		if err != nil {
			l.fault(ImageGone, n, "the image of entry %d cannot be read: %v", n, err)
			return
		}
		budget.left -= e.Size
		l.Bytes += e.Size
		e.Bytes = bytes
	}
}

// same says that nothing of a list has changed since it was read, as far as its entries show,
// or its images, too.
func (l *List) same(t *target.Target, images bool) bool {
	var b [EntrySize]byte
	if t.Read(b[:DescriptorSize], l.Address) != nil {
		return len(l.Entries) == 0
	}
	if le.Uint32(b[4:]) != l.Action || le.Uint64(b[8:]) != l.Relevant || le.Uint64(b[16:]) != l.First {
		return false
	}
	var image []byte
	for i := range l.Entries {
		e := &l.Entries[i]
		if t.Read(b[:], e.Address) != nil || le.Uint64(b[:]) != e.Next || le.Uint64(b[8:]) != e.Prev ||
			le.Uint64(b[16:]) != e.Image || le.Uint64(b[24:]) != e.Size {
			return false
		}
		if e.Bytes == nil || !images {
			continue
		}
		if uint64(cap(image)) < e.Size {
			image = make([]byte, e.Size)
		}
		if t.Read(image[:e.Size], e.Image) != nil || !bytes.Equal(image[:e.Size], e.Bytes) {
			return false
		}
	}
	return true
}

// quiet says that lists have not changed since they were read. One look is not enough: an
// entry that goes and comes again all the time looks the same now and then.
func quiet(t *target.Target, lists []*List) bool {
	const looks = 6
	for look := range looks {
		for _, l := range lists {
			if !l.same(t, look == 0) {
				return false
			}
		}
		time.Sleep(time.Duration(look) * 100 * time.Microsecond)
	}
	return true
}

// attempts is how often lists are read while the process runs.
const attempts = 3

// ReadAll reads the lists of several descriptors as they were at one moment: twice, and if
// they change meanwhile, again, and then while the process is stopped. whole is false if
// it could not be stopped, and changed every time.
func ReadAll(t *target.Target, descriptors []uint64) (lists []*List, whole bool, err error) {
	read := func() {
		lists = lists[:0]
		budget := BudgetOf(t)
		for _, address := range descriptors {
			lists = append(lists, Read(t, address, budget))
		}
	}
	for range attempts {
		read()
		if !t.Live {
			return lists, true, nil
		}
		if quiet(t, lists) {
			return lists, true, nil
		}
		if err := t.Renew(); err != nil {
			return nil, false, err
		}
	}
	// A stop in the middle of a change can leave what only the forward walk gets right, and
	// is over at the next; what is wrong for good stays.
	for range attempts {
		resume, err := t.Stop()
		if err != nil {
			read()
			return lists, false, nil
		}
		if err = t.Renew(); err == nil {
			read()
		}
		resume()
		if err != nil {
			return nil, false, err
		}
		faults := 0
		for _, l := range lists {
			faults += len(l.Faults)
		}
		if faults == 0 {
			break
		}
	}
	return lists, true, nil
}
