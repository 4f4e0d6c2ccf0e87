// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package abi

import (
	"strconv"
	"unsafe"
)

// Limits, above which a pointer is rather one to something else.
const (
	nameLimit = 64 << 10 // bytes of a name
	fileLimit = 4096     // bytes of a path, PATH_MAX
	sizeLimit = 1 << 32  // bytes of a function
	cfiLimit  = 1 << 24  // bytes of instructions
	lineLimit = 1<<31 - 1
)

// Functions are what a caller registers without an image.
type Functions struct{ versioned[Function] }

// ReadFunctions checks the arguments of jitdebug_register_functions. The functions
// themselves are checked one by one, see At.
func ReadFunctions(address, count uintptr, flags uint32) (Functions, Flags, error) {
	known, err := checkFlags(flags, BORROW|NOWAIT|OPAQUE)
	if err == nil && known&(BORROW|OPAQUE) != 0 {
		err = refuse("flags: JITDEBUG_BORROW and JITDEBUG_OPAQUE are for images, which the caller has, and here the library writes one")
	}
	if err != nil {
		return Functions{}, 0, err
	}
	read, err := readVersioned[Function]("functions", "jitdebug_function", address, count, firstFunction)
	return Functions{read}, known, err
}

// A GivenFunction is a Function that has been read: all that it refers to is there,
// in the caller's memory, and as the header says.
type GivenFunction struct {
	Unwind        uint32
	Address, Size uint64
	Name, File    []byte
	Lines         []Line
	CFI           []byte
}

// Len returns how many there are.
func (a *Functions) Len() int { return a.count }

// At reads function i.
func (a *Functions) At(i int) (given GivenFunction, err error) {
	f, problem := a.at(i)
	if problem == "" {
		given = GivenFunction{Unwind: f.Unwind, Address: uint64(f.Address), Size: uint64(f.Size)}
		problem = given.read(&f)
	}
	if problem != "" {
		return given, a.Wrong(i, given.Name, problem)
	}
	return given, nil
}

// read reads what a function refers to, or says what is wrong with it.
func (g *GivenFunction) read(f *Function) (problem string) {
	if g.Name, problem = readString(f.Name, nameLimit); problem == "" && len(g.Name) == 0 {
		problem = "is empty"
	}
	if problem != "" {
		return "name " + problem
	}
	if f.Address == 0 {
		return "address is NULL"
	}
	if f.Size == 0 {
		return "size is 0"
	}
	if uint64(f.Size) >= sizeLimit || f.Address+f.Size < f.Address {
		return text("size is %d, from address %#x more than a function can have", f.Size, f.Address)
	}
	if f.File != 0 {
		if g.File, problem = readString(f.File, fileLimit); problem == "" && len(g.File) == 0 {
			problem = "is empty"
		}
		if problem != "" {
			return "file " + problem
		}
	}
	if problem = g.readLines(f); problem == "" {
		problem = g.readCFI(f)
	}
	return problem
}

func (g *GivenFunction) readLines(f *Function) (problem string) {
	if f.LineCount == 0 {
		return ""
	}
	if f.Lines == 0 {
		return text("lines is NULL, and line_count %d", f.LineCount)
	}
	if f.File == 0 {
		return text("file is NULL, and line_count %d: the lines of which file?", f.LineCount)
	}
	lines, ok := array[Line](f.Lines, f.LineCount)
	if !ok {
		return text("line_count is %d, but lines is not an array of so many", f.LineCount)
	}
	last := uint64(0)
	for n := range lines {
		line := &lines[n]
		if line.Offset < last {
			return text("lines[%d].offset is %d, less than the one before it, %d", n, line.Offset, last)
		}
		if line.Offset >= g.Size {
			return text("lines[%d].offset is %d, past the end of the function's %d bytes", n, line.Offset, g.Size)
		}
		if line.Line > lineLimit {
			return text("lines[%d].line is %d, and debuggers count to %d", n, line.Line, lineLimit)
		}
		last = line.Offset
	}
	g.Lines = lines
	return ""
}

func (g *GivenFunction) readCFI(f *Function) (problem string) {
	if f.Unwind > UNWIND_CFI {
		return text("unwind is %d, which is unknown", f.Unwind)
	}
	if f.Unwind != UNWIND_CFI {
		if f.CFI != 0 || f.CFISize != 0 {
			return "cfi is given, and unwind is not JITDEBUG_UNWIND_CFI"
		}
		return ""
	}
	if f.CFISize == 0 {
		return "" // the state at the entry holds to the end
	}
	if f.CFI == 0 {
		return text("cfi is NULL, and cfi_size %d", f.CFISize)
	}
	if f.CFISize > cfiLimit || !readable(f.CFI, f.CFISize) {
		return text("cfi_size is %d, but cfi does not have so many bytes", f.CFISize)
	}
	g.CFI = unsafe.Slice((*byte)(pointer(f.CFI)), f.CFISize)
	return ""
}

// Wrong is an error about function i.
func (a *Functions) Wrong(i int, name []byte, problem string) error {
	return refuse("%s: %s", NamedFunction(i, name), problem)
}

// NamedFunction is function i in an error text, its name quoted where it is known,
// and cut where it is long.
func NamedFunction(i int, name []byte) string {
	at := "functions[" + strconv.Itoa(i) + "]"
	switch {
	case len(name) == 0:
		return at
	case len(name) > 60:
		return at + " " + strconv.Quote(string(name[:60])+"...")
	default:
		return at + " " + strconv.Quote(string(name))
	}
}
