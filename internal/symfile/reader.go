package symfile

// A reader reads DWARF's encodings one after another. What lies outside reads
// as zero and is remembered in short.
type reader struct {
	b     []byte
	at    int
	short bool
}

func (r *reader) left() int { return len(r.b) - r.at }

// take is the next n bytes, or nil.
func (r *reader) take(n uint64) []byte {
	if n > uint64(r.left()) {
		r.at, r.short = len(r.b), true
		return nil
	}
	b := r.b[r.at : r.at+int(n)]
	r.at += int(n)
	return b
}

func (r *reader) skip(n uint64) { r.take(n) }

func (r *reader) u8() byte {
	if r.at >= len(r.b) {
		r.short = true
		return 0
	}
	r.at++
	return r.b[r.at-1]
}

func (r *reader) u16() uint16 {
	if b := r.take(2); b != nil {
		return le.Uint16(b)
	}
	return 0
}

func (r *reader) u32() uint32 {
	if b := r.take(4); b != nil {
		return le.Uint32(b)
	}
	return 0
}

func (r *reader) u64() uint64 {
	if b := r.take(8); b != nil {
		return le.Uint64(b)
	}
	return 0
}

// uint is an unsigned number of size bytes.
func (r *reader) uint(size int) (v uint64) {
	switch size {
	case 4:
		return uint64(r.u32())
	case 8:
		return r.u64()
	}
	for i, c := range r.take(uint64(size)) {
		v |= uint64(c) << (8 * i)
	}
	return v
}

// uleb is a ULEB128; bits beyond 64 are dropped. Most have one byte.
func (r *reader) uleb() uint64 {
	if r.at < len(r.b) {
		if c := r.b[r.at]; c < 0x80 {
			r.at++
			return uint64(c)
		}
	}
	return r.longULEB()
}

func (r *reader) longULEB() (v uint64) {
	for shift := uint(0); ; shift += 7 {
		c := r.u8()
		v |= uint64(c&0x7f) << shift
		if c < 0x80 {
			return v
		}
	}
}

// str skips a string that ends in a NUL, and says how long it is.
func (r *reader) str() (length int) {
	for from := r.at; ; {
		c := r.u8()
		if r.short {
			return r.at - from
		}
		if c == 0 {
			return r.at - from - 1
		}
	}
}

// length is the length of a unit, and the size of offsets in it. Reserved
// lengths come out as too long for any section.
func (r *reader) length() (length uint64, offset int) {
	switch n := r.u32(); {
	case n == 0xffffffff:
		return r.u64(), 8
	case n >= 0xfffffff0:
		return 1<<64 - 1, 4
	default:
		return uint64(n), 4
	}
}
