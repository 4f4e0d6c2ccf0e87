// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package symfile

import (
	"github.com/libjitdebug/libjitdebug/internal/elf"
	"github.com/libjitdebug/libjitdebug/internal/endian"
)

// le is the byte order of what is read.
var le = endian.Little

// section is the header of section i, which has to be one of the image's.
func (f *file) section(i uint64) *elf.Section64 { return &f.Sections[i] }

// hasContents says whether section i is one that has bytes in the image.
func (f *file) hasContents(i uint64) bool {
	t := f.section(i).Type
	return t != elf.SHT_NULL && t != elf.SHT_NOBITS
}

// contents is the bytes of section i; none if they lie outside of the image.
func (f *file) contents(i uint64) []byte { return f.Contents(&f.Sections[i]) }

// checkSections checks the section headers, each by itself: that sections fit each
// other, beyond sh_link and sh_info, is checked later. It notes what there is to
// check later, and which section covers the address taken. The only contents it
// reads are the sections' names and the NUL that ends a string table.
func (f *file) checkSections(taken uint64) error {
	size, sections := uint64(len(f.Bytes)), f.count
	end, sum := f.end, uint64(0)
	names := f.Names
	if len(names) == 0 && f.namesSize == 0 {
		return f.sectionErrorf(f.names, "sh_size is 0: the section names need a string table")
	}
	// Section 0 is none, but its other fields may hold counts that are too large for
	// the ELF header.
	if offset, length := f.section(0).Off, f.section(0).Size; offset > size || length > size-offset {
		return f.sectionErrorf(0, "sh_offset %#x + sh_size %#x ends past the image's %d bytes", offset, length, size)
	}
	for n := range f.Sections[1:] {
		i := uint64(n) + 1
		h := &f.Sections[i]
		if link := uint64(h.Link); link >= sections && link != elf.SHN_BEFORE && link != elf.SHN_AFTER {
			return f.sectionErrorf(i, "sh_link is %d, there are %d sections", link, f.count)
		}
		if name := uint64(h.Name); name >= f.namesSize {
			return f.sectionErrorf(i, "sh_name is %d, the section names have %d bytes", name, f.namesSize)
		}
		typ, flags := h.Type, h.Flags
		if flags&elf.SHF_ALLOC != 0 {
			addr, length := h.Addr, h.Size
			if length > loadedLimit || addr+length < addr {
				return f.sectionErrorf(i, "sh_addr %#x + sh_size %#x is more than a process can load", addr, length)
			}
			if taken-addr < length && f.covering == 0 {
				f.covering = i
			}
		} else if flags&elf.SHF_EXECINSTR != 0 && typ != elf.SHT_NULL && f.unloaded == 0 {
			f.unloaded = i
		}
		if flags&(elf.SHF_INFO_LINK|elf.SHF_LINK_ORDER|elf.SHF_GROUP|elf.SHF_COMPRESSED) != 0 {
			if err := f.checkFlags(i, h); err != nil {
				return err
			}
		}
		switch typ {
		case elf.SHT_NULL, elf.SHT_PROGBITS, elf.SHT_STRTAB:
		case elf.SHT_NOBITS:
			continue
		case elf.SHT_SYMTAB, elf.SHT_DYNSYM, elf.SHT_SYMTAB_SHNDX:
			if err := f.checkSymbolHeader(i, h); err != nil {
				return err
			}
		case elf.SHT_RELA, elf.SHT_REL:
			if err := f.checkRelocationHeader(i, h); err != nil {
				return err
			}
		case elf.SHT_GROUP:
			if err := f.checkGroupHeader(i, h); err != nil {
				return err
			}
		default:
			if !knownType(typ, flags) {
				return f.sectionErrorf(i, "sh_type is %#x, which is unknown with sh_flags %#x", typ, flags)
			}
		}
		offset, length := h.Off, h.Size
		if offset > size || length > size-offset {
			return f.sectionErrorf(i, "sh_offset %#x + sh_size %#x ends past the image's %d bytes", offset, length, size)
		}
		if typ == elf.SHT_STRTAB && length != 0 && flags&elf.SHF_COMPRESSED == 0 && f.Bytes[offset+length-1] != 0 {
			return f.sectionErrorf(i, "the last byte of the string table is %#x, not a NUL", f.Bytes[offset+length-1])
		}
		start := nameStart(names, h)
		if isDebugStart(start) || start == startFrame {
			f.noteDebug(i, start)
		}
		f.noteOther(start)
		end = max(end, offset+length)
		if sum += length; sum < length {
			sum = 1<<64 - 1 // an overflow: checkSize refuses the image
			break
		}
	}
	f.end, f.contentsSize = end, sum
	return nil
}

// knownType says whether BFD, by which gdb reads ELF, knows a type of section or
// passes over it. An image with another type it does not open.
func knownType(typ uint32, flags uint64) bool {
	switch {
	case typ <= elf.SHT_DYNSYM, typ >= elf.SHT_INIT_ARRAY && typ <= elf.SHT_RELR:
		return true
	case typ >= elf.SHT_LOOS && typ <= elf.SHT_HIOS:
		return flags&elf.SHF_OS_NONCONFORMING == 0
	case typ >= elf.SHT_LOUSER:
		return flags&elf.SHF_ALLOC == 0
	}
	return typ == elf.SHT_X86_64_UNWIND
}

// loadedLimit is the size past which a loaded section's sh_size is wrong. gdb takes
// every address within for the image's, those of the process's own code too. A defect of
// gdb's: if the hook is among them, handle_jit_event ends it with an internal error.
const loadedLimit = 1 << 40

// checkFlags checks a section with a flag that gives its other fields a meaning.
func (f *file) checkFlags(i uint64, h *elf.Section64) error {
	if h.Flags&elf.SHF_INFO_LINK != 0 && uint64(h.Info) >= f.count {
		return f.sectionErrorf(i, "with SHF_INFO_LINK, sh_info is %d, there are %d sections", h.Info, f.count)
	}
	if h.Flags&elf.SHF_LINK_ORDER != 0 && uint64(h.Link) < f.count && h.Link != 0 {
		switch t := f.section(uint64(h.Link)).Type; t {
		case elf.SHT_NULL, elf.SHT_SYMTAB, elf.SHT_STRTAB, elf.SHT_RELA, elf.SHT_REL, elf.SHT_SYMTAB_SHNDX:
			return f.sectionErrorf(i, "with SHF_LINK_ORDER, sh_link is %d, a section of type %d, which has no order", h.Link, t)
		}
	}
	if h.Flags&elf.SHF_COMPRESSED != 0 {
		f.has |= hasCompressed
	}
	if h.Flags&elf.SHF_GROUP != 0 {
		f.has |= hasGroups
	}
	return nil
}

// checkLoaded checks that code is SHF_ALLOC. A defect of gdb's: it crashes over addresses
// that debug information gives in code which is not.
func (f *file) checkLoaded() error {
	if i := f.unloaded; i != 0 {
		return f.sectionErrorf(i, "sh_flags is %#x: code with debug information that is not SHF_ALLOC", f.section(i).Flags)
	}
	return nil
}

// sectionName is the name of section i, cut after 64 bytes.
func (f *file) sectionName(i uint64) []byte { return cut(f.Names, f.section(i).Name) }

// cut is a string of a table, cut after 64 bytes: no name that means something is
// longer, and one without an end is not read to the end of the table.
func cut(table []byte, offset uint32) []byte {
	return elf.String(table[:min(uint64(len(table)), uint64(offset)+64)], offset)
}
