package object

import "bytes"

// A reader reads the encodings of call frame information one after another. What
// lies outside reads as zero and is remembered in short.
type reader struct {
	b     []byte
	at    int
	short bool
}

// take is the next n bytes, or nil.
func (r *reader) take(n int) []byte {
	if n > len(r.b)-r.at {
		r.at, r.short = len(r.b), true
		return nil
	}
	r.at += n
	return r.b[r.at-n : r.at]
}

func (r *reader) u8() byte {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

func (r *reader) u32() uint32 {
	if b := r.take(4); b != nil {
		return le.Uint32(b)
	}
	return 0
}

// uint is an unsigned number of so many bytes.
func (r *reader) uint(size int) (v uint64) {
	for i, b := range r.take(size) {
		v |= uint64(b) << (8 * i)
	}
	return v
}

// leb is a ULEB128, or skips an SLEB128.
func (r *reader) leb() (v uint64) {
	for shift := uint(0); ; shift += 7 {
		b := r.u8()
		v |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return v
		}
	}
}

// str is a string that ends in a NUL.
func (r *reader) str() []byte {
	n := bytes.IndexByte(r.b[r.at:], 0)
	if n < 0 {
		r.at, r.short = len(r.b), true
		return nil
	}
	return r.take(n + 1)[:n]
}
