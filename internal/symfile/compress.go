// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package symfile

import (
	"github.com/libjitdebug/libjitdebug/internal/elf"
	"github.com/libjitdebug/libjitdebug/internal/zlib"
	"github.com/libjitdebug/libjitdebug/internal/zstd"
)

const zstdMagic = 0xfd2fb528

// checkCompressed checks the headers of compressed sections, and that there is room for
// what they hold.
func (f *file) checkCompressed() error {
	sum, limit := uint64(0), elf.MostUncompressed(len(f.Bytes))
	for i := uint64(1); i < f.count; i++ {
		var err error
		size := uint64(0)
		switch {
		case f.section(i).Flags&elf.SHF_COMPRESSED != 0 && f.section(i).Type != elf.SHT_NULL:
			size, err = f.checkCompressionHeader(i)
		case f.hasContents(i) && f.isGNUCompressed(i):
			size, err = f.checkGNUCompressionHeader(i)
		}
		if err != nil {
			return err
		}
		if sum += size; size > limit || sum > limit {
			return f.sectionErrorf(i, "its uncompressed size is %#x, with those before it more than %d bytes, which an image of %d may have", size, limit, len(f.Bytes))
		}
	}
	if !f.room(uintptr(4 * sum)) {
		return ErrMemory
	}
	return nil
}

// uncompressed is what section i holds, which is compressed.
func (f *file) uncompressed(i uint64) ([]byte, error) {
	c, typ := f.contents(i), uint32(elf.ELFCOMPRESS_ZLIB)
	var size uint64
	if f.section(i).Flags&elf.SHF_COMPRESSED == 0 {
		size, _ = elf.GNUSize(c)
		c = c[min(len(c), elf.GNUChdrSize):]
	} else if len(c) >= elf.ChdrSize {
		h := *elf.In[elf.Chdr64](c)
		typ, size, c = h.Type, h.Size, c[elf.ChdrSize:]
	}
	if size > elf.MostUncompressed(len(f.Bytes)) { // it has changed since it was checked
		return nil, f.sectionErrorf(i, "its uncompressed size is %#x", size)
	}
	b := make([]byte, size)
	var err error
	if typ == elf.ELFCOMPRESS_ZSTD {
		err = zstd.Decompress(b, c)
	} else {
		err = zlib.Decompress(b, c)
	}
	if err != nil {
		return nil, f.sectionErrorf(i, "it cannot be decompressed: %s", err)
	}
	return b, nil
}

func (f *file) checkCompressionHeader(i uint64) (uint64, error) {
	if h := f.section(i); h.Flags&elf.SHF_ALLOC != 0 || h.Type == elf.SHT_NOBITS {
		return 0, f.sectionErrorf(i, "sh_flags is %#x: a section that is loaded or has no contents cannot be SHF_COMPRESSED", h.Flags)
	}
	c := f.contents(i)
	if len(c) < elf.ChdrSize {
		return 0, f.sectionErrorf(i, "sh_size is %#x, a compression header alone has %d bytes", len(c), elf.ChdrSize)
	}
	h := elf.In[elf.Chdr64](c)
	typ := h.Type
	ratio := elf.MaxRatio(typ)
	switch typ {
	case elf.ELFCOMPRESS_ZLIB:
	case elf.ELFCOMPRESS_ZSTD:
		if len(c) < elf.ChdrSize+4 || le.Uint32(c[elf.ChdrSize:]) != zstdMagic {
			return 0, f.sectionErrorf(i, "ch_type is ELFCOMPRESS_ZSTD (2), but its bytes are no zstd frame")
		}
	default:
		return 0, f.sectionErrorf(i, "ch_type is %d, it can be ELFCOMPRESS_ZLIB (1) or ELFCOMPRESS_ZSTD (2)", typ)
	}
	if size := h.Size; size/ratio > uint64(len(c)) {
		return 0, f.sectionErrorf(i, "ch_size is %#x, more than %d compressed bytes can hold", size, len(c)-elf.ChdrSize)
	}
	if align := h.Addralign; align&(align-1) != 0 {
		return 0, f.sectionErrorf(i, "ch_addralign is %#x, not a power of two", align)
	}
	return h.Size, nil
}

// checkGNUCompressionHeader checks a section in the older, GNU form of compression,
// which has no flag: its name begins with .zdebug_.
func (f *file) checkGNUCompressionHeader(i uint64) (uint64, error) {
	c := f.contents(i)
	size, ok := elf.GNUSize(c)
	if !ok {
		return 0, f.sectionErrorf(i, "the section does not start with ZLIB and its size")
	}
	if size/elf.MaxRatio(elf.ELFCOMPRESS_ZLIB) > uint64(len(c)) {
		return 0, f.sectionErrorf(i, "its uncompressed size is %#x, more than %d compressed bytes can hold", size, len(c)-elf.GNUChdrSize)
	}
	return size, nil
}
