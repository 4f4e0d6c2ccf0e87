package object

import (
	"bytes"
	"math/bits"

	"github.com/libjitdebug/libjitdebug/internal/zlib"
	"github.com/libjitdebug/libjitdebug/internal/zstd"
)

const (
	compressionHeaderSize = 24 // Elf64_Chdr
	compressionZlib       = 1  // ELFCOMPRESS_ZLIB
	compressionZstd       = 2  // ELFCOMPRESS_ZSTD

	gnuHeaderSize = 12 // ZLIB, and the size in big-endian

	// The most bytes that one can stand for: a match, and a block of one byte.
	ratioZlib = 1032
	ratioZstd = 128 << 10 / 4
)

// A packing is how the bytes of a section are written in the object.
type packing struct {
	typ  uint32 // 0 if they are as they are
	size uint64 // of what they stand for
	data []byte
}

// packing is how section i is written. The size is possible: a byte more than
// the compressed ones can hold is refused.
func (f *file) packing(i int) (packing, error) {
	p := packing{data: f.contents(i)}
	p.size = uint64(len(p.data))
	if f.headers[i].flags()&flagCompressed != 0 {
		if len(p.data) < compressionHeaderSize {
			return p, f.sectionError(BadObject, i, "sh_size is "+hex(p.size)+", a compression header alone has "+decimal(compressionHeaderSize)+" bytes")
		}
		p.typ, p.size, p.data = le.Uint32(p.data), le.Uint64(p.data[8:]), p.data[compressionHeaderSize:]
	} else if bytes.HasPrefix(f.name(i), []byte(".zdebug_")) {
		if len(p.data) < gnuHeaderSize || string(p.data[:4]) != "ZLIB" {
			return p, f.sectionError(BadObject, i, "the section does not start with ZLIB and its size")
		}
		p.typ, p.size, p.data = compressionZlib, bits.ReverseBytes64(le.Uint64(p.data[4:])), p.data[gnuHeaderSize:]
	} else {
		return p, nil
	}
	ratio := uint64(ratioZlib)
	switch p.typ {
	case compressionZlib:
	case compressionZstd:
		ratio = ratioZstd
	default:
		return p, f.sectionError(Unsupported, i, "ch_type is "+decimal(p.typ)+", known are ELFCOMPRESS_ZLIB (1) and ELFCOMPRESS_ZSTD (2)")
	}
	if p.size/ratio > uint64(len(p.data)) {
		return p, f.sectionError(BadObject, i, "its uncompressed size is "+hex(p.size)+", more than "+decimal(len(p.data))+" compressed bytes can hold")
	}
	return p, nil
}

// unpack writes what the bytes of section i stand for.
func (f *file) unpack(dst []byte, p packing, i int) error {
	var err error
	switch p.typ {
	case compressionZlib:
		err = zlib.Decompress(dst, p.data)
	case compressionZstd:
		err = zstd.Decompress(dst, p.data)
	default:
		copy(dst, p.data)
	}
	if err != nil {
		return f.sectionError(BadObject, i, "it cannot be decompressed: "+err.Error())
	}
	return nil
}
