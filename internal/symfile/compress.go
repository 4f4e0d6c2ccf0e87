package symfile

import "math/bits"

const (
	compressionHeaderSize = 24 // Elf64_Chdr
	compressionZlib       = 1  // ELFCOMPRESS_ZLIB
	compressionZstd       = 2  // ELFCOMPRESS_ZSTD

	zstdMagic = 0xfd2fb528

	gnuCompressionHeaderSize = 12 // ZLIB, and the size in big-endian

	// The most that one byte can stand for: a deflate match, and a zstd block
	// of one repeated byte.
	ratioZlib = 1032
	ratioZstd = 128 << 10 / 4
)

// checkCompressed checks the headers of compressed sections. What a debugger
// inflates them to is not looked at, only how much memory it takes for that.
func (f *file) checkCompressed() error {
	for i := uint64(1); i < f.sections; i++ {
		var err error
		switch {
		case f.section(i).flags()&flagCompressed != 0 && f.section(i).typ() != sectionNull:
			err = f.checkCompressionHeader(i)
		case f.hasContents(i) && f.isGNUCompressed(i):
			err = f.checkGNUCompressionHeader(i)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (f *file) checkCompressionHeader(i uint64) error {
	if h := f.section(i); h.flags()&flagAlloc != 0 || h.typ() == sectionNoBits {
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
	return nil
}

// checkGNUCompressionHeader checks a section that is compressed without a flag
// that says so, but a name.
func (f *file) checkGNUCompressionHeader(i uint64) error {
	c := f.contents(i)
	if len(c) < gnuCompressionHeaderSize || string(c[:4]) != "ZLIB" {
		return f.sectionError(i, "the section does not start with ZLIB and its size")
	}
	if size := bits.ReverseBytes64(le.Uint64(c[4:])); size/ratioZlib > uint64(len(c)) {
		return f.sectionError(i, "its uncompressed size is %#x, more than %d compressed bytes can hold", size, len(c)-gnuCompressionHeaderSize)
	}
	return nil
}
