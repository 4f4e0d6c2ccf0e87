// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package expression

// An operation is one of DWARF's, or of GNU's that debuggers know.
type operation struct {
	kind         kind
	pops, pushes uint8
	size         uint8 // of the operand, where that is fixed
}

// A kind is what operands an operation has, and what is to be checked of them.
type kind uint8

const (
	unknown    kind = iota
	plain           // no operand
	fixed           // one of a fixed size
	address         // an address
	leb             // a ULEB128 or an SLEB128
	size            // how many bytes to read from memory
	pick            // which value of the stack
	relative        // an offset to the register in the operation
	relativeTo      // a register, and an offset
	branch          // a distance

	ofUnits        // from here on not in call frame information
	operandless    // no operand
	frameBase      // an offset to the function's frame
	register       // the register in the operation
	registerNumber // a register
	registerType   // a register and a type
	piece
	bitPiece
	block
	index
	constant    // a type, and a block with a length of one byte
	conversion  // a type
	dereference // a size, and a type
	call        // an entry of the unit
	variable    // an entry of the section
	pointer     // an entry of the section, and an offset
	entry       // an expression
)

const (
	opDup             = 0x12
	opMinus           = 0x1c
	opPlus            = 0x22
	opPlusUconst      = 0x23
	opSkip            = 0x2f
	opReg0            = 0x50
	opBreg0           = 0x70
	opGNUParameterRef = 0xfa
)

// operations are all that gdb and lldb know, by their number, but for those with a
// number in them.
var operations = [256]operation{
	0x03:              {kind: address, pushes: 1},              // addr
	0x06:              {kind: plain, pops: 1, pushes: 1},       // deref
	0x08:              {kind: fixed, pushes: 1, size: 1},       // const1u
	0x09:              {kind: fixed, pushes: 1, size: 1},       // const1s
	0x0a:              {kind: fixed, pushes: 1, size: 2},       // const2u
	0x0b:              {kind: fixed, pushes: 1, size: 2},       // const2s
	0x0c:              {kind: fixed, pushes: 1, size: 4},       // const4u
	0x0d:              {kind: fixed, pushes: 1, size: 4},       // const4s
	0x0e:              {kind: fixed, pushes: 1, size: 8},       // const8u
	0x0f:              {kind: fixed, pushes: 1, size: 8},       // const8s
	0x10:              {kind: leb, pushes: 1},                  // constu
	0x11:              {kind: leb, pushes: 1},                  // consts
	0x12:              {kind: plain, pops: 1, pushes: 2},       // dup
	0x13:              {kind: plain, pops: 1},                  // drop
	0x14:              {kind: plain, pops: 2, pushes: 3},       // over
	0x15:              {kind: pick, pushes: 1},                 // pick
	0x16:              {kind: plain, pops: 2, pushes: 2},       // swap
	0x17:              {kind: plain, pops: 3, pushes: 3},       // rot
	0x19:              {kind: plain, pops: 1, pushes: 1},       // abs
	0x1a:              {kind: plain, pops: 2, pushes: 1},       // and
	0x1b:              {kind: operandless, pops: 2, pushes: 1}, // div
	0x1c:              {kind: plain, pops: 2, pushes: 1},       // minus
	0x1d:              {kind: operandless, pops: 2, pushes: 1}, // mod
	0x1e:              {kind: plain, pops: 2, pushes: 1},       // mul
	0x1f:              {kind: plain, pops: 1, pushes: 1},       // neg
	0x20:              {kind: plain, pops: 1, pushes: 1},       // not
	0x21:              {kind: plain, pops: 2, pushes: 1},       // or
	0x22:              {kind: plain, pops: 2, pushes: 1},       // plus
	0x23:              {kind: leb, pops: 1, pushes: 1},         // plus_uconst
	0x24:              {kind: plain, pops: 2, pushes: 1},       // shl
	0x25:              {kind: plain, pops: 2, pushes: 1},       // shr
	0x26:              {kind: plain, pops: 2, pushes: 1},       // shra
	0x27:              {kind: plain, pops: 2, pushes: 1},       // xor
	0x28:              {kind: branch, pops: 1, size: 2},        // bra
	0x29:              {kind: plain, pops: 2, pushes: 1},       // eq
	0x2a:              {kind: plain, pops: 2, pushes: 1},       // ge
	0x2b:              {kind: plain, pops: 2, pushes: 1},       // gt
	0x2c:              {kind: plain, pops: 2, pushes: 1},       // le
	0x2d:              {kind: plain, pops: 2, pushes: 1},       // lt
	0x2e:              {kind: plain, pops: 2, pushes: 1},       // ne
	opSkip:            {kind: branch, size: 2},                 // skip
	0x90:              {kind: registerNumber, pushes: 1},       // regx
	0x91:              {kind: frameBase, pushes: 1},            // fbreg
	0x92:              {kind: relativeTo, pushes: 1},           // bregx
	0x93:              {kind: piece},                           // piece
	0x94:              {kind: size, pops: 1, pushes: 1},        // deref_size
	0x96:              {kind: plain},                           // nop
	0x97:              {kind: operandless, pushes: 1},          // push_object_address
	0x98:              {kind: call, pushes: 1, size: 2},        // call2
	0x99:              {kind: call, pushes: 1, size: 4},        // call4
	0x9a:              {kind: variable, pushes: 1},             // call_ref
	0x9b:              {kind: operandless, pops: 1, pushes: 1}, // form_tls_address
	0x9c:              {kind: operandless, pushes: 1},          // call_frame_cfa
	0x9d:              {kind: bitPiece},                        // bit_piece
	0x9e:              {kind: block, pushes: 1},                // implicit_value
	0x9f:              {kind: operandless, pops: 1, pushes: 1}, // stack_value
	0xa0:              {kind: pointer, pushes: 1},              // implicit_pointer
	0xa1:              {kind: index, pushes: 1},                // addrx
	0xa3:              {kind: entry, pushes: 1},                // entry_value
	0xa4:              {kind: constant, pushes: 1},             // const_type
	0xa5:              {kind: registerType, pushes: 1},         // regval_type
	0xa6:              {kind: dereference, pops: 1, pushes: 1}, // deref_type
	0xa8:              {kind: conversion, pops: 1, pushes: 1},  // convert
	0xa9:              {kind: conversion, pops: 1, pushes: 1},  // reinterpret
	0xe0:              {kind: operandless, pops: 1, pushes: 1}, // GNU_push_tls_address
	0xf0:              {kind: operandless},                     // GNU_uninit
	0xf2:              {kind: pointer, pushes: 1},              // GNU_implicit_pointer
	0xf3:              {kind: entry, pushes: 1},                // GNU_entry_value
	0xf4:              {kind: constant, pushes: 1},             // GNU_const_type
	0xf5:              {kind: registerType, pushes: 1},         // GNU_regval_type
	0xf6:              {kind: dereference, pops: 1, pushes: 1}, // GNU_deref_type
	0xf7:              {kind: conversion, pops: 1, pushes: 1},  // GNU_convert
	0xf9:              {kind: conversion, pops: 1, pushes: 1},  // GNU_reinterpret
	opGNUParameterRef: {kind: call, pushes: 1, size: 4},        // GNU_parameter_ref
	0xfb:              {kind: index, pushes: 1},                // GNU_addrx
	0xfc:              {kind: index, pushes: 1},                // GNU_constx
	0xfd:              {kind: variable, pushes: 1},             // GNU_variable_value
}

// known says whether gdb knows what an operation gives before there is a process.
func (o operation) known(op byte) bool {
	switch op {
	case opDup, opMinus, opPlus, opPlusUconst:
		return true
	}
	return o.pushes == 1 && o.pops == 0 && (o.kind == fixed || o.kind == leb || o.kind == plain)
}

// of is what an operation takes and gives.
func of(op byte) operation {
	switch {
	case op >= 0x30 && op < 0x50: // lit0 to lit31
		return operation{kind: plain, pushes: 1}
	case op >= opReg0 && op < 0x70: // reg0 to reg31
		return operation{kind: register, pushes: 1}
	case op >= opBreg0 && op < 0x90: // breg0 to breg31
		return operation{kind: relative, pushes: 1}
	}
	return operations[op]
}
