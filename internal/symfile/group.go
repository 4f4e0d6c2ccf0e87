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

// checkGroups checks that the members of groups exist.
func (f *file) checkGroups() error {
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
			if member := uint64(le.Uint32(words[at:])); member == 0 || member >= f.sections {
				return f.sectionError(i, "member %d of the group is section %d, there are %d sections",
					at/groupEntry, member, f.sections)
			}
		}
	}
	return nil
}
