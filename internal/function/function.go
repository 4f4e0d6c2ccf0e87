// Package function reads what a caller says of functions that have no image:
// name, place, lines and frames.
package function

import (
	"strconv"
	"unsafe"

	"github.com/libjitdebug/libjitdebug/internal/guest"
	"github.com/libjitdebug/libjitdebug/internal/lineprogram"
	"github.com/libjitdebug/libjitdebug/internal/symfile/cfi"
)

// What Unwind can be.
const (
	UnwindNone = iota
	UnwindFramePointer
	UnwindCFI
)

// Limits, above which a pointer is rather one to something else.
const (
	nameLimit   = 64 << 10 // bytes of a name
	fileLimit   = 4096     // bytes of a path, PATH_MAX
	sizeLimit   = 1 << 32  // bytes of a function
	cfiLimit    = 1 << 24  // bytes of instructions
	structLimit = 4096     // bytes of a struct jitdebug_function, in whichever version
)

// A Function is what a caller says of one, laid out as jitdebug_function.
type Function struct {
	StructSize uint32
	Unwind     uint32
	Name       unsafe.Pointer
	Address    uintptr
	Size       uintptr
	File       unsafe.Pointer
	Lines      unsafe.Pointer
	LineCount  uintptr
	CFI        unsafe.Pointer
	CFISize    uintptr
}

const structSize = unsafe.Sizeof(Function{})

// An Array is the caller's, in C memory, where the distance between functions is
// their struct_size.
type Array struct {
	first    unsafe.Pointer
	count    int
	distance uintptr
}

// Functions returns the count functions of an array in C memory.
func Functions(array unsafe.Pointer, count uintptr) (Array, error) {
	none := Array{}
	if array == nil {
		return none, argument("functions is NULL")
	}
	if count == 0 {
		return none, argument("count is 0")
	}
	if guest.Readable(array, structSize) != structSize {
		return none, argument("functions cannot be read")
	}
	size := uintptr((*Function)(array).StructSize)
	if size < structSize || size > structLimit || size%unsafe.Alignof(Function{}) != 0 {
		return none, argument("functions[0]: struct_size is " + decimal(size) +
			", jitdebug_function has " + decimal(structSize) + " bytes")
	}
	if count > 1<<31/size || guest.Readable(array, count*size) != count*size {
		return none, argument("count is " + decimal(count) + ", but functions is not an array of so many")
	}
	return Array{array, int(count), size}, nil
}

// Len returns how many functions there are.
func (a Array) Len() int { return a.count }

func (a Array) at(i int) *Function {
	return (*Function)(unsafe.Add(a.first, uintptr(i)*a.distance))
}

// A description is a Function that has been checked, with its arrays.
type description struct {
	unwind        uint32
	address, size uint64
	name, file    []byte
	lines         []lineprogram.Row
	cfi           []byte
}

// describe checks function i.
func (a Array) describe(i int) (description, error) {
	f := *a.at(i)
	d := description{unwind: f.Unwind, address: uint64(f.Address), size: uint64(f.Size)}
	if uintptr(f.StructSize) != a.distance {
		return d, a.wrong(i, nil, "struct_size is "+decimal(uintptr(f.StructSize))+
			", that of functions[0] is "+decimal(a.distance))
	}
	if extra := unsafe.Slice((*byte)(unsafe.Pointer(a.at(i))), a.distance)[structSize:]; !zero(extra) {
		return d, a.wrong(i, nil, "struct_size is "+decimal(a.distance)+
			", and there is more in it than this version of the library knows: it has "+decimal(structSize)+" bytes")
	}
	var problem string
	if d.name, problem = text(f.Name, nameLimit); problem != "" {
		return d, a.wrong(i, nil, "name "+problem)
	}
	if f.Address == 0 {
		return d, a.wrong(i, d.name, "address is NULL")
	}
	if f.Size == 0 {
		return d, a.wrong(i, d.name, "size is 0")
	}
	if uint64(f.Size) >= sizeLimit || f.Address+f.Size < f.Address {
		return d, a.wrong(i, d.name, "size is "+decimal(f.Size)+", from address "+hex(f.Address)+
			" more than a function can have")
	}
	if f.File != nil {
		if d.file, problem = text(f.File, fileLimit); problem != "" {
			return d, a.wrong(i, d.name, "file "+problem)
		}
	}
	var err error
	if d.lines, err = a.rows(i, &f, &d); err != nil {
		return d, err
	}
	if d.cfi, err = a.instructions(i, &f, &d); err != nil {
		return d, err
	}
	return d, nil
}

// rows checks a function's lines.
func (a Array) rows(i int, f *Function, d *description) ([]lineprogram.Row, error) {
	if f.LineCount == 0 {
		return nil, nil
	}
	if f.Lines == nil {
		return nil, a.wrong(i, d.name, "lines is NULL, and line_count "+decimal(f.LineCount))
	}
	if f.File == nil {
		return nil, a.wrong(i, d.name, "file is NULL, and line_count "+decimal(f.LineCount)+": the lines of which file?")
	}
	const rowSize = unsafe.Sizeof(lineprogram.Row{})
	if f.LineCount > 1<<31/rowSize || guest.Readable(f.Lines, f.LineCount*rowSize) != f.LineCount*rowSize {
		return nil, a.wrong(i, d.name, "line_count is "+decimal(f.LineCount)+", but lines is not an array of so many")
	}
	rows := unsafe.Slice((*lineprogram.Row)(f.Lines), f.LineCount)
	last := uint64(0)
	for n := range rows {
		offset := rows[n].Offset
		if offset < last {
			return nil, a.wrong(i, d.name, "lines["+strconv.Itoa(n)+"].offset is "+decimal(uintptr(offset))+
				", less than the one before it, "+decimal(uintptr(last)))
		}
		if offset >= d.size {
			return nil, a.wrong(i, d.name, "lines["+strconv.Itoa(n)+"].offset is "+decimal(uintptr(offset))+
				", past the end of the function's "+decimal(f.Size)+" bytes")
		}
		if rows[n].Line > 1<<31-1 {
			return nil, a.wrong(i, d.name, "lines["+strconv.Itoa(n)+"].line is "+decimal(uintptr(rows[n].Line))+
				", and debuggers count to 2147483647")
		}
		last = offset
	}
	return rows, nil
}

// instructions checks what a function says of its frames.
func (a Array) instructions(i int, f *Function, d *description) ([]byte, error) {
	if f.Unwind > UnwindCFI {
		return nil, a.wrong(i, d.name, "unwind is "+decimal(uintptr(f.Unwind))+", which is unknown")
	}
	if f.Unwind != UnwindCFI {
		if f.CFI != nil || f.CFISize != 0 {
			return nil, a.wrong(i, d.name, "cfi is given, and unwind is not JITDEBUG_UNWIND_CFI")
		}
		return nil, nil
	}
	if f.CFI == nil && f.CFISize != 0 {
		return nil, a.wrong(i, d.name, "cfi is NULL, and cfi_size "+decimal(f.CFISize))
	}
	if f.CFISize == 0 {
		return nil, nil // the state at the entry holds to the end
	}
	if f.CFISize > cfiLimit || guest.Readable(f.CFI, f.CFISize) != f.CFISize {
		return nil, a.wrong(i, d.name, "cfi_size is "+decimal(f.CFISize)+", but cfi does not have so many bytes")
	}
	instructions := unsafe.Slice((*byte)(f.CFI), f.CFISize)
	if err := cfi.CheckInstructions(instructions); err != nil {
		return nil, a.wrong(i, d.name, "cfi: "+err.Error())
	}
	return instructions, nil
}

// code returns the function's code, or nil if it cannot be read.
func (d *description) code() []byte {
	address := uintptr(d.address)
	code := *(*unsafe.Pointer)(unsafe.Pointer(&address))
	if guest.Readable(code, uintptr(d.size)) != uintptr(d.size) {
		return nil
	}
	return unsafe.Slice((*byte)(code), d.size)
}

// text reads a string of C's, of less than limit bytes, or says what is wrong
// with it.
func text(from unsafe.Pointer, limit uintptr) (value []byte, problem string) {
	if from == nil {
		return nil, "is NULL"
	}
	for length := uintptr(0); length < limit; {
		// No further than to the end of a page: behind it may be nothing.
		end := min(limit, length+pageSize-(uintptr(from)+length)%pageSize)
		if guest.Readable(unsafe.Add(from, length), end-length) != end-length {
			return nil, "cannot be read to its end"
		}
		for _, c := range unsafe.Slice((*byte)(unsafe.Add(from, length)), end-length) {
			if c == 0 {
				if length == 0 {
					return nil, "is empty"
				}
				return unsafe.Slice((*byte)(from), length), ""
			}
			length++
		}
	}
	return nil, "has no NUL in its first " + decimal(limit) + " bytes"
}

const pageSize = 4096

func zero(bytes []byte) bool {
	for _, b := range bytes {
		if b != 0 {
			return false
		}
	}
	return true
}
