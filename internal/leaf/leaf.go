// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Package leaf keeps functions that are registered a few at a time in few images,
// for many small ones cost a debugger more than quadratic time.
//
// The functions are an ordered set by address, cut into leaves as a B-tree is. Each
// leaf is one image, and no other has code between its first address and the next
// leaf's. It has room: a function is appended in place, and one that goes is crossed
// out, a tombstone. Of each such change one store counts, so that a debugger that
// attaches at any instruction reads something right. A leaf without room is written
// anew, or split.
//
// A debugger that is there already, which a breakpoint in the hook tells, is told that
// the leaf goes and comes again.
package leaf

import (
	"unsafe"

	"github.com/libjitdebug/libjitdebug/internal/cursor"
	"github.com/libjitdebug/libjitdebug/internal/debuginfo"
	"github.com/libjitdebug/libjitdebug/internal/elf"
	"github.com/libjitdebug/libjitdebug/internal/frame"
	"github.com/libjitdebug/libjitdebug/internal/function"
	"github.com/libjitdebug/libjitdebug/internal/gdbjit"
	"github.com/libjitdebug/libjitdebug/internal/guest"
	"github.com/libjitdebug/libjitdebug/internal/lineprogram"
	"github.com/libjitdebug/libjitdebug/internal/machine"
)

const (
	// room is how many functions a leaf has at most, those that are crossed out
	// included.
	room = 2 * full

	// full is how many functions a leaf has at most when it is written. It bounds what
	// it costs to write one anew.
	full = 160

	// growing is the room of a leaf to which functions are added in the order of
	// their addresses, and few are crossed out.
	growing = full * 4 / 3

	// reach is how many bytes between two functions can be in one section with
	// them: memory in which there is hardly anybody else's code.
	reach = 4096
)

// The sections. Those with code follow.
const (
	symbols = 1 + iota
	frames
	ranges
	abbrev
	info
	line
	texts // as strings, for debug information
	strings
	code
)

// The section names, and where each stands in them.
const (
	names = "\x00.symtab\x00.debug_frame\x00.debug_ranges\x00.debug_abbrev\x00.debug_info\x00.debug_line\x00.debug_str\x00.strtab\x00.text\x00"

	nameSymbols = 1
	nameFrames  = nameSymbols + uint32(len(".symtab\x00"))
	nameRanges  = nameFrames + uint32(len(".debug_frame\x00"))
	nameAbbrev  = nameRanges + uint32(len(".debug_ranges\x00"))
	nameInfo    = nameAbbrev + uint32(len(".debug_abbrev\x00"))
	nameLine    = nameInfo + uint32(len(".debug_info\x00"))
	nameTexts   = nameLine + uint32(len(".debug_line\x00"))
	nameStrings = nameTexts + uint32(len(".debug_str\x00"))
	nameText    = nameStrings + uint32(len(".strtab\x00"))
)

// A Leaf lies in C memory. Behind it are its members, their order by address, and the
// image.
type Leaf struct {
	mark  uintptr // that this is one: see leafOf; of garbage the next one's address
	entry gdbjit.Entry
	low   uint64 // no other leaf has code from here to the next leaf

	// Its sections with code are from here to there.
	first, end uint64

	changing uint32 // 1 while the image is being changed
	members  int32  // all that were appended
	live     int32  // that are not crossed out
	room     int32
	sections uint32           // room for section headers
	starts   [code + 1]uint32 // of the sections' room in the image
	used     sizes            // of that, by section; of ranges and info from the end
	unit     unit

	next  uintptr // of those that replace others together
	owner uintptr // of a leaf apart, whose function lies on another's: the Ref to it
}

// sizes are of what is written of functions, in bytes: by section, but that texts
// is no section of its own.
type sizes [code]uint32

// A unit is the last that was begun in a leaf, to which functions can be added. It is
// the first in its section.
type unit struct {
	key    uint32 // function.Record.Unit
	file   uint32 // its path in strings, and the length
	length uint32
	lines  uint32 // its line program
	size   uint32
	front  uint32 // of that in front of its functions
}

// A member is what is known of a function in a leaf, beside what the image says.
type member struct {
	address, size  uint64
	key            uint32
	declared       uint32 // line
	name, nameSize uint32
	file, fileSize uint32
	lines          uint32 // its sequence, with the address
	linesSize      uint32
	frame          uint32 // its description
	frameSize      uint32 // of the instructions
	info           uint32 // in the image
	ranges         uint32
	symbol         uint32 // its first
	traps          uint32
	described      bool
	gone           bool // crossed out
	debuginfo.Kind
}

func (m *member) end() uint64 { return m.address + m.size }

const (
	leafSize   = unsafe.Sizeof(Leaf{})
	memberSize = unsafe.Sizeof(member{})
	alignment  = 16

	symbolSize   = elf.SymSize
	sequenceSize = 11 // what lineprogram.Address writes
	rangeSize    = 16
	largest      = 256 << 10 // bytes that an image should have
)

func leafAt(address uintptr) *Leaf { return (*Leaf)(pointer(address)) }

func (l *Leaf) address() uintptr { return uintptr(unsafe.Pointer(l)) }

// addresses are those of the members that are not crossed out, in order. They are by
// themselves, so that a search is in few cache lines.
func (l *Leaf) addresses() []uint64 {
	return unsafe.Slice((*uint64)(unsafe.Add(unsafe.Pointer(l), leafSize)), l.room)[:l.live]
}

func (l *Leaf) member(i int) *member {
	return (*member)(unsafe.Add(unsafe.Pointer(l), leafSize+uintptr(l.room)*8+uintptr(i)*memberSize))
}

// numbers are those of the members at these addresses.
func (l *Leaf) numbers() []uint16 {
	return unsafe.Slice((*uint16)(unsafe.Pointer(l.member(int(l.room)))), l.room)[:l.live]
}

// nth returns the nth member, by address, that is not crossed out.
func (l *Leaf) nth(n int) *member { return l.member(int(l.numbers()[n])) }

func imageOffset(room int) uintptr {
	return (leafSize + uintptr(room)*(8+memberSize+2) + alignment - 1) &^ (alignment - 1)
}

func (l *Leaf) image() []byte { return l.entry.Bytes() }

// header returns a section header.
func (l *Leaf) header(i int) *elf.Section64 {
	return elf.In[elf.Section64](l.image()[elf.HeaderSize+i*elf.SectionSize:])
}

// section returns all of a section's room.
func (l *Leaf) section(i int) []byte { return l.image()[l.starts[i]:l.starts[i+1]] }

func (l *Leaf) shnum() *uint16 { return (*uint16)(unsafe.Pointer(&l.image()[60])) }

// runs are the headers of the sections with code.
func (l *Leaf) runs() []elf.Section64 {
	return elf.Table[elf.Section64](l.image()[elf.HeaderSize:])[code:*l.shnum()]
}

// then keeps the compiler from storing what comes after it before what came before it.
// The processor need not be kept from it: a debugger stops a thread between two
// instructions, and finds what it has stored.
//
//go:noinline
func then() {}

// add adds what a function takes, in a unit of its own or in one that is there.
func (s *sizes) add(r *function.Record, newUnit bool) {
	name := int(r.Name.Length)
	encode, _ := r.ByName()
	s[symbols] += symbolSize
	s[strings] += uint32(name) + 1
	if encode {
		s[symbols] += symbolSize
	}
	if encode || r.Encoded {
		s[strings] += uint32(debuginfo.EncodedSize(name))
	}
	if r.Described {
		s[frames] += uint32(frame.Size(int(r.Frame.Length)))
	}
	s[ranges] += rangeSize
	if r.Lines.Length != 0 {
		s[line] += sequenceSize + r.Lines.Length
	}
	s[info] += debuginfo.UnitSize + debuginfo.FunctionSize + debuginfo.PaddingSize
	if newUnit {
		s[ranges] += rangeSize
		if r.File.Length != 0 {
			s[line] += uint32(lineprogram.HeaderSize(int(r.File.Length)))
			s[strings] += r.File.Length + 1
		}
	}
}

// newLeaf writes a leaf of functions, which are by address, or returns nil if there
// is no memory. It has room for so many, if that is not too large. low is where its
// addresses begin. exact has sections start where their first functions do.
func newLeaf(functions []*function.Record, low uint64, members int, exact bool) *Leaf {
	var need sizes
	sorted := byUnit(functions)
	for i, r := range sorted {
		need.add(r, i == 0 || !function.ShareUnit(sorted[i-1], r))
	}
	total := uint32(0)
	for _, n := range need {
		total += n
	}
	count := uint32(len(functions))
	if each := total/count + uint32(memberSize); uint32(members)*each > largest {
		members = max(int(count), largest/int(each))
	}
	extra := uint32(members) - count
	for i := range need {
		need[i] += uint32(uint64(need[i]) * uint64(extra) / uint64(count))
	}
	need[symbols] += symbolSize
	need[frames] += frame.CommonSize
	need[abbrev] = uint32(len(debuginfo.Abbreviations))
	need[strings] += uint32(len(names))
	runs := uint32(runsOf(functions, func(int, uint64, uint64) {}))
	sections := code + runs + min(extra, 16+extra*(runs-1)/count)

	var starts [code + 1]uint32
	size := uint32(elf.HeaderSize) + sections*elf.SectionSize
	for i := symbols; i < code; i++ {
		starts[i] = size
		if i != texts { // which lie in strings
			size += (need[i] + 7) &^ 7
		}
	}
	starts[texts], starts[code] = starts[strings], size
	var memory, none uintptr
	head := imageOffset(members)
	if !guest.Malloc(&memory, head+uintptr(size), &none, 0) {
		return nil
	}
	l := leafAt(memory)
	*l = Leaf{low: low, first: ^uint64(0), room: int32(members), sections: sections, starts: starts}
	l.mark = l.address() ^ mark
	l.entry.Set(memory+head, uintptr(size))
	l.writeHeaders()
	runsOf(functions, func(n int, from, to uint64) {
		if !exact {
			from = l.floor(from)
		}
		h := elf.Section64{Name: nameText, Type: elf.SHT_NOBITS, Flags: elf.SHF_ALLOC | elf.SHF_EXECINSTR,
			Addr: from, Off: elf.HeaderSize, Size: to - from, Addralign: 1}
		*l.header(code + n) = h
		*l.shnum() = uint16(code + n + 1)
		l.first, l.end = min(l.first, from), max(l.end, to)
	})
	for _, r := range sorted {
		if !l.append(r, exact) {
			panic("leaf: no room for what it was made for")
		}
	}
	return l
}

// mark is what the first word of a leaf is made with, and of nothing else.
const mark = 0x6c6561662d6a6974

// LeafOf returns the leaf that an entry on the list is part of, or nil.
func leafOf(e *gdbjit.Entry) *Leaf {
	l := (*Leaf)(unsafe.Add(unsafe.Pointer(e), -int(unsafe.Offsetof(Leaf{}.entry))))
	if l.mark != l.address()^mark {
		return nil
	}
	return l
}

// runsOf calls visit with each stretch of functions that can share a section, and
// returns how many there are.
func runsOf(functions []*function.Record, visit func(n int, from, to uint64)) (n int) {
	for i := 0; i < len(functions); n++ {
		from, to := functions[i].Address, functions[i].Address+functions[i].Size
		for i++; i < len(functions) && functions[i].Address-to <= reach; i++ {
			to = functions[i].Address + functions[i].Size
		}
		visit(n, from, to)
	}
	return n
}

// floor is where a section can begin whose first function is at an address: at the
// start of the page, where there is nobody else's code either.
func (l *Leaf) floor(address uint64) uint64 {
	floor := max(address&^(page-1), l.low)
	for i := range l.runs() {
		if r := &l.runs()[i]; r.Addr <= address {
			floor = max(floor, r.Addr+r.Size)
		}
	}
	return min(floor, address)
}

// writeHeaders writes what is there before the first function.
func (l *Leaf) writeHeaders() {
	clear(l.image())
	c := cursor.On(l.image())
	elf.WriteHeader(&c, machine.Host.ELF, code, strings)
	elf.WriteFirst(&c, code, strings)
	for i, name := range [...]uint32{symbols: nameSymbols, frames: nameFrames, ranges: nameRanges, abbrev: nameAbbrev,
		info: nameInfo, line: nameLine, texts: nameTexts, strings: nameStrings} {
		if i < symbols {
			continue
		}
		h := elf.Section64{Name: name, Type: elf.SHT_PROGBITS, Off: uint64(l.starts[i]), Addralign: 1}
		switch i {
		case symbols:
			h.Type, h.Link, h.Info, h.Addralign, h.Entsize = elf.SHT_SYMTAB, strings, 1, 8, elf.SymSize
		case frames:
			h.Addralign = 8
		case ranges:
			h.Size = uint64(len(l.section(ranges))) // what is free is in front, and zeros
		case abbrev:
			h.Size = uint64(copy(l.section(abbrev), debuginfo.Abbreviations))
		case info:
			h.Off = uint64(l.starts[info+1]) // it grows downwards
		case texts:
			h.Size = uint64(len(l.section(strings)))
		case strings:
			h.Type, h.Size = elf.SHT_STRTAB, uint64(len(l.section(strings)))
		}
		h.Write(&c)
	}
	l.grow(symbols, symbolSize)
	common := cursor.On(l.section(frames))
	frame.Common(&common, machine.Host)
	l.grow(frames, uint32(common.At()))
	l.used[strings] = uint32(copy(l.section(strings), names))
}

// grow makes a section as long as what is written of it.
func (l *Leaf) grow(section int, by uint32) {
	l.used[section] += by
	then()
	l.header(section).Size = uint64(l.used[section])
	then()
}

// fits says whether there is room for what a function takes.
func (l *Leaf) fits(need *sizes) bool {
	return l.members < l.room &&
		int(l.used[symbols]+need[symbols]) <= len(l.section(symbols)) &&
		int(l.used[frames]+need[frames]) <= len(l.section(frames)) &&
		int(l.used[ranges]+need[ranges]) <= len(l.section(ranges)) &&
		int(l.used[info]+need[info]) <= len(l.section(info)) &&
		int(l.used[line]+need[line]) <= len(l.section(line)) &&
		int(l.used[strings]+need[strings]) <= len(l.section(strings))
}

// text writes a string and returns where it is.
func (l *Leaf) text(t function.Text) (at uint32) {
	at = l.used[strings]
	c := cursor.On(l.section(strings)[at:])
	c.String(t.Bytes())
	l.used[strings] += uint32(c.At())
	return at
}

// encoded is text, in the encoding of Itanium C++.
func (l *Leaf) encoded(t function.Text) (at uint32) {
	at = l.used[strings]
	c := cursor.On(l.section(strings)[at:])
	debuginfo.Encode(&c, t.Bytes())
	l.used[strings] += uint32(c.At())
	return at
}

// append appends a function, which lies on no other and where the leaf's addresses
// are, or returns false if there is no room. exact is as in newLeaf.
func (l *Leaf) append(r *function.Record, exact bool) bool {
	var need sizes
	newUnit := l.members == 0 || !l.inUnit(r)
	need.add(r, newUnit)
	if !l.fits(&need) {
		return false
	}
	section := l.cover(r.Address, r.Address+r.Size, exact)
	if section == 0 {
		return false
	}
	l.changing = 1
	then()
	m := l.member(int(l.members))
	*m = member{address: r.Address, size: r.Size, key: r.Unit, declared: r.Line,
		nameSize: r.Name.Length, frameSize: r.Frame.Length, traps: r.Traps, described: r.Described, Kind: r.Kind}
	encode, hidden := r.ByName()
	m.name = l.text(r.Name)
	encoded := uint32(0)
	if encode || r.Encoded {
		encoded = l.encoded(r.Name)
	}
	if r.Described {
		m.frame = l.used[frames]
		c := cursor.On(l.section(frames)[m.frame:])
		frame.Describe(&c, r.Address, r.Size, r.Frame.Bytes())
		l.grow(frames, uint32(c.At()))
	}
	l.describe(r, m, encoded, hidden, newUnit)
	m.file, m.fileSize = l.unit.file, l.unit.length

	m.symbol = l.used[symbols]
	c := cursor.On(l.section(symbols)[m.symbol:])
	offset := r.Address - l.header(section).Addr
	if encode { // One without a size is found by its name only: gdb prefers others at its address.
		elf.WriteFunction(&c, int(m.name), section, offset, 0)
		elf.WriteFunction(&c, int(encoded), section, offset, r.Size)
	} else {
		elf.WriteFunction(&c, int(m.name), section, offset, r.Size)
	}
	l.grow(symbols, uint32(c.At()))

	n := l.find(r.Address) + 1
	l.members++
	l.live++
	insert(l.addresses(), n, r.Address)
	insert(l.numbers(), n, uint16(l.members-1))
	then()
	l.changing = 0
	return true
}

// insert puts a value into a slice, whose last element is of no account.
func insert[T any](s []T, n int, value T) {
	copy(s[n+1:], s[n:])
	s[n] = value
}

// inUnit says whether a function can be in the leaf's last unit.
func (l *Leaf) inUnit(r *function.Record) bool {
	u := &l.unit
	return u.key == r.Unit && string(l.section(strings)[u.file:][:u.length]) == string(r.File.Bytes())
}

// describe describes a function in a unit, a new one or the last, and writes its lines.
//
// In .debug_info what is new is in front of what is there: the front of the unit once
// more, the function, and, over the unit's front as it was, padding. So one store shows
// it, of where the section begins and its size, and whoever reads the section at
// whatever moment finds it whole.
func (l *Leaf) describe(r *function.Record, m *member, encoded uint32, hidden, newUnit bool) {
	u := &l.unit
	if newUnit {
		*u = unit{key: r.Unit, length: r.File.Length}
		if r.File.Length != 0 {
			u.file = l.text(r.File)
			u.lines = l.used[line]
		}
		l.used[ranges] += rangeSize // zeros, their end
	}
	if r.File.Length != 0 {
		l.writeLines(r, m, newUnit)
	}
	l.used[ranges] += rangeSize
	m.ranges = uint32(len(l.section(ranges))) - l.used[ranges]
	c := cursor.On(l.section(ranges)[m.ranges:])
	debuginfo.Range(&c, r.Address, r.Size)

	var bytes [debuginfo.UnitSize + debuginfo.FunctionSize + debuginfo.PaddingSize]byte
	c = cursor.On(bytes[:])
	writer := debuginfo.Start(&c, r.Encoded, int(m.ranges), int(u.file), int(u.lines))
	front := c.At()
	writer.Function(&c, r.Address, r.Size, int(m.name), int(encoded), r.Line, hidden)
	if newUnit {
		c.U8(0) // no more children
	} else {
		debuginfo.Padding(&c, int(u.front))
	}
	u.size, u.front = u.size+uint32(c.At()), uint32(front)
	writer.SetSize(&c, int(u.size))
	l.used[info] += uint32(c.At())
	start := l.starts[info+1] - l.used[info]
	copy(l.image()[start:], bytes[:c.At()])
	m.info = start + uint32(front)
	h := l.header(info)
	extent := [2]uint64{uint64(start), uint64(l.used[info])}
	then()
	// One instruction, as it is an array.
	*(*[16]byte)(unsafe.Pointer(&h.Off)) = *(*[16]byte)(unsafe.Pointer(&extent))
	then()
}

// writeLines adds a function's rows to the line program of its unit, which counts as
// far as it says itself.
func (l *Leaf) writeLines(r *function.Record, m *member, newUnit bool) {
	c := cursor.On(l.section(line)[l.used[line]:])
	if newUnit {
		lineprogram.Start(&c, r.File.Bytes())
	}
	if r.Lines.Length != 0 {
		m.lines, m.linesSize = l.used[line]+uint32(c.At()), r.Lines.Length
		lineprogram.Address(&c, r.Address)
		c.Bytes(r.Lines.Bytes())
	}
	size := l.used[line] + uint32(c.At()) - l.unit.lines - 4
	if newUnit {
		store32(l.section(line)[l.unit.lines:], size)
	}
	l.grow(line, uint32(c.At()))
	if !newUnit {
		store32(l.section(line)[l.unit.lines:], size)
		then()
	}
}

// cover returns the section with code for a function, which it makes longer, or makes,
// if need be; or 0.
func (l *Leaf) cover(from, to uint64, exact bool) (section int) {
	if section = l.extend(from, to, exact); section != 0 {
		l.first, l.end = min(l.first, l.header(section).Addr), max(l.end, to)
	}
	return section
}

func (l *Leaf) extend(from, to uint64, exact bool) int {
	runs := l.runs()
	before := -1
	next := ^uint64(0)
	for i := range runs {
		r := &runs[i]
		if r.Addr <= from {
			if to <= r.Addr+r.Size {
				return code + i
			}
			if before < 0 || runs[before].Addr < r.Addr {
				before = i
			}
		} else {
			next = min(next, r.Addr)
		}
	}
	if to > next {
		return 0
	}
	if before >= 0 {
		r := &runs[before]
		if end := r.Addr + r.Size; from <= end || from-end <= reach && !(exact && from-end >= 16) {
			then()
			r.Size = to - r.Addr
			then()
			return code + before
		}
	}
	n := code + len(runs)
	if uint32(n) >= l.sections {
		return 0
	}
	start := from
	if !exact {
		start = l.floor(from)
	}
	*l.header(n) = elf.Section64{Name: nameText, Type: elf.SHT_NOBITS, Flags: elf.SHF_ALLOC | elf.SHF_EXECINSTR,
		Addr: start, Off: elf.HeaderSize, Size: to - start, Addralign: 1}
	then()
	*l.shnum() = uint16(n + 1)
	then()
	return n
}

// find returns the last member whose address is not above one, or -1.
func (l *Leaf) find(address uint64) int {
	addresses := l.addresses()
	low, high := 0, len(addresses)
	for low < high {
		if middle := int(uint(low+high) / 2); addresses[middle] <= address {
			low = middle + 1
		} else {
			high = middle
		}
	}
	return low - 1
}

// overlaps says whether a function of the leaf's lies on these addresses.
func (l *Leaf) overlaps(from, to uint64) bool {
	n := l.find(from)
	if n >= 0 {
		if m := l.nth(n); from < m.end() {
			return true
		}
	}
	return n+1 < int(l.live) && l.addresses()[n+1] < to
}

// crossOut takes out the nth member.
func (l *Leaf) crossOut(n int) {
	m := l.nth(n)
	l.changing = 1
	m.gone = true
	then()
	table := l.section(symbols)[m.symbol:]
	store64(table, 0) // undefined, without a name
	if encode, _ := m.ByName(); encode {
		store64(table[symbolSize:], 0)
	}
	debuginfo.CrossOut(l.image()[m.info:])
	store64(l.section(ranges)[m.ranges:], m.end()) // it begins where it ends
	if m.linesSize != 0 {
		// Not 0: lldb would set breakpoints on such a line at address 0.
		store64(l.section(line)[m.lines+sequenceSize-8:], ^uint64(0))
	}
	if m.described {
		frame.CrossOut(l.section(frames)[m.frame:])
	}
	copy(l.addresses()[n:], l.addresses()[n+1:])
	copy(l.numbers()[n:], l.numbers()[n+1:])
	l.live--
	then()
	l.changing = 0
}

// record returns the nth member as it was registered.
func (l *Leaf) record(n int) function.Record {
	m := l.nth(n)
	r := function.Record{Address: m.address, Size: m.size, Unit: m.key, Line: m.declared, Traps: m.traps, Described: m.described, Kind: m.Kind}
	texts := l.section(strings)
	r.Name = function.TextOf(texts[m.name:][:m.nameSize])
	r.File = function.TextOf(texts[m.file:][:m.fileSize])
	if m.linesSize != 0 {
		r.Lines = function.TextOf(l.section(line)[m.lines+sequenceSize:][:m.linesSize])
	}
	if m.described {
		r.Frame = function.TextOf(l.section(frames)[m.frame+frame.Instructions:][:m.frameSize])
	}
	return r
}

func store32(to []byte, v uint32) { *(*uint32)(unsafe.Pointer(&to[0])) = v }
func store64(to []byte, v uint64) { *(*uint64)(unsafe.Pointer(&to[0])) = v }
