// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package cfi

import "github.com/libjitdebug/libjitdebug/internal/cursor"

// Pointer encodings of .eh_frame.
const (
	encodingAbsolute = 0x00 // DW_EH_PE_absptr
	encodingULEB     = 0x01
	encodingU2       = 0x02
	encodingU4       = 0x03
	encodingU8       = 0x04
	encodingSigned   = 0x08
	encodingSLEB     = 0x09
	encodingS2       = 0x0a
	encodingS4       = 0x0b
	encodingS8       = 0x0c
	encodingAligned  = 0x50
	encodingIndirect = 0x80
	encodingOmit     = 0xff
)

// validEncoding says whether gdb can read an address of this encoding; it gives
// up on others, and on what the address would point to.
func validEncoding(encoding byte) bool {
	switch encoding & 0x0f {
	case encodingAbsolute, encodingULEB, encodingU2, encodingU4, encodingU8,
		encodingSigned, encodingSLEB, encodingS2, encodingS4, encodingS8:
		return encoding&0xf0 < encodingAligned || encoding == encodingAligned
	}
	return false
}

// skipPointer skips an encoded address.
func skipPointer(r *cursor.Reader, encoding, addrSize byte) {
	switch encoding & 0x0f {
	case encodingULEB, encodingSLEB:
		r.ULEB()
	case encodingU2, encodingS2:
		r.Skip(2)
	case encodingU4, encodingS4:
		r.Skip(4)
	case encodingU8, encodingS8:
		r.Skip(8)
	default:
		if encoding&0x70 == encodingAligned {
			r.Skip(-uint64(r.At) & 7)
		}
		r.Skip(uint64(addrSize))
	}
}
