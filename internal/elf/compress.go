package elf

import "math/bits"

// Compression, of a section with SHF_COMPRESSED.
const (
	ELFCOMPRESS_ZLIB = 1
	ELFCOMPRESS_ZSTD = 2
)

// Chdr64 is the header of a section with SHF_COMPRESSED.
type Chdr64 struct {
	Type            uint32
	_               uint32
	Size, Addralign uint64
}

// GNUChdrSize is the size of what is in front of a section that is compressed
// without a flag, but with a name, .zdebug_: ZLIB, and the size in big-endian.
const GNUChdrSize = 12

// GNUSize is what a section says there of its uncompressed size.
func GNUSize(b []byte) (size uint64, ok bool) {
	if len(b) < GNUChdrSize || string(b[:4]) != "ZLIB" {
		return 0, false
	}
	return bits.ReverseBytes64(le.Uint64(b[4:])), true
}

// MaxRatio is how many bytes one compressed byte can stand for, at the most: in zlib
// a match, in Zstandard a block of one byte. 0 for a ch_type that is unknown.
func MaxRatio(typ uint32) uint64 {
	switch typ {
	case ELFCOMPRESS_ZLIB:
		return 1032
	case ELFCOMPRESS_ZSTD:
		return 128 << 10 / 4
	}
	return 0
}
