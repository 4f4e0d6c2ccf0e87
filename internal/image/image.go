// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Package image writes the image of functions: an ELF object with symbols, debug
// information, a line program and frame descriptions, that both gdb and lldb
// read.
package image

import (
	"cmp"
	"slices"

	"github.com/libjitdebug/libjitdebug/internal/cursor"
	"github.com/libjitdebug/libjitdebug/internal/debuginfo"
	"github.com/libjitdebug/libjitdebug/internal/elf"
	"github.com/libjitdebug/libjitdebug/internal/frame"
	"github.com/libjitdebug/libjitdebug/internal/function"
	"github.com/libjitdebug/libjitdebug/internal/lineprogram"
	"github.com/libjitdebug/libjitdebug/internal/machine"
)

// The table of the sections' names, and the offset of each name in it.
const (
	names = "\x00.text\x00.symtab\x00.strtab\x00.symtab_shndx\x00" +
		".debug_abbrev\x00.debug_info\x00.debug_line\x00.debug_ranges\x00.debug_frame\x00.debug_str\x00"

	nameText    = 1
	nameSymbols = nameText + uint32(len(".text\x00"))
	nameStrings = nameSymbols + uint32(len(".symtab\x00"))
	nameIndexes = nameStrings + uint32(len(".strtab\x00"))
	nameAbbrev  = nameIndexes + uint32(len(".symtab_shndx\x00"))
	nameInfo    = nameAbbrev + uint32(len(".debug_abbrev\x00"))
	nameLine    = nameInfo + uint32(len(".debug_info\x00"))
	nameRanges  = nameLine + uint32(len(".debug_line\x00"))
	nameFrame   = nameRanges + uint32(len(".debug_ranges\x00"))
	nameTexts   = nameFrame + uint32(len(".debug_frame\x00"))
)

// unitLimit is how many functions share a unit at most: a debugger reads a whole unit
// when it first looks into one of the unit's functions.
const unitLimit = 256

// A Plan is an image that is going to be written.
type Plan struct {
	machine   *machine.Machine
	functions []*function.Record
	sections  int      // with code
	contents  contents // without memory: they have the sizes
}

// contents are the parts of an image, in their order.
type contents struct {
	headers, symbols, indexes, frame, ranges, abbrev, info, line, strings cursor.Cursor
}

// alignment is that of each of the contents.
const alignment = 8

// New plans the image of functions, which it puts in another order. between says
// whether there may be other code than theirs in a range of addresses, now or
// later; it is asked about the gaps between them.
//
// Debuggers take a section for the image's from end to end, so that those of
// different images may not overlap; but each costs time, and lldb time by the
// square of their number. So functions share a section that have nothing between
// them.
func New(functions []*function.Record, m *machine.Machine, between func(from, to uint64) bool) Plan {
	p := Plan{machine: m, functions: functions}
	function.Sort(functions)
	p.place(between)
	slices.SortFunc(functions, inOrder)
	p.contents.write(&p)
	p.contents.headers.Skip(elf.HeaderSize)
	p.contents.headers.Skip((p.firstCode() + p.sections) * elf.SectionSize)
	return p
}

// place divides functions that are in the order of their addresses among
// sections.
func (p *Plan) place(between func(from, to uint64) bool) {
	var first *function.Record
	begin, end := uint64(0), uint64(0)
	for _, f := range p.functions {
		if first == nil || f.Address != end && between(end, f.Address) {
			first, begin = f, f.Address
			p.sections++
		}
		end = f.Address + f.Size
		f.Section = function.Section{Index: int32(p.sections - 1), Address: begin}
		first.Section.Size = end - begin
	}
}

// Size returns how many bytes the image has.
func (p *Plan) Size() int {
	size := 0
	for _, part := range p.contents.parts() {
		size = aligned(size + part.At())
	}
	return size
}

// Write writes the image into memory that has Size bytes.
func (p *Plan) Write(memory []byte) {
	var c contents
	sizes := p.contents.parts()
	var offsets [len(sizes)]int
	offset := 0
	for i, part := range c.parts() {
		end := offset + sizes[i].At()
		*part = cursor.On(memory[offset:end])
		offsets[i] = offset
		offset = aligned(end)
		clear(memory[end:offset])
	}
	c.write(p)
	p.writeHeaders(&c, offsets)
}

func aligned(n int) int { return (n + alignment - 1) &^ (alignment - 1) }

// inOrder compares functions so that those that may share a unit are next to each
// other, in the order of their addresses.
func inOrder(a, b *function.Record) int {
	if a.Unit != b.Unit {
		return cmp.Compare(a.Unit, b.Unit)
	}
	return cmp.Compare(a.Address, b.Address)
}

func (c *contents) parts() [9]*cursor.Cursor {
	return [...]*cursor.Cursor{&c.headers, &c.symbols, &c.indexes, &c.frame, &c.ranges, &c.abbrev, &c.info, &c.line, &c.strings}
}

// write writes all but the headers.
func (c *contents) write(p *Plan) {
	c.strings.Text(names)
	new(elf.Sym64).Write(&c.symbols)
	if p.extended() {
		c.indexes.U32(0)
	}
	c.abbrev.Text(debuginfo.Abbreviations)
	code := p.firstCode()
	for from := 0; from < len(p.functions); {
		to := from + 1
		for to < len(p.functions) && to-from < unitLimit && function.ShareUnit(p.functions[from], p.functions[to]) {
			to++
		}
		c.unit(p, p.functions[from:to], code)
		from = to
	}
}

// unit writes a unit of functions. The sections with code start at index code.
func (c *contents) unit(p *Plan, functions []*function.Record, code int) {
	path := functions[0].File.Bytes()
	file, lines := 0, 0
	if len(path) != 0 {
		file, lines = c.strings.At(), lineprogram.Start(&c.line, path)
		c.strings.String(path)
	}
	unit := debuginfo.Start(&c.info, functions[0].Encoded, c.ranges.At(), file, lines)
	for _, f := range functions {
		name, linkage := c.strings.At(), 0
		c.symbol(p, f, code)
		c.strings.String(f.Name.Bytes())
		if f.Encoded {
			linkage = c.strings.At()
			debuginfo.Encode(&c.strings, f.Name.Bytes())
		}
		unit.Function(&c.info, f.Address, f.Size, name, linkage, f.Line, false)
		debuginfo.Range(&c.ranges, f.Address, f.Size)
		if rows := f.Lines.Bytes(); len(rows) != 0 {
			lineprogram.Address(&c.line, f.Address)
			c.line.Bytes(rows)
		}
		if f.Described {
			if c.frame.At() == 0 {
				frame.Common(&c.frame, p.machine)
			}
			frame.Describe(&c.frame, f.Address, f.Size, f.Frame.Bytes())
		}
	}
	unit.End(&c.info)
	debuginfo.EndRanges(&c.ranges)
	if file != 0 {
		lineprogram.End(&c.line, lines)
	}
}

// symbol writes the symbol of a function, whose name comes next in the strings.
func (c *contents) symbol(p *Plan, f *function.Record, code int) {
	section := code + int(f.Section.Index)
	elf.WriteFunction(&c.symbols, c.strings.At(), section, f.Address-f.Section.Address, f.Size)
	if p.extended() {
		c.indexes.U32(uint32(extendedIndex(section)))
	}
}

// extendedIndex is the entry in .symtab_shndx of a symbol in this section: 0 where
// st_shndx itself has room for the index.
func extendedIndex(section int) int {
	if section < elf.SHN_LORESERVE {
		return 0
	}
	return section
}

// extended says whether there are more sections than 16 bits can count.
func (p *Plan) extended() bool { return p.sections >= elf.SHN_LORESERVE-len(p.contents.parts())-1 }

// firstCode is the index of the first section with code. Before it are section 0, which
// is none, and one for each of the contents but the headers: as many as the contents.
func (p *Plan) firstCode() int {
	n := 1 // the strings are two sections
	for _, part := range p.contents.parts() {
		if part.At() != 0 {
			n++
		}
	}
	return n
}

// writeHeaders writes the ELF header and the section headers. The sections with
// contents come first, so that only symbols have to do with indexes that do not
// fit into 16 bits.
func (p *Plan) writeHeaders(c *contents, offsets [9]int) {
	h := &c.headers
	code := p.firstCode()
	sections := code + p.sections
	elf.WriteHeader(h, p.machine.ELF, sections, code-1)
	elf.WriteFirst(h, sections, code-1)
	symbols, strings := uint32(1), uint32(code-1)
	for i, part := range p.contents.parts() {
		s := elf.Section64{Off: uint64(offsets[i]), Size: uint64(part.At()), Type: elf.SHT_PROGBITS, Addralign: 1}
		if s.Size == 0 {
			continue
		}
		switch part {
		case &p.contents.headers:
			continue
		case &p.contents.symbols:
			s.Name, s.Type, s.Addralign = nameSymbols, elf.SHT_SYMTAB, 8
			s.Link, s.Info, s.Entsize = strings, 1, elf.SymSize
		case &p.contents.indexes:
			s.Name, s.Type, s.Addralign = nameIndexes, elf.SHT_SYMTAB_SHNDX, elf.WordSize
			s.Link, s.Entsize = symbols, elf.WordSize
		case &p.contents.frame:
			s.Name, s.Addralign = nameFrame, 8
		case &p.contents.ranges:
			s.Name = nameRanges
		case &p.contents.abbrev:
			s.Name = nameAbbrev
		case &p.contents.info:
			s.Name = nameInfo
		case &p.contents.line:
			s.Name = nameLine
		case &p.contents.strings:
			s.Name = nameTexts
			s.Write(h)
			s.Name, s.Type = nameStrings, elf.SHT_STRTAB
		}
		s.Write(h)
	}
	at := h.At()
	for _, f := range p.functions {
		if f.Section.Size == 0 {
			continue // not the first function of its section
		}
		s := elf.Section64{Name: nameText, Type: elf.SHT_NOBITS, Flags: elf.SHF_ALLOC | elf.SHF_EXECINSTR,
			Addr: f.Section.Address, Off: elf.HeaderSize, Size: f.Section.Size, Addralign: 1}
		header := cursor.On(h.Written(at+int(f.Section.Index)*elf.SectionSize, elf.SectionSize))
		s.Write(&header)
	}
}
