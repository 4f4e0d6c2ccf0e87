// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package dwarf

import (
	"github.com/libjitdebug/libjitdebug/internal/cursor"
	"github.com/libjitdebug/libjitdebug/internal/format"
)

// Kinds of entries in range lists of DWARF 5: those of location lists without the
// default location, so that the numbers of those after it are one less.
const (
	rleEnd         = lleEnd
	rleBaseAddress = lleBaseAddress - 1
	rleStartLength = lleStartLength - 1
)

// checkRanges checks the range list of DWARF 5 at an offset.
func (d *Debug) checkRanges(u *unit, offset uint64) error {
	if u.version < 5 {
		return nil
	}
	if offset >= uint64(len(d.rnglists.b)) {
		return format.Errorf("refers to .debug_rnglists %#x, which ends at %#x", offset, len(d.rnglists.b))
	}
	r := cursor.Reader{Bytes: d.rnglists.b, At: int(offset)}
	for {
		at := r.At
		kind := r.U8()
		if kind == rleEnd {
			if r.Short {
				return format.Errorf("refers to .debug_rnglists %#x, a list that does not end in the section", offset)
			}
			return d.rnglists.take(r.At-int(offset), ".debug_rnglists")
		}
		if kind > rleStartLength {
			return format.Errorf("refers to .debug_rnglists %#x, where an entry at %#x is of kind %d, which is unknown", offset, at, kind)
		}
		if kind >= rleBaseAddress {
			kind++
		}
		_, err := d.checkListAddresses(u, &r, kind)
		if err != nil && !r.Short {
			return format.Errorf("refers to .debug_rnglists %#x, where the entry at %#x %s", offset, at, err)
		}
	}
}
