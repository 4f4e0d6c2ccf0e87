package symfile

// groupEntry is the size of a word in a section group: flags, then members.
const groupEntry = 4

// checkGroupHeader checks the header of a section group.
func (f *file) checkGroupHeader(i uint64, h *sectionHeader) error {
	f.has |= hasGroups
	if entry := h.entry(); entry != groupEntry {
		return f.sectionError(i, "sh_entsize is %d, an entry of a group has %d bytes", entry, groupEntry)
	}
	if size := h.size(); size < groupEntry || size%groupEntry != 0 {
		return f.sectionError(i, "sh_size is %#x, a group has %d bytes for its flags and for each member", size, groupEntry)
	}
	return nil
}

// checkGroups checks that the members of groups exist, and that sections which
// say that they are members are.
func (f *file) checkGroups() error {
	var members sectionSet
	members.init(f.sections)
	for i := uint64(1); i < f.sections; i++ {
		h := f.section(i)
		if h.typ() != sectionGroup {
			continue
		}
		link := uint64(h.link()) % f.sections
		if t := f.section(link).typ(); t != sectionSymbols {
			return f.sectionError(i, "sh_link is %d, a section of type %d, not the symbol table (SHT_SYMTAB, 2)", link, t)
		}
		if info, count := uint64(h.info()), f.section(link).size()/symbolSize; info >= count {
			return f.sectionError(i, "sh_info is %d, there are %d symbols", info, count)
		}
		words := f.contents(i)
		for at := groupEntry; len(words)-at >= groupEntry; at += groupEntry {
			member := uint64(le.Uint32(words[at:]))
			if member == 0 || member >= f.sections {
				return f.sectionError(i, "member %d of the group is section %d, there are %d sections",
					at/groupEntry, member, f.sections)
			}
			if f.section(member).typ() == sectionNull {
				return f.sectionError(i, "member %d of the group is section %d, an SHT_NULL one", at/groupEntry, member)
			}
			members.add(member)
		}
	}
	for i := uint64(1); i < f.sections; i++ {
		if h := f.section(i); h.flags()&flagGroup != 0 && h.typ() != sectionNull && !members.add(i) {
			return f.sectionError(i, "with SHF_GROUP, it is in no section group")
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
