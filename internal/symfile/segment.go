package symfile

// checkSegments checks the program headers.
func (f *file) checkSegments() error {
	size := uint64(len(f.bytes))
	for i := range f.segments {
		h := (*[segmentHeaderSize]byte)(f.bytes[f.segmentsAt+i*segmentHeaderSize:])
		offset, length := le.Uint64(h[8:]), le.Uint64(h[32:])
		if length != 0 && (offset > size || length > size-offset) {
			return errorf("program header %d: p_offset %#x + p_filesz %#x ends past the image's %d bytes", i, offset, length, size)
		}
		if align := le.Uint64(h[48:]); align&(align-1) != 0 {
			return errorf("program header %d: p_align is %#x, not a power of two", i, align)
		}
		f.end = max(f.end, offset&-min(length, 1)+length)
	}
	return nil
}
