package object

import (
	"bytes"
	"cmp"
	"slices"
)

// An image is the file that is made of an object:
//
//	the ELF header
//	the section headers
//	the sections' contents, in their order
//
// The sections are one of none, those that were loaded, without contents; those
// of DWARF; the symbols, their names, and the names of the sections.
type image struct {
	f        *file
	sections []output
	names    []byte // that come after the object's own

	frameSection uint32 // the image's .debug_frame, if the object has an .eh_frame
	framesAt     uint64 // where in it the converted frames start
	symbolTable  uint32
	locals       int // number of local symbols
	count        int // number of symbols

	size  uint64
	bytes []byte
}

// An output is a section of the image.
type output struct {
	name, typ, link, info     uint32
	flags, addr, align, entry uint64
	at, size                  uint64 // of its contents, if typ is not SHT_NOBITS
	gone                      uint64 // see the function
}

func newImage(f *file) *image { return &image{f: f, sections: make([]output, 1)} }

// layOut decides where everything goes, and counts the bytes.
func (m *image) layOut() error {
	m.addAllLoaded()
	if err := m.addDebug(); err != nil {
		return err
	}
	if err := m.addFrames(); err != nil {
		return err
	}
	if err := m.addSymbols(); err != nil {
		return err
	}
	m.size = headerSize + uint64(len(m.sections))*sectionHeaderSize
	for i := range m.sections {
		s := &m.sections[i]
		if s.typ == sectionNoBits || s.typ == sectionNull {
			continue
		}
		m.size = (m.size + 7) &^ 7
		s.at = m.size
		if m.size += s.size; m.size < s.size {
			return &Error{OutOfMemory, "the image would be larger than memory"}
		}
	}
	return nil
}

// add adds a section and returns its index.
func (m *image) add(s output) uint32 {
	m.sections = append(m.sections, s)
	return uint32(len(m.sections) - 1)
}

// addName adds a name of a section.
func (m *image) addName(name string) uint32 {
	at := len(m.f.names) + len(m.names)
	m.names = append(append(m.names, name...), 0)
	return uint32(at)
}

// manyLoaded is the number of loaded sections past which neighbours become one.
const manyLoaded = 1024

// addAllLoaded adds the sections that were loaded. Of many, those that lie side by
// side become one, as in a linked file: gdb 13 keeps the section of a symbol in 16
// bits with a sign, and lldb's time grows with the square of their number.
func (m *image) addAllLoaded() {
	f := m.f
	var all []int
	for i := range f.sections {
		if f.sections[i].fate == loaded {
			all = append(all, i)
		}
	}
	many := len(all) > manyLoaded
	if many {
		slices.SortStableFunc(all, func(a, b int) int { return cmp.Compare(f.sections[a].address, f.sections[b].address) })
	}
	alone := true // the latest
	for n, i := range all {
		if !many || n == 0 || !m.follows(i) {
			m.addLoaded(i)
			alone = true
			continue
		}
		h, s := &f.headers[i], &f.sections[i]
		s.output = uint32(len(m.sections) - 1)
		o := &m.sections[s.output]
		if o.size = s.address + h.size() - o.addr; alone {
			o.name, alone = m.addName(family(f.name(all[n-1]))), false
		}
	}
}

// follows says whether section i lies behind the latest of the image with no room
// between them for anything else.
func (m *image) follows(i int) bool {
	o, h, s := &m.sections[len(m.sections)-1], &m.f.headers[i], &m.f.sections[i]
	end, room := o.addr+o.size, uint64(16)
	return h.flags()&(flagWrite|flagAlloc|flagExec|flagThread) == o.flags && o.flags&flagThread == 0 &&
		s.address >= end && s.address-end < room
}

// family is the name that a linker gives to what it makes of a section: .text of
// .text.main.
func family(name []byte) string {
	if len(name) > 1 {
		if dot := bytes.IndexByte(name[1:], '.'); dot > 0 {
			name = name[:1+dot]
		}
	}
	return string(name)
}

// addLoaded adds a section that was loaded. Its bytes are in the process, and
// relocated there, so a debugger must not look for them in the image. If it was
// not loaded at its alignment, the alignment is what it was loaded at: a
// misaligned section ends an lldb with assertions.
func (m *image) addLoaded(i int) {
	h, s := &m.f.headers[i], &m.f.sections[i]
	s.output = m.add(output{
		name: h.name(), typ: sectionNoBits, flags: h.flags() & (flagWrite | flagAlloc | flagExec | flagThread),
		addr: s.address, size: h.size(), align: min(max(h.align()&-h.align(), 1), s.address&-s.address),
	})
}

// addDebug adds the sections of DWARF. Those of one name, which come from section
// groups, become one, as in a linked file: lldb reads no more than one of each.
func (m *image) addDebug() error {
	f := m.f
	known := map[string]uint32{}
	for i := range f.sections {
		s := &f.sections[i]
		if s.fate != debug {
			continue
		}
		packing, err := f.packing(i)
		if err != nil {
			return err
		}
		name, at := f.name(i), f.headers[i].name()
		plain := name
		if bytes.HasPrefix(name, []byte(".z")) {
			plain = append([]byte{'.'}, name[2:]...)
		}
		index, joins := known[string(plain)]
		if !joins {
			if len(plain) != len(name) {
				at = m.addName(string(plain))
			}
			index = m.add(output{
				name: at, typ: sectionProgram, flags: f.headers[i].flags() & (flagMerge | flagStrings),
				align: 1, entry: f.headers[i].entry(), gone: gone(string(plain)),
			})
			known[string(plain)] = index
		}
		o := &m.sections[index]
		s.output, s.address = index, o.size
		if o.size += packing.size; o.size < packing.size {
			return f.sectionError(OutOfMemory, i, "the image would be larger than memory")
		}
	}
	return nil
}

// addFrames adds what .eh_frame says to the image's .debug_frame.
func (m *image) addFrames() error {
	f := m.f
	for i := range f.sections {
		if f.sections[i].fate != frame {
			continue
		}
		if m.frameSection == 0 {
			m.findFrameSection()
		}
		o := &m.sections[m.frameSection]
		c := converter{f: f, section: i, base: o.size}
		if err := c.convert(); err != nil {
			return err
		}
		o.size += c.n
	}
	return nil
}

func (m *image) findFrameSection() {
	for i := range m.f.sections {
		if s := &m.f.sections[i]; s.fate == debug && string(m.f.name(i)) == ".debug_frame" {
			m.frameSection = s.output
		}
	}
	if m.frameSection == 0 {
		m.frameSection = m.add(output{name: m.addName(".debug_frame"), typ: sectionProgram, align: 1})
	}
	m.framesAt = m.sections[m.frameSection].size
}

// addSymbols adds the symbols and the names.
func (m *image) addSymbols() error {
	extended := false
	m.count, m.locals = 1, 1
	for n := 1; n < m.f.symbolCount(); n++ {
		index, wanted, err := m.symbolSection(n)
		if err != nil {
			return err
		}
		if !wanted {
			continue
		}
		if m.f.symbol(n).local() {
			if m.locals != m.count {
				return bad("symbol " + decimal(n) + quoted(m.f.symbolName(n)) + ": a local one after global ones")
			}
			m.locals++
		}
		m.count++
		extended = extended || index >= indexReserve
	}
	m.symbolTable = m.add(output{name: m.addName(".symtab"), typ: sectionSymbols, align: 8,
		size: uint64(m.count) * symbolSize, entry: symbolSize, info: uint32(m.locals)})
	if extended {
		m.add(output{name: m.addName(".symtab_shndx"), typ: sectionIndexes, align: 4,
			size: uint64(m.count) * indexSize, entry: indexSize, link: m.symbolTable})
	}
	m.sections[m.symbolTable].link = m.add(output{name: m.addName(".strtab"), typ: sectionStrings, align: 1,
		size: uint64(len(m.f.strings)) + 1})
	name := m.addName(".shstrtab")
	m.add(output{name: name, typ: sectionStrings, align: 1, size: uint64(len(m.f.names) + len(m.names))})
	return nil
}

// symbolSection is the section of the image that symbol n is in, and whether it
// is of use there: those that have an address are, and the names of source files.
func (m *image) symbolSection(n int) (index uint32, wanted bool, err error) {
	home, err := m.f.home(n)
	if err != nil {
		return 0, false, err
	}
	s := m.f.symbol(n)
	if home == 0 {
		return indexAbsolute, s.index() == indexAbsolute && (s.typ() == symbolFile || !s.local()), nil
	}
	if m.f.sections[home].fate != loaded || s.typ() == symbolSection {
		return 0, false, nil
	}
	return m.f.sections[home].output, true, nil
}

// write writes the image.
func (m *image) write() error {
	m.writeHeaders()
	end := headerSize + uint64(len(m.sections))*sectionHeaderSize
	for i := range m.sections {
		if s := &m.sections[i]; s.typ != sectionNoBits && s.typ != sectionNull {
			clear(m.bytes[end:s.at])
			end = s.at + s.size
		}
	}
	if err := m.writeDebug(); err != nil {
		return err
	}
	if err := m.writeFrames(); err != nil {
		return err
	}
	m.writeSymbols()
	last := len(m.sections) - 1
	copy(m.contents(uint32(last)), m.f.names)
	copy(m.contents(uint32(last))[len(m.f.names):], m.names)
	strings := m.contents(m.sections[m.symbolTable].link)
	strings[copy(strings, m.f.strings)] = 0
	return nil
}

// contents is the place of a section's contents.
func (m *image) contents(i uint32) []byte {
	s := &m.sections[i]
	return m.bytes[s.at : s.at+s.size]
}

func (m *image) writeHeaders() {
	h := m.bytes[:headerSize]
	copy(h, m.f.bytes[:headerSize]) // ident, machine, version, flags
	le.PutUint16(h[16:], typeRel)
	le.PutUint64(h[24:], 0) // e_entry
	le.PutUint64(h[32:], 0) // e_phoff
	le.PutUint64(h[40:], headerSize)
	le.PutUint16(h[52:], headerSize)
	le.PutUint32(h[54:], 0) // e_phentsize, e_phnum
	le.PutUint16(h[58:], sectionHeaderSize)
	count, names := len(m.sections), len(m.sections)-1
	none := &m.sections[0]
	if count >= indexReserve {
		none.size, count = uint64(count), 0
	}
	if names >= indexReserve {
		none.link, names = uint32(names), indexExtended
	}
	le.PutUint16(h[60:], uint16(count))
	le.PutUint16(h[62:], uint16(names))
	for i := range m.sections {
		s, h := &m.sections[i], m.bytes[headerSize+i*sectionHeaderSize:]
		le.PutUint32(h[0:], s.name)
		le.PutUint32(h[4:], s.typ)
		le.PutUint64(h[8:], s.flags)
		le.PutUint64(h[16:], s.addr)
		le.PutUint64(h[24:], s.at)
		le.PutUint64(h[32:], s.size)
		le.PutUint32(h[40:], s.link)
		le.PutUint32(h[44:], s.info)
		le.PutUint64(h[48:], s.align)
		le.PutUint64(h[56:], s.entry)
	}
}

func (m *image) writeDebug() error {
	f := m.f
	for i := range f.sections {
		s := &f.sections[i]
		if s.fate != debug {
			continue
		}
		packing, err := f.packing(i)
		if err != nil {
			return err
		}
		b := m.contents(s.output)[s.address : s.address+packing.size]
		if err := f.unpack(b, packing, i); err != nil {
			return err
		}
		relocations := f.relocations(i)
		if err := relocations.apply(b, m.sections[s.output].gone); err != nil {
			return err
		}
	}
	return nil
}

func (m *image) writeFrames() error {
	base := m.framesAt
	for i := range m.f.sections {
		if m.f.sections[i].fate != frame {
			continue
		}
		c := converter{f: m.f, section: i, base: base, out: m.contents(m.frameSection)[base:]}
		if err := c.convert(); err != nil {
			return err
		}
		base += c.n
	}
	return nil
}

func (m *image) writeSymbols() {
	table := m.contents(m.symbolTable)
	var indexes []byte
	if next := m.symbolTable + 1; m.sections[next].typ == sectionIndexes {
		indexes = m.contents(next)
		clear(indexes)
	}
	clear(table[:symbolSize])
	for n, at := 1, 1; n < m.f.symbolCount(); n++ {
		index, wanted, err := m.symbolSection(n)
		if err != nil || !wanted {
			continue
		}
		to := table[at*symbolSize:]
		copy(to[:symbolSize], m.f.symbol(n)[:])
		if uint64(le.Uint32(to)) >= uint64(len(m.f.strings)) {
			le.PutUint32(to, uint32(len(m.f.strings))) // a name that is none
		}
		if home, _ := m.f.home(n); home != 0 {
			le.PutUint64(to[8:], m.f.symbol(n).value()+m.f.sections[home].address-m.sections[index].addr)
		}
		switch {
		case index < indexReserve || m.f.symbol(n).index() == indexAbsolute:
			le.PutUint16(to[6:], uint16(index))
		default:
			le.PutUint16(to[6:], indexExtended)
			le.PutUint32(indexes[at*indexSize:], index)
		}
		at++
	}
}
