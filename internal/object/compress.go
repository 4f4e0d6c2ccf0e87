// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package object

import (
	"bytes"

	"github.com/libjitdebug/libjitdebug/internal/elf"
	"github.com/libjitdebug/libjitdebug/internal/zlib"
	"github.com/libjitdebug/libjitdebug/internal/zstd"
)

// A compression is how the bytes of a section are compressed in the object.
type compression struct {
	typ  uint32 // ch_type, or 0 if they are not
	size uint64 // uncompressed
	data []byte // compressed
}

// compression is how section i is compressed. An uncompressed size that the bytes
// cannot hold is refused.
func (f *file) compression(i int) (compression, error) {
	p := compression{data: f.contents(i)}
	p.size = uint64(len(p.data))
	if f.Sections[i].Flags&elf.SHF_COMPRESSED != 0 {
		if len(p.data) < elf.ChdrSize {
			return p, f.sectionError(BadObject, i, "sh_size is "+hex(p.size)+", a compression header alone has "+decimal(elf.ChdrSize)+" bytes")
		}
		h := elf.In[elf.Chdr64](p.data)
		p.typ, p.size, p.data = h.Type, h.Size, p.data[elf.ChdrSize:]
	} else if bytes.HasPrefix(f.name(i), []byte(".zdebug_")) {
		size, ok := elf.GNUSize(p.data)
		if !ok {
			return p, f.sectionError(BadObject, i, "the section does not start with ZLIB and its size")
		}
		p.typ, p.size, p.data = elf.ELFCOMPRESS_ZLIB, size, p.data[elf.GNUChdrSize:]
	} else {
		return p, nil
	}
	ratio := elf.MaxRatio(p.typ)
	if ratio == 0 {
		return p, f.sectionError(Unsupported, i, "ch_type is "+decimal(p.typ)+", known are ELFCOMPRESS_ZLIB (1) and ELFCOMPRESS_ZSTD (2)")
	}
	if p.size/ratio > uint64(len(p.data)) {
		return p, f.sectionError(BadObject, i, "its uncompressed size is "+hex(p.size)+", more than "+decimal(len(p.data))+" compressed bytes can hold")
	}
	return p, nil
}

// decompress writes the uncompressed bytes of section i.
func (f *file) decompress(dst []byte, p compression, i int) error {
	var err error
	switch p.typ {
	case elf.ELFCOMPRESS_ZLIB:
		err = zlib.Decompress(dst, p.data)
	case elf.ELFCOMPRESS_ZSTD:
		err = zstd.Decompress(dst, p.data)
	default:
		copy(dst, p.data)
	}
	if err != nil {
		return f.sectionError(BadObject, i, "it cannot be decompressed: "+err.Error())
	}
	return nil
}
