// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package object

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/libjitdebug/libjitdebug/internal/cursor"
	"github.com/libjitdebug/libjitdebug/internal/elf"
)

// An image is the file that is made of an object:
//
//	the ELF header
//	the section headers
//	the sections' contents, in their order
//
// The sections are: section 0; those that were loaded, without contents; those of
// DWARF; the symbols, the symbols' names, and the sections' names.
type image struct {
	f        *file
	sections []output
	names    []byte // names of sections, in addition to the object's

	frameSection uint32 // the image's .debug_frame, if the object has an .eh_frame
	frameOffset  uint64 // where in it the first converted .eh_frame starts
	symbolTable  uint32
	locals       int // number of local symbols
	count        int // number of symbols

	size  uint64
	bytes []byte
}

// An output is a section of the image.
type output struct {
	elf.Section64
	tombstone uint64
}

func newImage(f *file) *image { return &image{f: f, sections: make([]output, 1)} }

// layOut decides what is in the image and at which offset, and so its size.
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
	m.size = elf.HeaderSize + uint64(len(m.sections))*elf.SectionSize
	for i := range m.sections {
		s := &m.sections[i]
		if s.Type == elf.SHT_NOBITS || s.Type == elf.SHT_NULL {
			continue
		}
		m.size = (m.size + 7) &^ 7
		s.Off = m.size
		if m.size += s.Size; m.size < s.Size {
			return &Error{OutOfMemory, "the image would be larger than memory"}
		}
	}
	return nil
}

// add adds a section and returns its index.
func (m *image) add(s elf.Section64) uint32 {
	m.sections = append(m.sections, output{Section64: s})
	return uint32(len(m.sections) - 1)
}

// addName adds a name of a section, and returns its offset in the table of names.
func (m *image) addName(name string) uint32 {
	offset := len(m.f.Names) + len(m.names)
	m.names = append(append(m.names, name...), 0)
	return uint32(offset)
}

// manyLoaded is the number of loaded sections above which adjacent ones become one.
const manyLoaded = 1024

// addAllLoaded adds the sections that were loaded. If they are many, adjacent ones
// become one, as in a linked file: a defect of gdb 13 is that it keeps the section of a
// symbol in 16 bits with a sign (general_symbol_info), and lldb's time grows with the
// square of the number of sections.
func (m *image) addAllLoaded() {
	f := m.f
	var all []int
	for i := range f.plans {
		if f.plans[i].fate == loaded {
			all = append(all, i)
		}
	}
	many := len(all) > manyLoaded
	if many {
		slices.SortStableFunc(all, func(a, b int) int { return cmp.Compare(f.plans[a].address, f.plans[b].address) })
	}
	alone := true // the section added last is made of one of the object's
	for n, i := range all {
		if !many || n == 0 || !m.follows(i) {
			m.addLoaded(i)
			alone = true
			continue
		}
		h, s := &f.Sections[i], &f.plans[i]
		s.output = uint32(len(m.sections) - 1)
		o := &m.sections[s.output]
		if o.Size = s.address + h.Size - o.Addr; alone {
			o.Name, alone = m.addName(family(f.name(all[n-1]))), false
		}
	}
}

// follows says whether section i is like the one added last to the image, and lies
// behind it with less than room bytes between them: nobody else's code fits there.
func (m *image) follows(i int) bool {
	o, h, s := &m.sections[len(m.sections)-1], &m.f.Sections[i], &m.f.plans[i]
	end, room := o.Addr+o.Size, uint64(16)
	return h.Flags&(elf.SHF_WRITE|elf.SHF_ALLOC|elf.SHF_EXECINSTR|elf.SHF_TLS) == o.Flags && o.Flags&elf.SHF_TLS == 0 &&
		s.address >= end && s.address-end < room
}

// family is the name of the section into which a linker puts a section by default:
// .text for .text.main.
func family(name []byte) string {
	if len(name) > 1 {
		if dot := bytes.IndexByte(name[1:], '.'); dot > 0 {
			name = name[:1+dot]
		}
	}
	return string(name)
}

// addLoaded adds a section that was loaded. It is SHT_NOBITS, because the object's
// bytes are not relocated: a debugger is to read those in the process. sh_addralign is
// lowered where the section was loaded at an address that it does not divide: an lldb
// built with assertions ends at a misaligned section.
func (m *image) addLoaded(i int) {
	h, s := &m.f.Sections[i], &m.f.plans[i]
	s.output = m.add(elf.Section64{
		Name: h.Name, Type: elf.SHT_NOBITS, Flags: h.Flags & (elf.SHF_WRITE | elf.SHF_ALLOC | elf.SHF_EXECINSTR | elf.SHF_TLS),
		Addr: s.address, Size: h.Size, Addralign: min(max(h.Addralign&-h.Addralign, 1), s.address&-s.address),
	})
}

// addDebug adds the sections of DWARF. Those of one name, which come from section
// groups, become one, as in a linked file: lldb reads no more than one of each.
func (m *image) addDebug() error {
	f := m.f
	known := map[string]uint32{}
	uncompressed, limit := uint64(0), elf.MostUncompressed(len(f.Bytes))
	for i := range f.plans {
		s := &f.plans[i]
		if s.fate != debug {
			continue
		}
		compression, err := f.compression(i)
		if err != nil {
			return err
		}
		if compression.typ != 0 {
			if uncompressed += compression.size; compression.size > limit || uncompressed > limit {
				return f.sectionError(BadObject, i, "its uncompressed size is "+hex(compression.size)+", with those before it more than "+
					decimal(limit)+" bytes, which an object of "+decimal(len(f.Bytes))+" may have")
			}
		}
		name, nameOffset := f.name(i), f.Sections[i].Name
		plain := name
		if bytes.HasPrefix(name, []byte(".z")) {
			plain = append([]byte{'.'}, name[2:]...)
		}
		index, joins := known[string(plain)]
		if !joins {
			if len(plain) != len(name) {
				nameOffset = m.addName(string(plain))
			}
			index = m.add(elf.Section64{
				Name: nameOffset, Type: elf.SHT_PROGBITS, Flags: f.Sections[i].Flags & (elf.SHF_MERGE | elf.SHF_STRINGS),
				Addralign: 1, Entsize: f.Sections[i].Entsize,
			})
			m.sections[index].tombstone = tombstone(string(plain))
			known[string(plain)] = index
		}
		o := &m.sections[index]
		s.output, s.address = index, o.Size
		if o.Size += compression.size; o.Size < compression.size {
			return f.sectionError(OutOfMemory, i, "the image would be larger than memory")
		}
	}
	return nil
}

// addFrames adds each .eh_frame, converted, to the image's .debug_frame.
func (m *image) addFrames() error {
	f := m.f
	for i := range f.plans {
		if f.plans[i].fate != frame {
			continue
		}
		if m.frameSection == 0 {
			m.findFrameSection()
		}
		o := &m.sections[m.frameSection]
		c := converter{f: f, section: i, base: o.Size}
		if err := c.convert(); err != nil {
			return err
		}
		o.Size += c.n
	}
	return nil
}

func (m *image) findFrameSection() {
	for i := range m.f.plans {
		if s := &m.f.plans[i]; s.fate == debug && string(m.f.name(i)) == ".debug_frame" {
			m.frameSection = s.output
		}
	}
	if m.frameSection == 0 {
		m.frameSection = m.add(elf.Section64{Name: m.addName(".debug_frame"), Type: elf.SHT_PROGBITS, Addralign: 1})
	}
	m.frameOffset = m.sections[m.frameSection].Size
}

// addSymbols adds the symbols and the names.
func (m *image) addSymbols() error {
	extended := false
	m.count, m.locals = 1, 1
	for n := 1; n < len(m.f.symbols); n++ {
		index, wanted, err := m.symbolSection(n)
		if err != nil {
			return err
		}
		if !wanted {
			continue
		}
		if m.f.symbols[n].Bind() == elf.STB_LOCAL {
			if m.locals != m.count {
				return bad("symbol " + decimal(n) + quoted(m.f.symbolName(n)) + ": a local one after global ones")
			}
			m.locals++
		}
		m.count++
		extended = extended || index >= elf.SHN_LORESERVE
	}
	m.symbolTable = m.add(elf.Section64{Name: m.addName(".symtab"), Type: elf.SHT_SYMTAB, Addralign: 8,
		Size: uint64(m.count) * elf.SymSize, Entsize: elf.SymSize, Info: uint32(m.locals)})
	if extended {
		m.add(elf.Section64{Name: m.addName(".symtab_shndx"), Type: elf.SHT_SYMTAB_SHNDX, Addralign: elf.WordSize,
			Size: uint64(m.count) * elf.WordSize, Entsize: elf.WordSize, Link: m.symbolTable})
	}
	m.sections[m.symbolTable].Link = m.add(elf.Section64{Name: m.addName(".strtab"), Type: elf.SHT_STRTAB, Addralign: 1,
		Size: uint64(len(m.f.strings)) + 1})
	name := m.addName(".shstrtab")
	m.add(elf.Section64{Name: name, Type: elf.SHT_STRTAB, Addralign: 1, Size: uint64(len(m.f.Names) + len(m.names))})
	return nil
}

// symbolSection is the section of the image that symbol n is in, and whether the image
// gets that symbol: if it is in a loaded section, or absolute and not local, or names a
// source file.
func (m *image) symbolSection(n int) (index uint32, wanted bool, err error) {
	home, err := m.f.home(n)
	if err != nil {
		return 0, false, err
	}
	s := &m.f.symbols[n]
	if home == 0 {
		return elf.SHN_ABS, s.Shndx == elf.SHN_ABS && (s.Type() == elf.STT_FILE || s.Bind() != elf.STB_LOCAL), nil
	}
	if m.f.plans[home].fate != loaded || s.Type() == elf.STT_SECTION {
		return 0, false, nil
	}
	return m.f.plans[home].output, true, nil
}

// write writes the image.
func (m *image) write() error {
	m.writeHeaders()
	end := elf.HeaderSize + uint64(len(m.sections))*elf.SectionSize
	for i := range m.sections {
		if s := &m.sections[i]; s.Type != elf.SHT_NOBITS && s.Type != elf.SHT_NULL {
			clear(m.bytes[end:s.Off])
			end = s.Off + s.Size
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
	copy(m.contents(uint32(last)), m.f.Names)
	copy(m.contents(uint32(last))[len(m.f.Names):], m.names)
	strings := m.contents(m.sections[m.symbolTable].Link)
	strings[copy(strings, m.f.strings)] = 0
	return nil
}

// contents is the memory for a section's contents.
func (m *image) contents(i uint32) []byte {
	s := &m.sections[i]
	return m.bytes[s.Off : s.Off+s.Size]
}

func (m *image) writeHeaders() {
	count, names := len(m.sections), len(m.sections)-1
	c := cursor.On(m.bytes)
	elf.WriteHeader(&c, m.f.Machine, count, names)
	h := elf.In[elf.Header64](m.bytes)
	from := elf.In[elf.Header64](m.f.Bytes)
	h.Ident, h.Version, h.Flags = from.Ident, from.Version, from.Flags
	elf.WriteFirst(&c, count, names)
	for i := range m.sections[1:] {
		m.sections[i+1].Write(&c)
	}
}

func (m *image) writeDebug() error {
	f := m.f
	for i := range f.plans {
		s := &f.plans[i]
		if s.fate != debug {
			continue
		}
		compression, err := f.compression(i)
		if err != nil {
			return err
		}
		b := m.contents(s.output)[s.address : s.address+compression.size]
		if err := f.decompress(b, compression, i); err != nil {
			return err
		}
		relocations := f.relocations(i)
		if err := relocations.apply(b, m.sections[s.output].tombstone); err != nil {
			return err
		}
	}
	return nil
}

func (m *image) writeFrames() error {
	base := m.frameOffset
	for i := range m.f.plans {
		if m.f.plans[i].fate != frame {
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
	table := elf.Table[elf.Sym64](m.contents(m.symbolTable))
	var indexes []uint32
	if next := m.symbolTable + 1; m.sections[next].Type == elf.SHT_SYMTAB_SHNDX {
		indexes = elf.Table[uint32](m.contents(next))
		clear(indexes)
	}
	table[0] = elf.Sym64{}
	for n, out := 1, 1; n < len(m.f.symbols); n++ {
		index, wanted, err := m.symbolSection(n)
		if err != nil || !wanted {
			continue
		}
		to := &table[out]
		*to = m.f.symbols[n]
		if uint64(to.Name) >= uint64(len(m.f.strings)) {
			to.Name = uint32(len(m.f.strings)) // the NUL behind the names: no name
		}
		if home, _ := m.f.home(n); home != 0 {
			to.Value += m.f.plans[home].address - m.sections[index].Addr
		}
		switch {
		case index < elf.SHN_LORESERVE || to.Shndx == elf.SHN_ABS:
			to.Shndx = uint16(index)
		default:
			to.Shndx = elf.SHN_XINDEX
			indexes[out] = index
		}
		out++
	}
}
