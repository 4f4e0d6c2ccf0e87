// Package function keeps functions that have no image: what a caller says of them
// becomes records, of which images are written.
package function

import (
	"bytes"
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

// A Record is a function as the library keeps it: checked, and encoded once for all
// images that will describe it, so that to write one is to copy. It has no pointers and
// lies in C memory, where a forked child finds it.
//
// Behind it lie its name, its file, its call frame instructions and its sequence of the
// line program; behind these, the next record.
type Record struct {
	Address, Size uint64
	Unit          uint32 // equal if ShareUnit; rarely also otherwise
	Line          uint32 // the lowest of its lines, or 0
	bytes         uint32 // of the record, with what lies behind it
	name, file    uint32 // lengths in bytes
	lines, cfi    uint32
	described     bool // has a frame description
	Section       Section
	Encoded       bool // its name is debuginfo.Encoded
	Plain         bool // its name is debuginfo.Plain
	Encodable     bool // its name is debuginfo.Encodable
}

// A Section is where a function is in the image that is being written. It means nothing
// before and afterwards.
type Section struct {
	Index         int32
	Address, Size uint64 // the size only in the section's first function
}

const recordSize = int(unsafe.Sizeof(Record{}))

// alignment is that of a Record.
const alignment = int(unsafe.Alignof(Record{}))

// Size checks the functions and returns how many bytes their records have.
func Size(functions *abi.Functions, m *machine.Machine) (int, error) {
	var c cursor.Cursor
	err := write(&c, functions, m, nil)
	return c.At(), err
}

// Write writes the functions' records into memory, which has Size bytes and the
// alignment of a word, and their addresses into records, one for each. If the caller
// changes a function meanwhile, that is an error, or the record has some of the old and
// some of the new.
func Write(functions *abi.Functions, memory []byte, m *machine.Machine, records []*Record) error {
	c := cursor.On(memory)
	if err := write(&c, functions, m, records); err != nil {
		return err
	}
	if c.At() != len(memory) {
		return abi.Refuse(abi.E_ARGUMENT, "functions: they changed while they were read")
	}
	return nil
}

func write(c *cursor.Cursor, functions *abi.Functions, m *machine.Machine, records []*Record) error {
	var buffer [4096]byte
	for i := range functions.Len() {
		f, err := functions.At(i)
		if err != nil {
			return err
		}
		if len(f.CFI) != 0 {
			if err := cfi.CheckInstructions(f.CFI); err != nil {
				return functions.Wrong(i, f.Name, "cfi: "+err.Error())
			}
		}
		var r Record
		start := c.At()
		r.fill(c, &f, m, buffer[:])
		r.bytes = uint32(c.At() - start)
		if to := c.Written(start, recordSize); to != nil {
			kept := (*Record)(unsafe.Pointer(&to[0]))
			*kept = r
			records[i] = kept
		}
	}
	return nil
}

// fill leaves room for a record, writes what lies behind it, and fills in r with what the
// record is to say. The code is read into buffer, or into one of its own if it is larger.
func (r *Record) fill(c *cursor.Cursor, f *abi.GivenFunction, m *machine.Machine, buffer []byte) {
	c.Skip(recordSize)
	r.Address, r.Size = f.Address, f.Size
	r.name, r.file = uint32(len(f.Name)), uint32(len(f.File))
	c.Bytes(f.Name)
	c.Bytes(f.File)
	r.Encoded = debuginfo.Encoded(f.Name)
	r.Plain = debuginfo.Plain(f.Name)
	r.Encodable = debuginfo.Encodable(f.Name)
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
		r.described = true
	case abi.UNWIND_CFI:
		c.Bytes(f.CFI)
		r.described = true
	}
	r.cfi = uint32(c.At() - start)

	start = c.At()
	if len(f.Lines) != 0 {
		lineprogram.Sequence(c, f.Lines, f.Size, uint64(prologue))
	}
	r.lines = uint32(c.At() - start)
	for _, line := range f.Lines {
		if line.Line != 0 && (r.Line == 0 || line.Line < r.Line) {
			r.Line = line.Line
		}
	}
	c.Align(alignment, 0)
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

// Next returns the record behind this one, if there is one.
func (r *Record) Next() *Record { return (*Record)(unsafe.Add(unsafe.Pointer(r), r.bytes)) }

// Name returns the function's name.
func (r *Record) Name() []byte { return r.part(0, r.name) }

// File returns the path of its source file, empty if there is none.
func (r *Record) File() []byte { return r.part(r.name, r.file) }

// Frame returns its call frame instructions, from the state at the entry, and
// whether it has a frame description at all.
func (r *Record) Frame() (instructions []byte, described bool) {
	return r.part(r.name+r.file, r.cfi), r.described
}

// Lines returns its sequence of the line program without the address in front; empty if
// it has no lines.
func (r *Record) Lines() []byte { return r.part(r.name+r.file+r.cfi, r.lines) }

func (r *Record) part(at, length uint32) []byte {
	return unsafe.Slice((*byte)(unsafe.Add(unsafe.Pointer(r), uintptr(recordSize)+uintptr(at))), length)
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
	return a.Unit == b.Unit && bytes.Equal(a.File(), b.File())
}

// CheckOverlap returns an error if two of the functions of one call overlap. It sorts the
// records, which have to be in the order of the call.
func CheckOverlap(records []*Record) error {
	first := records[0]
	Sort(records)
	for i, r := range records[1:] {
		before := records[i]
		if before.Address+before.Size > r.Address {
			return abi.Refuse(abi.E_ARGUMENT, "%s: address %#x is within %s, %d bytes at %#x",
				named(first, r), r.Address, named(first, before), before.Size, before.Address)
		}
	}
	return nil
}

// Sort puts functions in the order of their addresses.
func Sort(records []*Record) {
	slices.SortFunc(records, func(a, b *Record) int { return cmp.Compare(a.Address, b.Address) })
}

// named is a record in an error's text, by its number among those that begin with first.
func named(first, r *Record) string {
	i := 0
	for other := first; other != r; other = other.Next() {
		i++
	}
	return abi.NamedFunction(i, r.Name())
}
