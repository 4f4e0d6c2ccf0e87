package symfile

import (
	"bytes"

	"github.com/libjitdebug/libjitdebug/internal/endian"
)

// Section types.
const (
	sectionNull       = 0          // SHT_NULL
	sectionProgram    = 1          // SHT_PROGBITS
	sectionSymbols    = 2          // SHT_SYMTAB
	sectionStrings    = 3          // SHT_STRTAB
	sectionRela       = 4          // SHT_RELA
	sectionNoBits     = 8          // SHT_NOBITS
	sectionRel        = 9          // SHT_REL
	sectionDynSymbols = 11         // SHT_DYNSYM
	sectionInitArray  = 14         // SHT_INIT_ARRAY
	sectionRelr       = 19         // SHT_RELR
	sectionGroup      = 17         // SHT_GROUP
	sectionIndexes    = 18         // SHT_SYMTAB_SHNDX
	sectionUnwind     = 0x70000001 // SHT_X86_64_UNWIND
)

// Section flags.
const (
	flagExec          = 1 << 2
	flagAlloc         = 1 << 1
	flagLinkOrder     = 1 << 7
	flagNonconforming = 1 << 8 // SHF_OS_NONCONFORMING
	flagInfoLink      = 1 << 6
	flagGroup         = 1 << 9
	flagCompressed    = 1 << 11
)

// le is the byte order of what is read.
var le = endian.Little

// A sectionHeader is one Elf64_Shdr in place.
type sectionHeader [sectionHeaderSize]byte

func (h *sectionHeader) name() uint32   { return le.Uint32(h[0:]) }
func (h *sectionHeader) typ() uint32    { return le.Uint32(h[4:]) }
func (h *sectionHeader) flags() uint64  { return le.Uint64(h[8:]) }
func (h *sectionHeader) addr() uint64   { return le.Uint64(h[16:]) }
func (h *sectionHeader) offset() uint64 { return le.Uint64(h[24:]) }
func (h *sectionHeader) size() uint64   { return le.Uint64(h[32:]) }
func (h *sectionHeader) link() uint32   { return le.Uint32(h[40:]) }
func (h *sectionHeader) info() uint32   { return le.Uint32(h[44:]) }
func (h *sectionHeader) entry() uint64  { return le.Uint64(h[56:]) }

// section is the header of section i, which has to be one of the image's.
func (f *file) section(i uint64) *sectionHeader { return &f.headers[i] }

// hasContents says whether section i is one that has bytes in the image.
func (f *file) hasContents(i uint64) bool {
	t := f.section(i).typ()
	return t != sectionNull && t != sectionNoBits
}

// contents is what section i holds; nothing, if it lies outside the image.
func (f *file) contents(i uint64) []byte {
	h := &f.headers[i] // f.section(i) would be one too many to inline
	offset := h.offset()
	end := offset + h.size()
	if h.typ() == sectionNoBits || end < offset || end > uint64(len(f.bytes)) {
		return nil
	}
	return f.bytes[offset:end]
}

// checkSections checks the section headers, but for what they mean to each
// other beyond sh_link and sh_info. Of contents it looks at the names, for those
// of debug information, and at the end of each table of strings, which is a NUL.
func (f *file) checkSections() error {
	size, sections := uint64(len(f.bytes)), f.sections
	end, sum := f.end, uint64(0)
	names := f.contents(f.names)
	if len(names) == 0 && f.namesSize == 0 {
		return f.sectionError(f.names, "sh_size is 0: the section names need a string table")
	}
	// The other fields of section 0 may hold what does not fit into the ELF header.
	if offset, length := f.section(0).offset(), f.section(0).size(); offset > size || length > size-offset {
		return f.sectionError(0, "sh_offset %#x + sh_size %#x ends past the image's %d bytes", offset, length, size)
	}
	for n := range f.headers[1:] {
		i := uint64(n) + 1
		h := &f.headers[i]
		if link := uint64(h.link()); link >= sections && link != indexReserve && link != indexReserve+1 {
			return f.sectionError(i, "sh_link is %d, there are %d sections", link, f.sections)
		}
		if name := uint64(h.name()); name >= f.namesSize {
			return f.sectionError(i, "sh_name is %d, the section names have %d bytes", name, f.namesSize)
		}
		typ, flags := h.typ(), h.flags()
		if addr, length := h.addr(), h.size(); flags&flagAlloc != 0 && (length > loadedLimit || addr+length < addr) {
			return f.sectionError(i, "sh_addr %#x + sh_size %#x is more than a process can load", addr, length)
		}
		if flags&(flagInfoLink|flagLinkOrder|flagGroup|flagCompressed) != 0 {
			if err := f.checkFlags(i, h); err != nil {
				return err
			}
		}
		switch typ {
		case sectionNull, sectionProgram, sectionStrings:
		case sectionNoBits:
			continue
		case sectionSymbols, sectionDynSymbols, sectionIndexes:
			if err := f.checkSymbolHeader(i, h); err != nil {
				return err
			}
		case sectionRela, sectionRel:
			if err := f.checkRelocationHeader(i, h); err != nil {
				return err
			}
		case sectionGroup:
			if err := f.checkGroupHeader(i, h); err != nil {
				return err
			}
		default:
			if !knownType(typ, flags) {
				return f.sectionError(i, "sh_type is %#x, which is unknown with sh_flags %#x", typ, flags)
			}
		}
		offset, length := h.offset(), h.size()
		if offset > size || length > size-offset {
			return f.sectionError(i, "sh_offset %#x + sh_size %#x ends past the image's %d bytes", offset, length, size)
		}
		if typ == sectionStrings && length != 0 && flags&flagCompressed == 0 && f.bytes[offset+length-1] != 0 {
			return f.sectionError(i, "the last byte of the string table is %#x, not a NUL", f.bytes[offset+length-1])
		}
		if start := nameStart(names, h); isDebugStart(start) || start == startFrame {
			f.noteDebug(i, start)
		}
		end = max(end, offset+length)
		if sum += length; sum < length {
			sum = 1<<64 - 1 // cannot go on; refused for its size
			break
		}
	}
	f.end, f.contentsSize = end, sum
	return nil
}

// knownType says whether BFD knows a type of section or lets it pass: an image
// with another type is to gdb one for an unknown machine.
func knownType(typ uint32, flags uint64) bool {
	switch {
	case typ <= sectionDynSymbols, typ >= sectionInitArray && typ <= sectionRelr:
		return true
	case typ >= 0x60000000 && typ < 0x70000000: // SHT_LOOS to SHT_HIOS
		return flags&flagNonconforming == 0
	case typ >= 0x80000000: // SHT_LOUSER and up
		return flags&flagAlloc == 0
	}
	return typ == sectionUnwind
}

// loadedLimit is the size of a loaded section past which it is wrong. gdb takes
// the section for that of every address in it, the process's own code included,
// and ends itself when it finds its breakpoint in there.
const loadedLimit = 1 << 40

// checkFlags checks a section with a flag that gives its other fields a meaning.
func (f *file) checkFlags(i uint64, h *sectionHeader) error {
	if h.flags()&flagInfoLink != 0 && uint64(h.info()) >= f.sections {
		return f.sectionError(i, "with SHF_INFO_LINK, sh_info is %d, there are %d sections", h.info(), f.sections)
	}
	if h.flags()&flagLinkOrder != 0 && uint64(h.link()) < f.sections && h.link() != 0 {
		switch t := f.section(uint64(h.link())).typ(); t {
		case sectionNull, sectionSymbols, sectionStrings, sectionRela, sectionRel, sectionIndexes:
			return f.sectionError(i, "with SHF_LINK_ORDER, sh_link is %d, a section of type %d, which has no order", h.link(), t)
		}
	}
	if h.flags()&flagCompressed != 0 {
		f.has |= hasCompressed
	}
	if h.flags()&flagGroup != 0 {
		f.has |= hasGroups
	}
	return nil
}

// checkLoaded checks that code is loaded: where it is not, gdb ends itself over
// the addresses that debug information gives it.
func (f *file) checkLoaded() error {
	for n := range f.headers {
		h := &f.headers[n]
		if flags := h.flags(); flags&(flagAlloc|flagExec) == flagExec && h.typ() != sectionNull {
			return f.sectionError(uint64(n), "sh_flags is %#x: code with debug information that is not SHF_ALLOC", flags)
		}
	}
	return nil
}

// sectionName is the name of section i, as far as it can be read.
func (f *file) sectionName(i uint64) []byte {
	names, at := f.contents(f.names), uint64(f.section(i).name())
	if at >= uint64(len(names)) {
		return nil
	}
	name := names[at:]
	name = name[:min(len(name), 64)]
	if end := bytes.IndexByte(name, 0); end >= 0 {
		name = name[:end]
	}
	return name
}
