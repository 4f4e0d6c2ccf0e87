// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package samples

import "math/rand/v2"

// Mutate is a copy of an image with one to three things wrong, most of them
// where a debugger looks: in the headers, in tables and in debug information.
func Mutate(r *rand.Rand, image []byte) []byte {
	m := append([]byte{}, image...)
	for n := 1 + r.IntN(3); n > 0; n-- {
		from, to := region(r, m)
		if from >= to {
			continue
		}
		at := from + r.IntN(to-from)
		switch r.IntN(6) {
		case 0, 1:
			m[at] ^= 1 << r.IntN(8)
		case 2:
			m[at] = byte(r.Uint32())
		case 3:
			m[at] += byte(1 + 254*r.IntN(2)) // one more or one less
		default:
			width := 1 << r.IntN(4)
			at &^= width - 1
			if at+width > len(m) {
				continue
			}
			v := value(r, uint64(len(m)))
			for i := range width {
				m[at+i] = byte(v >> (8 * i))
			}
		}
	}
	if r.IntN(20) == 0 {
		m = m[:r.IntN(len(m)+1)]
	}
	return m
}

// value is a value that programs trip over.
func value(r *rand.Rand, size uint64) uint64 {
	switch r.IntN(8) {
	case 0:
		return 0
	case 1:
		return ^uint64(0)
	case 2:
		return size + uint64(r.IntN(3)) - 1
	case 3:
		return r.Uint64() >> r.IntN(64)
	case 4:
		return 1 << r.IntN(64)
	case 5:
		return 1<<r.IntN(64) - 1
	case 6:
		return ^uint64(0) - uint64(r.IntN(256))
	}
	return uint64(r.IntN(256))
}

// region picks the part of an image for the next mutation.
func region(r *rand.Rand, m []byte) (from, to int) {
	size := uint64(len(m))
	whole := func() (int, int) { return 0, len(m) }
	if size < 64 {
		return whole()
	}
	headers, count := le.Uint64(m[40:]), uint64(le.Uint16(m[60:]))
	if count == 0 || headers > size || (size-headers)/64 < count {
		return whole()
	}
	switch r.IntN(10) {
	case 0:
		return whole()
	case 1:
		return 0, 64
	case 2, 3:
		at := int(headers + 64*uint64(r.IntN(int(count))))
		return at, at + 64
	}
	for range 8 { // a section, preferably one that only debuggers read
		h := m[headers+64*uint64(r.IntN(int(count))):]
		offset, length := le.Uint64(h[24:]), le.Uint64(h[32:])
		if le.Uint32(h[4:]) == 8 || length == 0 || offset > size || length > size-offset {
			continue
		}
		from, to = int(offset), int(offset+length)
		if le.Uint64(h[8:])&4 == 0 && !(le.Uint64(h[8:])&2 != 0 && r.IntN(2) == 0) {
			// The beginning of a section holds its headers.
			if r.IntN(3) == 0 {
				to = min(to, from+48)
			}
			return from, to
		}
	}
	return whole()
}

// Accepted are n mutants of images that check accepts, each named after the
// image that it was made from. Mutants that check refuses are told to refused,
// where that is not nil.
func Accepted(r *rand.Rand, images []Image, n int, check func([]byte) error, refused func(Image, error)) []Image {
	var accepted []Image
	for len(accepted) < n {
		from := images[r.IntN(len(images))]
		m := Image{from.Name, Mutate(r, from.Data)}
		err := check(m.Data)
		if err == nil {
			accepted = append(accepted, m)
		} else if refused != nil {
			refused(m, err)
		}
	}
	return accepted
}
