// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

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

// GNUChdrSize is the size of the header in the older, GNU form of compression, which
// has no flag; such a section's name begins with .zdebug_. The header is the text ZLIB
// and the uncompressed size, in big-endian.
const GNUChdrSize = 12

// GNUSize is the uncompressed size that such a header says.
func GNUSize(b []byte) (size uint64, ok bool) {
	if len(b) < GNUChdrSize || string(b[:4]) != "ZLIB" {
		return 0, false
	}
	return bits.ReverseBytes64(le.Uint64(b[4:])), true
}

// MostUncompressed is how many bytes the compressed sections of a file of so many may
// hold in all. What they claim is up to whoever wrote them; those of compilers hold a
// few times the file, and more only where it is small.
func MostUncompressed(file int) uint64 {
	const ratio, small, most = 8, 2 << 20, 1 << 30
	return min(max(ratio*uint64(file), small), most)
}

// MaxRatio is the highest number of bytes per compressed byte: in zlib, of matches of
// 258 bytes in two bits each; in Zstandard, of blocks that repeat a byte 128 Ki times,
// in four bytes each. 0 for an unknown ch_type.
func MaxRatio(typ uint32) uint64 {
	switch typ {
	case ELFCOMPRESS_ZLIB:
		return 1032
	case ELFCOMPRESS_ZSTD:
		return 128 << 10 / 4
	}
	return 0
}
