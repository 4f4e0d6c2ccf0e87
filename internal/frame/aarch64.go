// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package frame

import (
	"github.com/libjitdebug/libjitdebug/internal/machine"
)

// The most instructions that a prologue and an epilogue have here.
const (
	aarch64Prologue = 16
	aarch64Epilogue = 12
)

func (w *writer) pointerAArch64(code []byte) (prologue int) {
	m := &machine.AArch64
	prologue = w.prologueAArch64(code)
	if prologue == 0 {
		w.define(m.FramePointer, 16)
		w.saved(m.FramePointer, 2)
		w.saved(m.ReturnAddress, 1)
		return 0
	}
	for at := prologue; at+4 <= len(code); at += 4 {
		if !restoresAArch64(instruction(code[at:])) {
			continue
		}
		end, left := at+4, 0
		for i := 1; i < aarch64Epilogue && end+4 <= len(code); i, end = i+1, end+4 {
			if leavesAArch64(instruction(code[end:])) {
				break
			}
			left += popsAArch64(instruction(code[end:]))
		}
		if end+4 > len(code) || !leavesAArch64(instruction(code[end:])) {
			continue
		}
		w.advance(at + 4)
		w.U8(rememberState)
		w.define(m.StackPointer, left)
		w.U8(restore | m.FramePointer)
		w.U8(restore | m.ReturnAddress)
		for at += 4; at < end; at += 4 {
			if pops := popsAArch64(instruction(code[at:])); pops != 0 {
				left -= pops
				w.advance(at + 4)
				w.U8(defineOffset)
				w.ULEB(uint64(left))
			}
		}
		if end+4 < len(code) {
			w.advance(end + 4)
			w.U8(restoreState)
		}
	}
	return prologue
}

// prologueAArch64 writes the rules within the prologue and returns its length in bytes.
// If the code does not begin with one, it writes nothing and returns 0.
func (w *writer) prologueAArch64(code []byte) int {
	m := &machine.AArch64
	length, saved := 0, false
	for i := range aarch64Prologue {
		if 4*i+4 > len(code) || leavesAArch64(instruction(code[4*i:])) {
			return 0
		}
		v := instruction(code[4*i:])
		saved = saved || v&0xfe407fff == 0xa8007bfd // stp x29, x30, [sp, ...]
		if saved && v&0xffc003ff == 0x910003fd {    // add x29, sp, ...
			length = 4*i + 4
			break
		}
	}
	cfa := 0
	for at := 0; at < length; at += 4 {
		v := instruction(code[at:])
		down, to := 0, 0
		switch {
		case v&0xffc003ff == 0xd10003ff: // sub sp, sp, ...
			down = int(v >> 10 & 0xfff)
		case v&0xffc003e0 == 0xa98003e0, v&0xffc003e0 == 0x6d8003e0: // stp ..., [sp, ...]!, also of d registers
			down = -8 * signed(v>>15, 7)
		case v&0xffe00fe0 == 0xf8000fe0: // str ..., [sp, ...]!
			down = -signed(v>>12, 9)
		case v&0xffc07fff == 0xa9007bfd: // stp x29, x30, [sp, ...]
			to = 8 * signed(v>>15, 7)
		case at == length-4:
			w.advance(at + 4)
			w.define(m.FramePointer, cfa-int(v>>10&0xfff))
			continue
		default:
			continue
		}
		w.advance(at + 4)
		if down != 0 {
			cfa += down
			w.U8(defineOffset)
			w.ULEB(uint64(cfa))
		}
		if v&0xfe407fff == 0xa8007bfd {
			w.saved(m.FramePointer, (cfa-to)/8)
			w.saved(m.ReturnAddress, (cfa-to)/8-1)
		}
	}
	return length
}

func instruction(code []byte) uint32 {
	_ = code[3]
	return uint32(code[0]) | uint32(code[1])<<8 | uint32(code[2])<<16 | uint32(code[3])<<24
}

// signed is the signed number in the lowest bits of v.
func signed(v uint32, bits uint) int { return int(int32(v<<(32-bits)) >> (32 - bits)) }

// restoresAArch64 says whether an instruction restores the frame pointer and the return
// address: ldp x29, x30, [sp, ...].
func restoresAArch64(v uint32) bool {
	return v&0xffc07fff == 0xa8c07bfd || v&0xffc07fff == 0xa9407bfd
}

// leavesAArch64 says whether an instruction jumps and does not come back: ret, b, br.
func leavesAArch64(v uint32) bool {
	return v&0xfffffc1f == 0xd65f0000 || v&0xfffffbff == 0xd65f0bff || v&0xfc000000 == 0x14000000 || v&0xfffffc1f == 0xd61f0000
}

// popsAArch64 returns how many bytes an instruction adds to the stack pointer.
func popsAArch64(v uint32) int {
	switch {
	case v&0xffc003e0 == 0xa8c003e0, v&0xffc003e0 == 0x6cc003e0: // ldp ..., [sp], ...
		return 8 * signed(v>>15, 7)
	case v&0xffe00fe0 == 0xf84007e0: // ldr ..., [sp], ...
		return signed(v>>12, 9)
	case v&0xffc003ff == 0x910003ff: // add sp, sp, ...
		return int(v >> 10 & 0xfff)
	}
	return 0
}
