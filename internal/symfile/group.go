// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package symfile

import "github.com/libjitdebug/libjitdebug/internal/elf"

// checkGroupHeader checks the header of a section group.
func (f *file) checkGroupHeader(i uint64, h *elf.Section64) error {
	f.has |= hasGroups
	if entry := h.Entsize; entry != elf.WordSize {
		return f.sectionErrorf(i, "sh_entsize is %d, an entry of a group has %d bytes", entry, elf.WordSize)
	}
	if size := h.Size; size < elf.WordSize || size%elf.WordSize != 0 {
		return f.sectionErrorf(i, "sh_size is %#x, a group has %d bytes for its flags and for each member", size, elf.WordSize)
	}
	return nil
}

// checkGroups checks that the members of groups exist, and that every section with
// SHF_GROUP is a member of one.
func (f *file) checkGroups() error {
	var members sectionSet
	members.init(f.count)
	for i := uint64(1); i < f.count; i++ {
		h := f.section(i)
		if h.Type != elf.SHT_GROUP {
			continue
		}
		link := uint64(h.Link) % f.count
		if t := f.section(link).Type; t != elf.SHT_SYMTAB {
			return f.sectionErrorf(i, "sh_link is %d, a section of type %d, not the symbol table (SHT_SYMTAB, 2)", link, t)
		}
		if info, count := uint64(h.Info), f.section(link).Size/elf.SymSize; info >= count {
			return f.sectionErrorf(i, "sh_info is %d, there are %d symbols", info, count)
		}
		words := elf.Table[uint32](f.contents(i)) // flags, then members
		for n := 1; n < len(words); n++ {
			member := uint64(words[n])
			if member == 0 || member >= f.count {
				return f.sectionErrorf(i, "member %d of the group is section %d, there are %d sections",
					n, member, f.count)
			}
			if f.section(member).Type == elf.SHT_NULL {
				return f.sectionErrorf(i, "member %d of the group is section %d, an SHT_NULL one", n, member)
			}
			members.add(member)
		}
	}
	for i := uint64(1); i < f.count; i++ {
		if h := f.section(i); h.Flags&elf.SHF_GROUP != 0 && h.Type != elf.SHT_NULL && !members.add(i) {
			return f.sectionErrorf(i, "with SHF_GROUP, it is in no section group")
		}
	}
	return nil
}

// A sectionSet is a set of section indexes. It does not allocate for images
// with up to 4096 sections.
type sectionSet struct {
	few  [64]uint64
	many []uint64
}

func (s *sectionSet) init(sections uint64) {
	if sections > 64*uint64(len(s.few)) {
		s.many = make([]uint64, sections/64+1)
	}
}

// add adds i, and says whether it was there before.
func (s *sectionSet) add(i uint64) bool {
	set := s.many
	if set == nil {
		set = s.few[:]
	}
	word, bit := i/64, uint64(1)<<(i%64)
	if word >= uint64(len(set)) {
		return false
	}
	before := set[word]
	set[word] |= bit
	return before&bit != 0
}
