package symfile

import "github.com/libjitdebug/libjitdebug/internal/elf"

const zstdMagic = 0xfd2fb528

// checkCompressed checks the headers of compressed sections: above all the
// uncompressed size, which a debugger allocates. The data are not decompressed.
func (f *file) checkCompressed() error {
	for i := uint64(1); i < f.count; i++ {
		var err error
		switch {
		case f.section(i).Flags&elf.SHF_COMPRESSED != 0 && f.section(i).Type != elf.SHT_NULL:
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
	if h := f.section(i); h.Flags&elf.SHF_ALLOC != 0 || h.Type == elf.SHT_NOBITS {
		return f.sectionErrorf(i, "sh_flags is %#x: a section that is loaded or has no contents cannot be SHF_COMPRESSED", h.Flags)
	}
	c := f.contents(i)
	if len(c) < elf.ChdrSize {
		return f.sectionErrorf(i, "sh_size is %#x, a compression header alone has %d bytes", len(c), elf.ChdrSize)
	}
	h := elf.In[elf.Chdr64](c)
	typ := h.Type
	ratio := elf.MaxRatio(typ)
	switch typ {
	case elf.ELFCOMPRESS_ZLIB:
	case elf.ELFCOMPRESS_ZSTD:
		if len(c) < elf.ChdrSize+4 || le.Uint32(c[elf.ChdrSize:]) != zstdMagic {
			return f.sectionErrorf(i, "ch_type is ELFCOMPRESS_ZSTD (2), but its bytes are no zstd frame")
		}
	default:
		return f.sectionErrorf(i, "ch_type is %d, it can be ELFCOMPRESS_ZLIB (1) or ELFCOMPRESS_ZSTD (2)", typ)
	}
	if size := h.Size; size/ratio > uint64(len(c)) {
		return f.sectionErrorf(i, "ch_size is %#x, more than %d compressed bytes can hold", size, len(c)-elf.ChdrSize)
	}
	if align := h.Addralign; align&(align-1) != 0 {
		return f.sectionErrorf(i, "ch_addralign is %#x, not a power of two", align)
	}
	return nil
}

// checkGNUCompressionHeader checks a section in the older, GNU form of compression,
// which has no flag: its name begins with .zdebug_.
func (f *file) checkGNUCompressionHeader(i uint64) error {
	c := f.contents(i)
	size, ok := elf.GNUSize(c)
	if !ok {
		return f.sectionErrorf(i, "the section does not start with ZLIB and its size")
	}
	if size/elf.MaxRatio(elf.ELFCOMPRESS_ZLIB) > uint64(len(c)) {
		return f.sectionErrorf(i, "its uncompressed size is %#x, more than %d compressed bytes can hold", size, len(c)-elf.GNUChdrSize)
	}
	return nil
}
