package symfile

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"io"
)

const (
	compressionHeaderSize = 24 // Elf64_Chdr
	compressionZlib       = 1  // ELFCOMPRESS_ZLIB
	compressionZstd       = 2  // ELFCOMPRESS_ZSTD

	zstdMagic = 0xfd2fb528

	// The most that one byte can stand for: a deflate match, and a zstd block
	// of one repeated byte.
	ratioZlib = 1032
	ratioZstd = 128 << 10

	// The debug sections of an image that would take more memory than this to
	// inflate are not looked into.
	inflateLimit = 256 << 20
)

// checkCompressed checks the headers of compressed sections.
func (f *file) checkCompressed() error {
	for i := uint64(1); i < f.sections; i++ {
		h := f.section(i)
		if h.flags()&flagCompressed == 0 || h.typ() == sectionNull {
			continue
		}
		if h.flags()&flagAlloc != 0 || h.typ() == sectionNoBits {
			return f.sectionError(i, "sh_flags is %#x: a section that is loaded or has no contents cannot be SHF_COMPRESSED", h.flags())
		}
		c := f.contents(i)
		if len(c) < compressionHeaderSize {
			return f.sectionError(i, "sh_size is %#x, a compression header alone has %d bytes", len(c), compressionHeaderSize)
		}
		ratio := uint64(ratioZlib)
		switch typ := le.Uint32(c); typ {
		case compressionZlib:
		case compressionZstd:
			ratio = ratioZstd
			if len(c) < compressionHeaderSize+4 || le.Uint32(c[compressionHeaderSize:]) != zstdMagic {
				return f.sectionError(i, "ch_type is ELFCOMPRESS_ZSTD (2), but its bytes are no zstd frame")
			}
		default:
			return f.sectionError(i, "ch_type is %d, it can be ELFCOMPRESS_ZLIB (1) or ELFCOMPRESS_ZSTD (2)", typ)
		}
		if size := le.Uint64(c[8:]); size/ratio > uint64(len(c)) {
			return f.sectionError(i, "ch_size is %#x, more than %d compressed bytes can hold", size, len(c)-compressionHeaderSize)
		}
		if align := le.Uint64(c[16:]); align&(align-1) != 0 {
			return f.sectionError(i, "ch_addralign is %#x, not a power of two", align)
		}
	}
	return nil
}

// inflated is what a section holds once it has been uncompressed; ok is false if
// that is not known.
func (d *debug) inflated(i uint64) (data []byte, ok bool, err error) {
	data = d.f.contents(i)
	var size uint64
	switch h := d.f.section(i); {
	case h.flags()&flagCompressed != 0:
		if len(data) < compressionHeaderSize || le.Uint32(data) != compressionZlib {
			return nil, false, nil
		}
		size = le.Uint64(data[8:])
		data = data[compressionHeaderSize:]
	case bytes.HasPrefix(d.f.sectionName(i), gnuCompressed):
		if len(data) < 12 || string(data[:4]) != "ZLIB" {
			return nil, false, d.f.sectionError(i, "the section does not start with ZLIB and its size")
		}
		size = binary.BigEndian.Uint64(data[4:])
		data = data[12:]
		if size/ratioZlib > uint64(len(data)) {
			return nil, false, d.f.sectionError(i, "its uncompressed size is %#x, more than %d compressed bytes can hold", size, len(data))
		}
	default:
		return data, true, nil
	}
	if d.inflate += size; d.inflate > inflateLimit {
		return nil, false, nil
	}
	z, err := zlib.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, false, d.f.sectionError(i, "its %d compressed bytes are no zlib stream", len(data))
	}
	data, err = io.ReadAll(io.LimitReader(z, int64(size)+1))
	if err != nil {
		return nil, false, d.f.sectionError(i, "its compressed bytes cannot be inflated")
	}
	if uint64(len(data)) != size {
		return nil, false, d.f.sectionError(i, "its compressed bytes inflate to another size than the %#x in its header", size)
	}
	return data, true, nil
}
