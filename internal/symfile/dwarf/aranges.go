// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package dwarf

import (
	"github.com/libjitdebug/libjitdebug/internal/cursor"
	"github.com/libjitdebug/libjitdebug/internal/format"
)

// checkAddressRanges checks .debug_aranges: gdb prints a warning for each mistake.
func (d *Debug) checkAddressRanges(b []byte) error {
	for at := 0; at < len(b); {
		r := cursor.Reader{Bytes: b, At: at}
		length, offsetSize := r.Length()
		if r.Short || length > uint64(r.Left()) {
			return format.Errorf("set at %#x: its length is %#x, the section ends %#x bytes later", at, length, r.Left())
		}
		r.Bytes = r.Bytes[:uint64(r.At)+length]
		if version := r.U16(); version != 2 {
			return format.Errorf("set at %#x: its version is %d, the only one is 2", at, version)
		}
		if unit := r.Uint(offsetSize); !d.entries.units.has(unit) {
			return format.Errorf("set at %#x: its debug_info_offset is %#x, where no unit starts", at, unit)
		}
		size, segment := uint64(r.U8()), r.U8()
		if size != 8 && size != 4 {
			return format.Errorf("set at %#x: its address_size is %d, addresses have 8 bytes", at, size)
		}
		if segment != 0 {
			return format.Errorf("set at %#x: its segment_selector_size is %d, addresses have no segments", at, segment)
		}
		if padding := uint64(r.At-at) % (2 * size); padding != 0 {
			r.Skip(2*size - padding)
		}
		for {
			start, length := r.Uint(int(size)), r.Uint(int(size))
			if r.Short {
				return format.Errorf("set at %#x: it does not end in two zeros", at)
			}
			if start == 0 && length == 0 {
				break
			}
		}
		at = len(r.Bytes)
	}
	return nil
}
