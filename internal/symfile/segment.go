// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package symfile

import "github.com/libjitdebug/libjitdebug/internal/format"

// checkSegments checks the program headers.
func (f *file) checkSegments() error {
	size := uint64(len(f.Bytes))
	for i := range f.segments {
		h := &f.segments[i]
		offset, length := h.Off, h.Filesz
		if length != 0 && (offset > size || length > size-offset) {
			return format.Errorf("program header %d: p_offset %#x + p_filesz %#x ends past the image's %d bytes", i, offset, length, size)
		}
		if align := h.Align; align&(align-1) != 0 {
			return format.Errorf("program header %d: p_align is %#x, not a power of two", i, align)
		}
		f.end = max(f.end, offset&-min(length, 1)+length)
	}
	return nil
}
