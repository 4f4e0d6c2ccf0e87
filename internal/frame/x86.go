// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package frame

import (
	"github.com/libjitdebug/libjitdebug/internal/machine"
)

// The most instructions that a prologue and an epilogue have here, with those that
// compilers schedule into them.
const (
	x86Prologue = 16
	x86Epilogue = 4
)

func (w *writer) pointerX86(code []byte) (prologue int) {
	m := &machine.X86_64
	push, prologue := prologueX86(code)
	if prologue == 0 {
		w.define(m.FramePointer, 16)
		w.saved(m.FramePointer, 2)
		return 0
	}
	w.advance(push)
	w.U8(defineOffset)
	w.ULEB(16)
	w.saved(m.FramePointer, 2)
	w.advance(prologue)
	w.U8(defineRegister)
	w.ULEB(uint64(m.FramePointer))

	for at := prologue; at < len(code); {
		end := at + lengthX86(code[at:])
		if end == at {
			break
		}
		if v := code[at]; end == at+1 && (v == 0x5d || v == 0xc9) { // pop %rbp, leave
			if left := epilogueX86(code, end); left != 0 {
				w.advance(end)
				w.U8(rememberState)
				w.define(m.StackPointer, 8)
				w.U8(restore | m.FramePointer)
				if left < len(code) {
					w.advance(left)
					w.U8(restoreState)
				}
				end = left
			}
		}
		at = end
	}
	return prologue
}

// prologueX86 finds push %rbp and mov %rsp, %rbp at the start of a function and
// returns where each ends, or 0.
func prologueX86(code []byte) (push, prologue int) {
	at := 0
	for range x86Prologue {
		v := code[min(at, len(code)):]
		length := lengthX86(v)
		switch {
		case length == 0 || leavesX86(v):
			return 0, 0
		case push == 0 && v[0] == 0x55:
			push = at + 1
		case push != 0 && length == 3 && v[0] == 0x48 && (v[1] == 0x89 && v[2] == 0xe5 || v[1] == 0x8b && v[2] == 0xec):
			return push, at + 3
		case push != 0 && v[0]&^7 == 0x50: // another push: %rbp will not point to the saved %rbp
			return 0, 0
		}
		at += length
	}
	return 0, 0
}

// epilogueX86 returns the end of the instruction that leaves the function, if it is one
// of the next from at on; or 0.
func epilogueX86(code []byte, at int) int {
	for range x86Epilogue {
		v := code[at:]
		length := lengthX86(v)
		if length == 0 {
			return 0
		}
		at += length
		if leavesX86(v) {
			return at
		}
	}
	return 0
}

// leavesX86 says whether an instruction jumps and does not come back: ret, jmp.
func leavesX86(v []byte) bool {
	switch v[0] {
	case 0xc2, 0xc3, 0xe9, 0xeb:
		return true
	case 0xf2, 0xf3, 0x3e, 0x41: // of which bnd ret, rep ret, notrack jmp, jmp *%r8
		return len(v) > 1 && v[1] != v[0] && leavesX86(v[1:])
	case 0xff:
		return len(v) > 1 && v[1]>>3&7 == 4
	}
	return false
}

// lengthX86 returns the length of the instruction that code begins with, or 0 if the
// instruction is unknown or does not end in code.
func lengthX86(code []byte) int {
	at, wide, short := 0, false, false
	next := func() int {
		if at >= len(code) || at >= 15 {
			return -1
		}
		at++
		return int(code[at-1])
	}
	op := next()
prefixes:
	for ; ; op = next() {
		switch op {
		case 0x66:
			short = true
		case 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x67, 0xf0, 0xf2, 0xf3:
		default:
			break prefixes
		}
	}
	if op&^0xf == 0x40 { // REX
		wide = op&8 != 0
		op = next()
	}
	immediate, modrm := 0, false
	word := 4
	if short && !wide {
		word = 2
	}
	switch {
	case op < 0:
		return 0
	case op == 0x0f:
		immediate, modrm = escapedX86(next, 1)
	case op == 0xc5: // VEX
		next()
		immediate, modrm = escapedX86(next, 1)
	case op == 0xc4:
		table := next() & 0x1f
		next()
		immediate, modrm = escapedX86(next, table)
	case op == 0x62: // EVEX
		table := next() & 7
		next()
		next()
		immediate, modrm = escapedX86(next, table)
	case op < 0x40:
		switch op & 7 {
		case 4:
			immediate = 1
		case 5:
			immediate = word
		case 6, 7:
			return 0
		default:
			modrm = true
		}
	default:
		switch shape := shapesX86[op-0x40]; shape {
		case '?':
			return 0
		case 'm':
			modrm = true
		case 'M':
			modrm, immediate = true, 1
		case 'W':
			modrm, immediate = true, word
		case '1', '2', '3', '4':
			immediate = int(shape - '0')
		case 'w':
			immediate = word
		case 'q':
			immediate = word
			if wide {
				immediate = 8
			}
		case 'a':
			immediate = 8
		case 't': // test, not, neg, mul...: test alone has one
			if at < len(code) && code[at]&0x30 == 0 {
				immediate = 1
				if op == 0xf7 {
					immediate = word
				}
			}
			modrm = true
		}
	}
	if immediate < 0 {
		return 0
	}
	if modrm {
		m := next()
		base := m & 7
		if m < 0 {
			return 0
		}
		if m>>6 != 3 && base == 4 { // SIB
			s := next()
			if s < 0 {
				return 0
			}
			base = s & 7
		}
		switch {
		case m>>6 == 1:
			at++
		case m>>6 == 2, m>>6 == 0 && base == 5:
			at += 4
		}
	}
	if at += immediate; at > len(code) {
		return 0
	}
	return at
}

// shapesX86 says what follows each one-byte opcode from 0x40 on:
//
//	1 2 3 4  an immediate of so many bytes
//	w        an immediate of four bytes, or of two with prefix 0x66
//	q        the same, or of eight with REX.W
//	a        an address of eight bytes
//	m        a ModRM
//	M W      a ModRM, and an immediate of one byte, or as with w
//	t        a ModRM, which says whether there is an immediate
//	-        nothing
//	?        nothing: the opcode is invalid
const shapesX86 = "" +
	"????????????????" + // REX
	"----------------" +
	"???m????wW1M----" +
	"1111111111111111" +
	"MW?Mmmmmmmmmmmmm" +
	"----------?-----" +
	"aaaa----1w------" +
	"11111111qqqqqqqq" +
	"MM2-??MW3-2--1?-" +
	"mmmm???-mmmmmmmm" +
	"1111111144?1----" +
	"?-??--tt------mm"

// escapedX86 reads an opcode of another table (1: 0f, 2: 0f 38, 3: 0f 3a, and those of
// EVEX) and returns how many bytes its immediate has, -1 for an invalid opcode, and
// whether it has a ModRM.
func escapedX86(next func() int, table int) (immediate int, modrm bool) {
	op := next()
	if table == 1 && op == 0x38 {
		op, table = next(), 2
	} else if table == 1 && op == 0x3a {
		op, table = next(), 3
	}
	switch {
	case op < 0 || table < 1 || table > 6 || table == 4:
		return -1, false
	case table == 3:
		return 1, true
	case table != 1:
		return 0, true
	case op >= 0x80 && op <= 0x8f: // jcc
		return 4, false
	case op >= 0x70 && op <= 0x73, op == 0xa4, op == 0xac, op == 0xba, op == 0xc2, op >= 0xc4 && op <= 0xc6, op == 0x0f:
		return 1, true
	case op == 0x77, op >= 0x30 && op <= 0x37, op >= 0xc8 && op <= 0xcf, op >= 0xa0 && op <= 0xa2, op >= 0xa8 && op <= 0xaa,
		op >= 0x05 && op <= 0x09, op == 0x0b, op == 0x0e:
		return 0, false
	case op == 0x04, op == 0x0a, op == 0x0c, op >= 0x24 && op <= 0x27:
		return -1, false
	}
	return 0, true
}
