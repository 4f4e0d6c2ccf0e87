// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Package zlib decompresses what compilers leave in compressed debug sections:
// zlib streams (RFC 1950, 1951) of a size that is known. The standard library's
// package is not used, because it imports fmt and os, whose initialisation changes the
// process that the library is loaded into.
package zlib

import (
	"errors"
	"hash/adler32"
)

var (
	errShort    = errors.New("the stream ends too early")
	errLong     = errors.New("the stream holds more than its size says")
	errHeader   = errors.New("not a zlib stream")
	errBlock    = errors.New("a block of an unknown type, or with a wrong length")
	errCode     = errors.New("no Huffman code is like that")
	errDistance = errors.New("a match begins before the data")
	errSum      = errors.New("the checksum is wrong")
)

// Decompress fills dst, whose length is that of the data, from one zlib stream, or from
// several: a linker that joins compressed sections leaves their streams in a row. Bytes
// that are left when dst is full are ignored.
func Decompress(dst, src []byte) error {
	d := inflater{dst: dst, src: src}
	for first := true; first || d.n < len(dst); first = false {
		if err := d.stream(); err != nil {
			return err
		}
	}
	return nil
}

// An inflater is one decompression; what has been written is its window.
type inflater struct {
	dst []byte
	n   int // how much of dst is written
	src []byte
	at  int

	bits  uint64 // read from src and not taken yet, the next one lowest
	count uint   // of bits

	short bool // take was called past the end of src

	literals, distances table
}

// stream decompresses one stream, up to the checksum.
func (d *inflater) stream() error {
	if len(d.src)-d.at < 2 {
		return errShort
	}
	method, flags := d.src[d.at], d.src[d.at+1]
	if method&0xf != 8 || method>>4 > 7 || flags&0x20 != 0 || (uint(method)<<8|uint(flags))%31 != 0 {
		return errHeader
	}
	d.at += 2
	start := d.n
	for last := false; !last; {
		last = d.take(1) == 1
		var err error
		switch d.take(2) {
		case 0:
			err = d.stored()
		case 1:
			d.fixed()
			err = d.compressed()
		case 2:
			if err = d.dynamic(); err == nil {
				err = d.compressed()
			}
		default:
			err = errBlock
		}
		if d.short {
			return errShort
		}
		if err != nil {
			return err
		}
	}
	d.align()
	var sum uint32
	for range 4 {
		sum = sum<<8 | uint32(d.take(8))
	}
	d.align()
	if d.short {
		return errShort
	}
	if sum != adler32.Checksum(d.dst[start:d.n]) {
		return errSum
	}
	return nil
}

// fill reads bytes ahead until bits has 57 bits or more, or src ends.
func (d *inflater) fill() {
	for d.count <= 56 && d.at < len(d.src) {
		d.bits |= uint64(d.src[d.at]) << d.count
		d.at++
		d.count += 8
	}
}

// take is the next n bits, at most 16; 0 past the end of src.
func (d *inflater) take(n uint) uint {
	if d.count < n {
		d.fill()
		if d.count < n {
			d.short = true
			d.bits, d.count = 0, 0
			return 0
		}
	}
	v := uint(d.bits & (1<<n - 1))
	d.bits >>= n
	d.count -= n
	return v
}

// align drops the bits up to the next whole byte, and goes back to it in src.
func (d *inflater) align() {
	d.at -= int(d.count / 8)
	d.bits, d.count = 0, 0
}

func (d *inflater) stored() error {
	d.align()
	n, inverse := d.take(16), d.take(16)
	d.align()
	if n != inverse^0xffff {
		return errBlock
	}
	if n > uint(len(d.src)-d.at) {
		return errShort
	}
	if n > uint(len(d.dst)-d.n) {
		return errLong
	}
	d.n += copy(d.dst[d.n:], d.src[d.at:d.at+int(n)])
	d.at += int(n)
	return nil
}

// The lowest length and distance that each symbol stands for, and how many extra bits
// follow, which are added to it.
var (
	lengthBase    = [...]uint16{3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258}
	lengthExtra   = [...]uint8{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0}
	distanceBase  = [...]uint16{1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577}
	distanceExtra = [...]uint8{0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13}
)

// compressed decodes the data of a block with Huffman codes.
func (d *inflater) compressed() error {
	for {
		symbol, err := d.symbol(&d.literals)
		switch {
		case err != nil:
			return err
		case symbol == 256:
			return nil
		case symbol < 256:
			if d.n == len(d.dst) {
				return errLong
			}
			d.dst[d.n] = byte(symbol)
			d.n++
			continue
		case symbol > 285:
			return errCode
		}
		length := int(lengthBase[symbol-257]) + int(d.take(uint(lengthExtra[symbol-257])))
		if symbol, err = d.symbol(&d.distances); err != nil {
			return err
		}
		if symbol > 29 {
			return errCode
		}
		distance := int(distanceBase[symbol]) + int(d.take(uint(distanceExtra[symbol])))
		if distance > d.n {
			return errDistance
		}
		if length > len(d.dst)-d.n {
			return errLong
		}
		for range length { // byte by byte: a match may overlap what it writes
			d.dst[d.n] = d.dst[d.n-distance]
			d.n++
		}
	}
}

func (d *inflater) fixed() {
	var lengths [288]uint8
	for i := range lengths {
		switch {
		case i < 144:
			lengths[i] = 8
		case i < 256:
			lengths[i] = 9
		case i < 280:
			lengths[i] = 7
		default:
			lengths[i] = 8
		}
	}
	d.literals.build(lengths[:])
	for i := range 30 {
		lengths[i] = 5
	}
	d.distances.build(lengths[:30])
}

// dynamic reads a block's Huffman codes: the lengths of its codes, which are Huffman
// coded themselves.
func (d *inflater) dynamic() error {
	literals, distances, codes := int(d.take(5))+257, int(d.take(5))+1, int(d.take(4))+4
	if literals > 286 || distances > 30 {
		return errCode
	}
	order := [...]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}
	var lengths [286 + 30]uint8
	for _, i := range order[:codes] {
		lengths[i] = uint8(d.take(3))
	}
	if !d.literals.build(lengths[:19]) {
		return errCode
	}
	lengths = [len(lengths)]uint8{}
	for i := 0; i < literals+distances; {
		symbol, err := d.symbol(&d.literals)
		if err != nil {
			return err
		}
		length, times := uint8(0), 1
		switch symbol {
		case 16:
			if i == 0 {
				return errCode
			}
			length, times = lengths[i-1], 3+int(d.take(2))
		case 17:
			times = 3 + int(d.take(3))
		case 18:
			times = 11 + int(d.take(7))
		default:
			length = uint8(symbol)
		}
		if times > literals+distances-i {
			return errCode
		}
		for range times {
			lengths[i] = length
			i++
		}
	}
	if !d.literals.build(lengths[:literals]) || !d.distances.build(lengths[literals:literals+distances]) {
		return errCode
	}
	return nil
}

const maxLength = 15 // bits of a code

// A table is a canonical Huffman code: how many codes there are of each length,
// and the symbols in the order of their codes.
type table struct {
	counts  [maxLength + 1]uint16
	symbols [288]uint16
}

// build makes the table from the length of each symbol's code, 0 for a symbol without
// one. It returns false if there are more codes of these lengths than can differ.
func (t *table) build(lengths []uint8) bool {
	t.counts = [maxLength + 1]uint16{}
	for _, n := range lengths {
		t.counts[n]++
	}
	t.counts[0] = 0
	free := 1
	var next [maxLength + 2]uint16
	for n := 1; n <= maxLength; n++ {
		free = free<<1 - int(t.counts[n])
		if free < 0 {
			return false
		}
		next[n+1] = next[n] + t.counts[n]
	}
	for symbol, n := range lengths {
		if n != 0 {
			t.symbols[next[n]] = uint16(symbol)
			next[n]++
		}
	}
	return true
}

// symbol decodes the next symbol, bit by bit. In a canonical code the codes of one
// length are consecutive numbers: code is one of them if it is less than count above
// the first.
func (d *inflater) symbol(t *table) (int, error) {
	if d.count < maxLength {
		d.fill()
	}
	code, first, index := 0, 0, 0
	bits := d.bits
	for n := 1; n <= maxLength; n++ {
		code |= int(bits & 1)
		bits >>= 1
		count := int(t.counts[n])
		if code-first < count {
			if uint(n) > d.count {
				d.short = true
				return 0, errShort
			}
			d.bits = bits
			d.count -= uint(n)
			return int(t.symbols[index+code-first]), nil
		}
		index += count
		first = (first + count) << 1
		code <<= 1
	}
	return 0, errCode
}
