// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Package abi is include/jitdebug.h in Go: its structures, flags and statuses,
// which stand in no other package, and the reading of what a caller passes. What
// the header does not allow is refused here.
//
// A caller's address can be anything, so it is an integer, and becomes a pointer
// once the memory there was found to be readable.
package abi

// #include "../../include/jitdebug.h"
import "C"

import "unsafe"

// An Image is a jitdebug_image.
type Image struct {
	Data uintptr
	Size uintptr
}

// A Section is a jitdebug_section.
type Section struct {
	StructSize uint32
	Index      uint32
	Name       uintptr
	Address    uintptr
}

// A Line is a jitdebug_line.
type Line struct {
	Offset uint64 // from the function's address
	Line   uint32 // 0 for code that comes from none
	Column uint32 // 0 for the whole line
}

// A Function is a jitdebug_function.
type Function struct {
	StructSize uint32
	Unwind     uint32
	Name       uintptr
	Address    uintptr
	Size       uintptr
	File       uintptr
	Lines      uintptr
	LineCount  uintptr
	CFI        uintptr
	CFISize    uintptr
}

// The sizes of the first versions of the structures that begin with struct_size,
// which callers of any later library may still pass.
const (
	firstSection  = unsafe.Offsetof(Section{}.Address) + unsafe.Sizeof(Section{}.Address)
	firstFunction = unsafe.Offsetof(Function{}.CFISize) + unsafe.Sizeof(Function{}.CFISize)
)

// The layouts are those of the header, or this does not compile.
var (
	_ [unsafe.Sizeof(Image{})]byte        = [C.sizeof_jitdebug_image]byte{}
	_ [unsafe.Offsetof(Image{}.Data)]byte = [unsafe.Offsetof(C.jitdebug_image{}.data)]byte{}
	_ [unsafe.Offsetof(Image{}.Size)]byte = [unsafe.Offsetof(C.jitdebug_image{}.size)]byte{}

	_ [unsafe.Sizeof(Section{})]byte              = [C.sizeof_jitdebug_section]byte{}
	_ [unsafe.Offsetof(Section{}.StructSize)]byte = [unsafe.Offsetof(C.jitdebug_section{}.struct_size)]byte{}
	_ [unsafe.Offsetof(Section{}.Index)]byte      = [unsafe.Offsetof(C.jitdebug_section{}.index)]byte{}
	_ [unsafe.Offsetof(Section{}.Name)]byte       = [unsafe.Offsetof(C.jitdebug_section{}.name)]byte{}
	_ [unsafe.Offsetof(Section{}.Address)]byte    = [unsafe.Offsetof(C.jitdebug_section{}.address)]byte{}

	_ [unsafe.Sizeof(Line{})]byte          = [C.sizeof_jitdebug_line]byte{}
	_ [unsafe.Offsetof(Line{}.Offset)]byte = [unsafe.Offsetof(C.jitdebug_line{}.offset)]byte{}
	_ [unsafe.Offsetof(Line{}.Line)]byte   = [unsafe.Offsetof(C.jitdebug_line{}.line)]byte{}
	_ [unsafe.Offsetof(Line{}.Column)]byte = [unsafe.Offsetof(C.jitdebug_line{}.column)]byte{}

	_ [unsafe.Sizeof(Function{})]byte              = [C.sizeof_jitdebug_function]byte{}
	_ [unsafe.Offsetof(Function{}.StructSize)]byte = [unsafe.Offsetof(C.jitdebug_function{}.struct_size)]byte{}
	_ [unsafe.Offsetof(Function{}.Unwind)]byte     = [unsafe.Offsetof(C.jitdebug_function{}.unwind)]byte{}
	_ [unsafe.Offsetof(Function{}.Name)]byte       = [unsafe.Offsetof(C.jitdebug_function{}.name)]byte{}
	_ [unsafe.Offsetof(Function{}.Address)]byte    = [unsafe.Offsetof(C.jitdebug_function{}.address)]byte{}
	_ [unsafe.Offsetof(Function{}.Size)]byte       = [unsafe.Offsetof(C.jitdebug_function{}.size)]byte{}
	_ [unsafe.Offsetof(Function{}.File)]byte       = [unsafe.Offsetof(C.jitdebug_function{}.file)]byte{}
	_ [unsafe.Offsetof(Function{}.Lines)]byte      = [unsafe.Offsetof(C.jitdebug_function{}.lines)]byte{}
	_ [unsafe.Offsetof(Function{}.LineCount)]byte  = [unsafe.Offsetof(C.jitdebug_function{}.line_count)]byte{}
	_ [unsafe.Offsetof(Function{}.CFI)]byte        = [unsafe.Offsetof(C.jitdebug_function{}.cfi)]byte{}
	_ [unsafe.Offsetof(Function{}.CFISize)]byte    = [unsafe.Offsetof(C.jitdebug_function{}.cfi_size)]byte{}
)

// Flags of the registering functions, under the header's names.
type Flags uint32

const (
	BORROW Flags = C.JITDEBUG_BORROW
	NOWAIT Flags = C.JITDEBUG_NOWAIT
	OPAQUE Flags = C.JITDEBUG_OPAQUE
)

// What Function.Unwind can be, under the header's names.
const (
	UNWIND_NONE          = C.JITDEBUG_UNWIND_NONE
	UNWIND_FRAME_POINTER = C.JITDEBUG_UNWIND_FRAME_POINTER
	UNWIND_CFI           = C.JITDEBUG_UNWIND_CFI
)
