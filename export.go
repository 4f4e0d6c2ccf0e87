// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Command libjitdebug is the shared library libjitdebug.so.1: the Go side of the
// functions that gate.c exports. Nothing is decided here; a call is converted,
// made, and its error turned into a status.
package main

// #cgo CFLAGS: -std=gnu11 -Wall -Wextra -Wno-unused-parameter
// #include "gate.h"
import "C"

import (
	"unsafe"

	"github.com/libjitdebug/libjitdebug/internal/abi"
	_ "github.com/libjitdebug/libjitdebug/internal/copies"
	"github.com/libjitdebug/libjitdebug/internal/fault"
	"github.com/libjitdebug/libjitdebug/internal/guest"
	"github.com/libjitdebug/libjitdebug/internal/registry"
)

func main() {}

func init() { C.gate_set_unregister_outside(C.uintptr_t(registry.UnregisterOutside())) }

// Go fills in memory of the gate's, from outside too.
var (
	_ [unsafe.Sizeof(registry.Memory{})]byte           = [C.sizeof_struct_gate_memory]byte{}
	_ [unsafe.Offsetof(registry.Memory{}.Entries)]byte = [unsafe.Offsetof(C.struct_gate_memory{}.entries)]byte{}
	_ [unsafe.Offsetof(registry.Memory{}.Copies)]byte  = [unsafe.Offsetof(C.struct_gate_memory{}.copies)]byte{}
)

//export jitdebugGo
func jitdebugGo(function C.enum_gate_function, call unsafe.Pointer, text *C.char) (status C.int32_t) {
	guest.ReserveStack()
	defer rescue(text, &status)
	err := run(function, call)
	if err != nil {
		say(text, err.Error())
	}
	return C.int32_t(abi.StatusOf(err))
}

func run(function C.enum_gate_function, call unsafe.Pointer) error {
	switch function {
	case C.GATE_REGISTER:
		return registering(call, register)
	case C.GATE_REGISTER_BATCH:
		return registering(call, registerBatch)
	case C.GATE_REGISTER_FUNCTIONS:
		return registering(call, registerFunctions)
	case C.GATE_REGISTER_OBJECT:
		return registering(call, registerObject)
	case C.GATE_UNREGISTER:
		return unregister((*C.struct_gate_unregister)(call))
	case C.GATE_REGISTRATION_IMAGE:
		return registrationImage((*C.struct_gate_registration_image)(call))
	default:
		return registry.Adopt()
	}
}

// registering does what every registering function has in common. What they have
// in common is first in their calls.
func registering[T any](call unsafe.Pointer, register func(*T, *registry.Memory) (uintptr, error)) error {
	r := (*C.struct_gate_registering)(call)
	if err := abi.Pointer("registration", uintptr(r.output)); err != nil {
		return err
	}
	handle, err := register((*T)(call), (*registry.Memory)(unsafe.Pointer(&r.memory)))
	r.handle = C.uintptr_t(handle)
	return err
}

func register(call *C.struct_gate_register, memory *registry.Memory) (uintptr, error) {
	fault.Point("register")
	flags, err := abi.ImageFlags(uint32(call.registering.flags))
	if err != nil {
		return 0, err
	}
	image := abi.Images{{Data: uintptr(call.image), Size: uintptr(call.size)}}
	return registry.Register(image, flags, memory)
}

func registerBatch(call *C.struct_gate_register_batch, memory *registry.Memory) (uintptr, error) {
	fault.Point("register")
	images, flags, err := abi.ReadImages(uintptr(call.images), uintptr(call.count), uint32(call.registering.flags))
	if err != nil {
		return 0, err
	}
	return registry.Register(images, flags, memory)
}

func registerFunctions(call *C.struct_gate_register_functions, memory *registry.Memory) (uintptr, error) {
	fault.Point("functions")
	functions, flags, err := abi.ReadFunctions(uintptr(call.functions), uintptr(call.count), uint32(call.registering.flags))
	if err != nil {
		return 0, err
	}
	return registry.RegisterFunctions(functions, flags, memory, (*uintptr)(unsafe.Pointer(&call.work)),
		unsafe.Slice((*byte)(unsafe.Pointer(&call.room)), len(call.room)), uintptr(unsafe.Pointer(call)))
}

func registerObject(call *C.struct_gate_register_object, memory *registry.Memory) (uintptr, error) {
	fault.Point("object")
	object, sections, flags, err := abi.ReadObject(uintptr(call.object), uintptr(call.size),
		uintptr(call.sections), uintptr(call.count), uint32(call.registering.flags))
	if err != nil {
		return 0, err
	}
	return registry.RegisterObject(object, sections, flags, memory)
}

func unregister(call *C.struct_gate_unregister) error {
	fault.Point("unregister")
	freed, err := registry.Unregister(uintptr(call.registration))
	call.memory.entries, call.memory.copies = C.uintptr_t(freed.Entries), C.uintptr_t(freed.Copies)
	return err
}

func registrationImage(call *C.struct_gate_registration_image) error {
	fault.Point("image")
	if err := abi.Pointer("registration", uintptr(call.registration)); err != nil {
		return err
	}
	if err := abi.Pointer("image or size", min(uintptr(call.image_output), uintptr(call.size_output))); err != nil {
		return err
	}
	image, err := registry.ImageOf(uintptr(call.registration), uintptr(call.index))
	call.image, call.size = C.uintptr_t(image.Data), C.size_t(image.Size)
	return err
}

// rescue keeps a panic from the host.
func rescue(text *C.char, status *C.int32_t) {
	if cause := recover(); cause != nil {
		say(text, "a defect in libjitdebug, please report it: "+describe(cause))
		*status = C.int32_t(abi.E_INTERNAL)
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
func say(to *C.char, text string) {
	room := unsafe.Slice((*byte)(unsafe.Pointer(to)), C.GATE_TEXT_SIZE)
	n := copy(room[:len(room)-1], text)
	room[n] = 0
}
