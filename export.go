// Command libjitdebug is the shared library libjitdebug.so.1: the Go side of the
// functions that gate.c exports. Nothing is decided here; a call is converted,
// made, and its error turned into a status.
package main

// #cgo CFLAGS: -std=gnu11 -Wall -Wextra -Wno-unused-parameter
// #include "gate.h"
import "C"

import (
	"unsafe"

	_ "github.com/libjitdebug/libjitdebug/internal/copies"
	"github.com/libjitdebug/libjitdebug/internal/fault"
	"github.com/libjitdebug/libjitdebug/internal/guest"
	"github.com/libjitdebug/libjitdebug/internal/registry"
)

func main() {}

func init() { C.gate_set_unregister_outside(C.uintptr_t(registry.UnregisterOutside())) }

var statuses = [...]C.int32_t{
	registry.Argument:    C.JITDEBUG_E_ARGUMENT,
	registry.BadHandle:   C.JITDEBUG_E_HANDLE,
	registry.StaleHandle: C.JITDEBUG_E_STALE,
	registry.BadImage:    C.JITDEBUG_E_IMAGE,
	registry.OutOfMemory: C.JITDEBUG_E_MEMORY,
	registry.Busy:        C.JITDEBUG_E_BUSY,
	registry.Duplicate:   C.JITDEBUG_E_DUPLICATE,
	registry.Unsupported: C.JITDEBUG_E_UNSUPPORTED,
}

//export jitdebugGoRegister
func jitdebugGoRegister(call *C.struct_gate_call) (status C.int32_t) {
	guest.ReserveStack()
	defer rescue(call, &status)
	fault.Point("register")
	if call.output == nil {
		return missing(call, "registration")
	}
	images := unsafe.Slice((*registry.Image)(unsafe.Pointer(&call.image)), 1)
	if call.images != &call.image {
		var err error
		if images, err = registry.Images(unsafe.Pointer(call.images), uintptr(call.count)); err != nil {
			return failed(call, err)
		}
	}
	memory := (*registry.Memory)(unsafe.Pointer(&call.memory))
	handle, err := registry.Register(images, uint32(call.flags), memory)
	if err != nil {
		return failed(call, err)
	}
	*(*uintptr)(unsafe.Pointer(&call.handle)) = handle
	return C.JITDEBUG_OK
}

//export jitdebugGoRegisterFunctions
func jitdebugGoRegisterFunctions(call *C.struct_gate_call) (status C.int32_t) {
	guest.ReserveStack()
	defer rescue(call, &status)
	fault.Point("functions")
	if call.output == nil {
		return missing(call, "registration")
	}
	memory := (*registry.Memory)(unsafe.Pointer(&call.memory))
	handle, err := registry.RegisterFunctions(unsafe.Pointer(call.functions), uintptr(call.count), uint32(call.flags), memory,
		(*uintptr)(unsafe.Pointer(&call.records)), (*uintptr)(unsafe.Pointer(&call.order)), unsafe.Pointer(call))
	if err != nil {
		return failed(call, err)
	}
	*(*uintptr)(unsafe.Pointer(&call.handle)) = handle
	return C.JITDEBUG_OK
}

//export jitdebugGoRegisterObject
func jitdebugGoRegisterObject(call *C.struct_gate_call) (status C.int32_t) {
	guest.ReserveStack()
	defer rescue(call, &status)
	fault.Point("object")
	if call.output == nil {
		return missing(call, "registration")
	}
	sections, err := registry.Sections(unsafe.Pointer(call.sections), uintptr(call.count))
	if err != nil {
		return failed(call, err)
	}
	object := *(*registry.Image)(unsafe.Pointer(&call.image))
	memory := (*registry.Memory)(unsafe.Pointer(&call.memory))
	handle, err := registry.RegisterObject(object, sections, uint32(call.flags), memory)
	if err != nil {
		return failed(call, err)
	}
	*(*uintptr)(unsafe.Pointer(&call.handle)) = handle
	return C.JITDEBUG_OK
}

//export jitdebugGoUnregister
func jitdebugGoUnregister(call *C.struct_gate_call) (status C.int32_t) {
	guest.ReserveStack()
	defer rescue(call, &status)
	fault.Point("unregister")
	handle := *(*uintptr)(unsafe.Pointer(&call.handle))
	if handle == 0 {
		return C.JITDEBUG_OK
	}
	memory, err := registry.Unregister(handle)
	if err != nil {
		return failed(call, err)
	}
	*(*registry.Memory)(unsafe.Pointer(&call.memory)) = memory
	return C.JITDEBUG_OK
}

//export jitdebugGoImage
func jitdebugGoImage(call *C.struct_gate_call) (status C.int32_t) {
	guest.ReserveStack()
	defer rescue(call, &status)
	fault.Point("image")
	handle := *(*uintptr)(unsafe.Pointer(&call.handle))
	if handle == 0 {
		return missing(call, "registration")
	}
	if call.output == nil {
		return missing(call, "image or size")
	}
	image, err := registry.ImageOf(handle, uintptr(call.index))
	if err != nil {
		return failed(call, err)
	}
	*(*registry.Image)(unsafe.Pointer(&call.image)) = image
	return C.JITDEBUG_OK
}

//export jitdebugGoAdopt
func jitdebugGoAdopt(call *C.struct_gate_call) (status C.int32_t) {
	guest.ReserveStack()
	defer rescue(call, &status)
	if err := registry.Adopt(unsafe.Pointer(call.blocks)); err != nil {
		return failed(call, err)
	}
	return C.JITDEBUG_OK
}

func missing(call *C.struct_gate_call, argument string) C.int32_t {
	say(call, argument+" is NULL")
	return C.JITDEBUG_E_ARGUMENT
}

func failed(call *C.struct_gate_call, err error) C.int32_t {
	say(call, err.Error())
	if known, ok := err.(*registry.Error); ok {
		return statuses[known.Kind]
	}
	return C.JITDEBUG_E_INTERNAL
}

// rescue keeps a panic from the host.
func rescue(call *C.struct_gate_call, status *C.int32_t) {
	if cause := recover(); cause != nil {
		// How far the call came is not known: rather a leak than a code entry
		// that the gate frees under a debugger.
		*(*registry.Memory)(unsafe.Pointer(&call.memory)) = registry.Memory{}
		say(call, "a defect in libjitdebug, please report it: "+describe(cause))
		*status = C.JITDEBUG_E_INTERNAL
	}
}

func describe(cause any) string {
	switch cause := cause.(type) {
	case error:
		return cause.Error()
	case string:
		return cause
	default:
		return "panic"
	}
}

// say leaves a sentence for the gate, cut where it does not fit.
func say(call *C.struct_gate_call, text string) {
	room := unsafe.Slice((*byte)(unsafe.Pointer(&call.text)), len(call.text))
	n := copy(room[:len(room)-1], text)
	room[n] = 0
}
