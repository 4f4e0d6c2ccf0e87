// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package view

import (
	"encoding/binary"

	"github.com/libjitdebug/libjitdebug/internal/elf"
)

var le = binary.LittleEndian

// stackLimit is how much of a stack is looked at, from its end.
const stackLimit = 256 << 10

// returns says that an address can be one that a call returns to: a call is in front of it.
func (v *View) returns(address uint64) bool {
	var b [7]byte
	if v.Target.Read(b[:], address-7) != nil {
		return false
	}
	if v.Target.Machine == elf.EM_AARCH64 {
		word := le.Uint32(b[3:])
		return word>>26 == 0x25 || word&0xfffffc1f == 0xd63f0000 // bl, blr
	}
	if b[2] == 0xe8 { // call rel32
		return true
	}
	for length := 2; length <= 7; length++ { // call *r/m: ff /2, its operand fills the rest
		if c := b[7-length:]; c[0] == 0xff && c[1]>>3&7 == 2 && indirect(c[1:]) == length-1 {
			return true
		}
	}
	return false
}

// indirect is the length of a ModRM byte and what belongs to it.
func indirect(b []byte) int {
	mod, rm := b[0]>>6, b[0]&7
	length := 1
	if mod != 3 && rm == 4 {
		length++
		if len(b) > 1 && mod == 0 && b[1]&7 == 5 {
			length += 4
		}
	}
	switch {
	case mod == 1:
		length++
	case mod == 2, mod == 0 && rm == 5:
		length += 4
	}
	return length
}
