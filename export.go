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

//export jitdebugGo
func jitdebugGo(function C.enum_gate_function, call unsafe.Pointer, text *C.char) (status C.int32_t) {
	guest.ReserveStack()
	defer rescue(text, &status)
	if err := run(function, call); err != nil {
		return failed(text, err)
	}
	return C.JITDEBUG_OK
}

func run(function C.enum_gate_function, call unsafe.Pointer) error {
	switch function {
	case C.GATE_REGISTER:
		return register((*C.struct_gate_register)(call))
	case C.GATE_REGISTER_BATCH:
		return registerBatch((*C.struct_gate_register_batch)(call))
	case C.GATE_REGISTER_FUNCTIONS:
		return registerFunctions((*C.struct_gate_register_functions)(call))
	case C.GATE_REGISTER_OBJECT:
		return registerObject((*C.struct_gate_register_object)(call))
	case C.GATE_UNREGISTER:
		return unregister((*C.struct_gate_unregister)(call))
	case C.GATE_REGISTRATION_IMAGE:
		return registrationImage((*C.struct_gate_registration_image)(call))
	default:
		return registry.Adopt()
	}
}

func register(call *C.struct_gate_register) error {
	fault.Point("register")
	image := [1]registry.Image{{Data: address(&call.image), Size: uintptr(call.size)}}
	return registering(&call.registering, func(flags uint32, memory *registry.Memory) (uintptr, error) {
		return registry.Register(image[:], flags, memory)
	})
}

func registerBatch(call *C.struct_gate_register_batch) error {
	fault.Point("register")
	return registering(&call.registering, func(flags uint32, memory *registry.Memory) (uintptr, error) {
		images, err := registry.Images(address(&call.images), uintptr(call.count))
		if err != nil {
			return 0, err
		}
		return registry.Register(images, flags, memory)
	})
}

func registerFunctions(call *C.struct_gate_register_functions) error {
	fault.Point("functions")
	return registering(&call.registering, func(flags uint32, memory *registry.Memory) (uintptr, error) {
		return registry.RegisterFunctions(address(&call.functions), uintptr(call.count), flags, memory,
			(*uintptr)(unsafe.Pointer(&call.records)), (*uintptr)(unsafe.Pointer(&call.order)), unsafe.Pointer(call))
	})
}

func registerObject(call *C.struct_gate_register_object) error {
	fault.Point("object")
	return registering(&call.registering, func(flags uint32, memory *registry.Memory) (uintptr, error) {
		sections, err := registry.Sections(address(&call.sections), uintptr(call.count))
		if err != nil {
			return 0, err
		}
		object := registry.Image{Data: address(&call.object), Size: uintptr(call.size)}
		return registry.RegisterObject(object, sections, flags, memory)
	})
}

func registering(r *C.struct_gate_registering, how func(flags uint32, memory *registry.Memory) (uintptr, error)) error {
	if r.output == 0 {
		return registry.Missing("registration")
	}
	handle, err := how(uint32(r.flags), (*registry.Memory)(unsafe.Pointer(&r.memory)))
	r.handle = C.uintptr_t(handle)
	return err
}

func unregister(call *C.struct_gate_unregister) error {
	fault.Point("unregister")
	if call.registration == 0 {
		return nil
	}
	memory, err := registry.Unregister(uintptr(call.registration))
	*(*registry.Memory)(unsafe.Pointer(&call.memory)) = memory
	return err
}

func registrationImage(call *C.struct_gate_registration_image) error {
	fault.Point("image")
	if call.registration == 0 {
		return registry.Missing("registration")
	}
	if call.image_output == 0 || call.size_output == 0 {
		return registry.Missing("image or size")
	}
	image, err := registry.ImageOf(uintptr(call.registration), uintptr(call.index))
	call.image, call.size = C.uintptr_t(uintptr(image.Data)), C.size_t(image.Size)
	return err
}

func address(of *C.uintptr_t) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(of)) }

func failed(text *C.char, err error) C.int32_t {
	say(text, err.Error())
	if known, ok := err.(*registry.Error); ok {
		return statuses[known.Kind]
	}
	return C.JITDEBUG_E_INTERNAL
}

// rescue keeps a panic from the host.
func rescue(text *C.char, status *C.int32_t) {
	if cause := recover(); cause != nil {
		say(text, "a defect in libjitdebug, please report it: "+describe(cause))
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
func say(to *C.char, text string) {
	room := unsafe.Slice((*byte)(unsafe.Pointer(to)), C.GATE_TEXT_SIZE)
	n := copy(room[:len(room)-1], text)
	room[n] = 0
}
