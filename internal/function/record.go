// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Package function keeps functions that have no image: what a caller says of them
// becomes records, of which images are written.
package function

import (
	"cmp"
	"slices"
	"unsafe"

	"github.com/libjitdebug/libjitdebug/internal/abi"
	"github.com/libjitdebug/libjitdebug/internal/cursor"
	"github.com/libjitdebug/libjitdebug/internal/debuginfo"
	"github.com/libjitdebug/libjitdebug/internal/frame"
	"github.com/libjitdebug/libjitdebug/internal/guest"
	"github.com/libjitdebug/libjitdebug/internal/lineprogram"
	"github.com/libjitdebug/libjitdebug/internal/machine"
	"github.com/libjitdebug/libjitdebug/internal/symfile/cfi"
)

// A Record is a function, checked and encoded, so that to write it into an image is to
// copy. It has no pointers to Go's memory, and may lie in C memory, as does what it refers
// to.
type Record struct {
	Address, Size uint64
	Unit          uint32 // equal if ShareUnit; rarely also otherwise
	Line          uint32 // the lowest of its lines, or 0
	Name          Text
	File          Text   // the path of its source file, empty if there is none
	Lines         Text   // its sequence of the line program without the address in front
	Frame         Text   // its call frame instructions, from the state at the entry
	Described     bool   // has a frame description at all
	Traps         uint32 // breakpoint instructions in its code when it was registered; 0 if not counted
	debuginfo.Kind
	Section Section
}

// A Section is where a function is in the image that is being written. It means nothing
// before and afterwards.
type Section struct {
	Index         int32
	Address, Size uint64 // the size only in the section's first function
}

// A Text is bytes in C memory. The address is an integer to Go, whose collector
// has no business there.
type Text struct {
	at     uintptr
	Length uint32
}

// TextOf returns the Text of bytes in C memory.
func TextOf(b []byte) Text { return Text{uintptr(unsafe.Pointer(unsafe.SliceData(b))), uint32(len(b))} }

// Bytes returns the bytes.
func (t Text) Bytes() []byte {
	return unsafe.Slice((*byte)(*(*unsafe.Pointer)(unsafe.Pointer(&t.at))), t.Length)
}

// Encode checks the functions and makes a record of each. The records refer to the
// functions' own strings, and to what is encoded into memory. Encode returns how many
// bytes that takes: if memory has fewer, call it again with as many. If the caller changes
// a function meanwhile, that is an error, or the record has some of the old and some of
// the new.
func Encode(functions *abi.Functions, memory []byte, m *machine.Machine, records []Record) (size int, err error) {
	c := cursor.On(memory)
	var buffer [4096]byte
	for i := range records {
		f, err := functions.At(i)
		if err != nil {
			return 0, err
		}
		if len(f.CFI) != 0 {
			if err := cfi.CheckInstructions(f.CFI); err != nil {
				return 0, functions.Wrong(i, f.Name, "cfi: "+err.Error())
			}
		}
		records[i].fill(&c, &f, m, buffer[:])
	}
	return c.At(), nil
}

// fill fills in a record, and encodes what it refers to. The code is read into buffer, or
// into one of its own if it is larger.
func (r *Record) fill(c *cursor.Cursor, f *abi.GivenFunction, m *machine.Machine, buffer []byte) {
	*r = Record{Address: f.Address, Size: f.Size, Name: TextOf(f.Name), File: TextOf(f.File), Kind: debuginfo.KindOf(f.Name)}
	r.Unit = hash(f.File) << 1
	if r.Encoded {
		r.Unit++
	}

	// The lines say where the prologue ends, which is found out when the call frame
	// instructions are written; so these come first.
	start, prologue := c.At(), 0
	switch f.Unwind {
	case abi.UNWIND_FRAME_POINTER:
		prologue = frame.Pointer(c, m, code(f, buffer))
		r.Described = true
	case abi.UNWIND_CFI:
		c.Bytes(f.CFI)
		r.Described = true
	}
	r.Frame = TextOf(c.Written(start, c.At()-start))

	start = c.At()
	if len(f.Lines) != 0 {
		lineprogram.Sequence(c, f.Lines, f.Size, uint64(prologue))
	}
	r.Lines = TextOf(c.Written(start, c.At()-start))
	for _, line := range f.Lines {
		if line.Line != 0 && (r.Line == 0 || line.Line < r.Line) {
			r.Line = line.Line
		}
	}
}

// code returns the function's code, or nil if it cannot be read, as it need not be.
func code(f *abi.GivenFunction, buffer []byte) []byte {
	size := uintptr(f.Size)
	if size > uintptr(len(buffer)) {
		if !guest.Headroom(size) {
			return nil
		}
		buffer = make([]byte, size)
	}
	if guest.Read(uintptr(f.Address), buffer[:size]) != int(size) {
		return nil
	}
	return buffer[:size]
}

// hash is FNV-1a.
func hash(bytes []byte) uint32 {
	h := uint32(2166136261)
	for _, b := range bytes {
		h = (h ^ uint32(b)) * 16777619
	}
	return h
}

// ShareUnit says whether two functions can be in one unit of debug information: they are
// from one source file, and both of their names are Encoded, or neither.
func ShareUnit(a, b *Record) bool {
	return a.Unit == b.Unit && string(a.File.Bytes()) == string(b.File.Bytes())
}

// CheckOverlap returns an error if two of the functions of one call overlap. all are
// their records; it fills order with the addresses of these, in the order of the
// functions' addresses.
func CheckOverlap(all []Record, order []*Record) error {
	for i := range all {
		order[i] = &all[i]
	}
	if len(order) > 1 {
		Sort(order)
	}
	for i, r := range order[1:] {
		before := order[i]
		if before.Address+before.Size > r.Address {
			return abi.Refuse(abi.E_ARGUMENT, "%s: address %#x is within %s, %d bytes at %#x",
				named(all, r), r.Address, named(all, before), before.Size, before.Address)
		}
	}
	return nil
}

// Sort puts functions in the order of their addresses.
func Sort(records []*Record) {
	slices.SortFunc(records, func(a, b *Record) int { return cmp.Compare(a.Address, b.Address) })
}

// named is a record in an error's text, by its number among all.
func named(all []Record, r *Record) string {
	i := (uintptr(unsafe.Pointer(r)) - uintptr(unsafe.Pointer(&all[0]))) / unsafe.Sizeof(*r)
	return abi.NamedFunction(int(i), r.Name.Bytes())
}
