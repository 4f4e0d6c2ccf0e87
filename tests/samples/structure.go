// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package samples

import (
	"math/rand/v2"
	"slices"

	"github.com/libjitdebug/libjitdebug/internal/cursor"
	"github.com/libjitdebug/libjitdebug/internal/elf"
)

// Restructure is a copy of an image whose debug information says something else in one
// to four places, and is as well formed as before: references are aimed at other
// entries, tags, attributes, forms, numbers and operations are exchanged for others.
func Restructure(r *rand.Rand, image []byte) []byte {
	m := append([]byte{}, image...)
	s := structureOf(m)
	var kinds []func()
	add := func(n int, there bool, change func()) {
		for ; there && n > 0; n-- {
			kinds = append(kinds, change)
		}
	}
	add(6, len(s.references) > 0, func() { s.aim(r, s.references[r.IntN(len(s.references))]) })
	add(3, len(s.tags) > 0, func() { put(m, s.tags[r.IntN(len(s.tags))], pick(r, Tags)) })
	add(2, len(s.attributes) > 0, func() { put(m, s.attributes[r.IntN(len(s.attributes))], pick(r, Attributes())) })
	add(2, len(s.forms) > 0, func() {
		at := s.forms[r.IntN(len(s.forms))]
		if same := alike(m[at]); same != "" {
			m[at] = same[r.IntN(len(same))]
		}
	})
	add(1, len(s.children) > 0, func() { m[s.children[r.IntN(len(s.children))]] ^= 1 })
	add(1, len(s.codes) > 1, func() { m[s.codes[r.IntN(len(s.codes))]] = m[s.codes[r.IntN(len(s.codes))]] })
	add(3, len(s.numbers) > 0, func() {
		n := s.numbers[r.IntN(len(s.numbers))]
		v := value(r, uint64(len(m)))
		if from := s.numbers[r.IntN(len(s.numbers))]; r.IntN(2) == 0 {
			v = number(m, from)
		}
		for i := range n.size {
			m[n.at+i] = byte(v >> (8 * i))
		}
	})
	add(3, len(s.expressions) > 0, func() {
		e := s.expressions[r.IntN(len(s.expressions))]
		m[e.at+r.IntN(e.size)] = operations[r.IntN(len(operations))]
	})
	for _, part := range s.programs { // call frames, lines and lists
		add(1, true, func() {
			at := part.at + r.IntN(part.size)
			switch r.IntN(3) {
			case 0:
				m[at] = byte(r.IntN(0x20))
			case 1:
				m[at] = byte(r.Uint32())
			default:
				m[at], m[part.at+r.IntN(part.size)] = m[part.at+r.IntN(part.size)], m[at]
			}
		})
	}
	for n := 1 + r.IntN(4); n > 0 && len(kinds) > 0; n-- {
		kinds[r.IntN(len(kinds))]()
	}
	return m
}

// Tags are those that debuggers know.
var Tags = []uint64{0x01, 0x02, 0x03, 0x04, 0x05, 0x08, 0x0a, 0x0b, 0x0d, 0x0f, 0x10, 0x12, 0x13, 0x15, 0x16, 0x17, 0x18, 0x19,
	0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f, 0x20, 0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27, 0x28, 0x29, 0x2a, 0x2b, 0x2c, 0x2d, 0x2e,
	0x2f, 0x30, 0x31, 0x32, 0x33, 0x34, 0x35, 0x36, 0x37, 0x38, 0x39, 0x3a, 0x3b, 0x3c, 0x3d, 0x3f, 0x40, 0x41, 0x42, 0x43, 0x44,
	0x45, 0x46, 0x47, 0x48, 0x49, 0x4a, 0x4b}

// operations are DWARF's that do something with few or no operands, and numbers.
var operations = []byte("\x03\x06\x08\x0a\x0c\x10\x11\x12\x13\x14\x15\x16\x17\x1b\x1c\x1d\x22\x23\x24\x28\x2f\x30\x31\x4f\x50\x56\x57\x6f\x70\x76\x77" +
	"\x8f\x90\x91\x92\x93\x94\x96\x97\x98\x99\x9a\x9b\x9c\x9d\x9e\x9f\xa0\xa1\xa2\xa3\xa4\xa5\xa6\xa8\xa9\xe0\xf0\xf2\xf3\xf4\xf5\xf6\xf7\xf9\xfa\xfb\xfd" +
	"\x00\x01\x02\x04\x7f\x80\xff\xfe")

// alike are the forms whose values have as many bytes as one with this form.
func alike(form byte) string {
	for _, forms := range []string{
		"\x0b\x11\x0c\x25\x29",             // one byte
		"\x05\x12\x26\x2a",                 // two
		"\x06\x13\x17\x0e\x10\x1f\x28\x2c", // four, with offsets of four
		"\x07\x14\x20\x01",                 // eight
		"\x0d\x0f\x15\x1a\x1b\x22\x23",     // a LEB128
		"\x0a\x0b\x11\x0c",                 // a length, which may be the whole
		"\x18\x09",                         // a block with a LEB128 in front
		"\x19\x08",
	} {
		for i := range len(forms) {
			if forms[i] == form {
				return forms
			}
		}
	}
	return ""
}

// A part is so many bytes of an image.
type part struct{ at, size int }

// A reference is a value that refers to an entry, by its distance from base.
type reference struct {
	part
	base int
}

// A structure is where in an image debug information can be changed.
type structure struct {
	image                  []byte
	tags, attributes       []int
	forms, children, codes []int
	entries                []int // where they start
	references             []reference
	numbers, expressions   []part
	programs               []part
	abbrev                 elf.Section64
}

func structureOf(image []byte) *structure {
	s := &structure{image: image}
	sections := elf.Sections(image)
	f := elf.File{Bytes: image, Sections: sections}
	if len(sections) > 0 {
		f.Names = f.Contents(&sections[int(le.Uint16(image[62:]))%len(sections)])
	}
	for i := range sections {
		h := &sections[i]
		switch name := string(f.Name(h)); {
		case f.Contents(h) == nil || h.Flags&elf.SHF_COMPRESSED != 0:
		case name == ".debug_info" || name == ".debug_types":
			defer s.readUnits(int(h.Off), int(h.Off+h.Size), name == ".debug_types")
		case name == ".debug_abbrev":
			s.abbrev = *h
		case len(name) > 7 && name[:7] == ".debug_" && name != ".debug_str" || name == ".eh_frame":
			if h.Size > 0 {
				s.programs = append(s.programs, part{int(h.Off), int(h.Size)})
			}
		}
	}
	return s
}

// readUnits notes what there is in units, as far as they are well formed.
func (s *structure) readUnits(at, end int, types bool) {
	start := at
	for at < end {
		r := cursor.Reader{Bytes: s.image[:end], At: at}
		length, offsetSize := r.Length()
		if r.Short || length > uint64(r.Left()) {
			return
		}
		r.Bytes = r.Bytes[:r.At+int(length)]
		version := int(r.U16())
		kind, abbrevs := byte(1), uint64(0)
		if version >= 5 {
			kind = r.U8()
			r.U8()
			abbrevs = r.Uint(offsetSize)
		} else {
			abbrevs = r.Uint(offsetSize)
			r.U8()
			if types {
				kind = 2
			}
		}
		switch kind {
		case 2, 6:
			r.Skip(8 + uint64(offsetSize))
		case 4, 5:
			r.Skip(8)
		}
		s.readEntries(&r, s.declarations(abbrevs), at, start, version, offsetSize)
		at = len(r.Bytes)
	}
}

// A declaration is an abbreviation: the forms of its attributes.
type declaration struct{ forms []uint64 }

func (s *structure) declarations(offset uint64) map[uint64]declaration {
	table := map[uint64]declaration{}
	if offset >= s.abbrev.Size {
		return table
	}
	r := cursor.Reader{Bytes: s.image[:s.abbrev.Off+s.abbrev.Size], At: int(s.abbrev.Off + offset)}
	known := slices.Contains(s.tags, r.At+1) // a table that other units share
	for {
		code := r.ULEB()
		if code == 0 || r.Short {
			return table
		}
		if !known {
			s.tags = append(s.tags, r.At)
		}
		r.ULEB()
		if !known {
			s.children = append(s.children, r.At)
		}
		r.U8()
		d := declaration{}
		for !r.Short {
			at := r.At
			attribute, formAt := r.ULEB(), r.At
			form := r.ULEB()
			if attribute == 0 && form == 0 {
				break
			}
			if !known {
				s.attributes, s.forms = append(s.attributes, at), append(s.forms, formAt)
			}
			if form == 0x21 { // DW_FORM_implicit_const
				r.ULEB()
				continue
			}
			d.forms = append(d.forms, form)
		}
		table[code] = d
	}
}

func (s *structure) readEntries(r *cursor.Reader, table map[uint64]declaration, unit, section, version, offsetSize int) {
	for r.Left() > 0 {
		at := r.At
		code := r.ULEB()
		if code == 0 {
			continue
		}
		d, ok := table[code]
		if !ok {
			return
		}
		s.entries = append(s.entries, at)
		if code < 0x80 {
			s.codes = append(s.codes, at)
		}
		for _, form := range d.forms {
			start := r.At
			fixed := func(size int) part {
				r.Skip(uint64(size))
				return part{start, size}
			}
			block := func(size uint64) {
				if size > 0 && size <= uint64(r.Left()) {
					s.expressions = append(s.expressions, part{r.At, int(size)})
				}
				r.Skip(size)
			}
			switch form {
			case 0x11: // DW_FORM_ref1
				s.references = append(s.references, reference{fixed(1), unit})
			case 0x12:
				s.references = append(s.references, reference{fixed(2), unit})
			case 0x13:
				s.references = append(s.references, reference{fixed(4), unit})
			case 0x14:
				s.references = append(s.references, reference{fixed(8), unit})
			case 0x10: // DW_FORM_ref_addr
				size := offsetSize
				if version <= 2 {
					size = 8
				}
				s.references = append(s.references, reference{fixed(size), section})
			case 0x0b, 0x0c, 0x25, 0x29:
				s.numbers = append(s.numbers, fixed(1))
			case 0x05, 0x26, 0x2a:
				s.numbers = append(s.numbers, fixed(2))
			case 0x27, 0x2b:
				s.numbers = append(s.numbers, fixed(3))
			case 0x06, 0x28, 0x2c:
				s.numbers = append(s.numbers, fixed(4))
			case 0x01, 0x07, 0x20:
				s.numbers = append(s.numbers, fixed(8))
			case 0x0e, 0x17, 0x1f:
				s.numbers = append(s.numbers, fixed(offsetSize))
			case 0x1e:
				fixed(16)
			case 0x0d, 0x0f, 0x15, 0x1a, 0x1b, 0x22, 0x23, 0x1f01, 0x1f02:
				r.ULEB()
				if r.At == start+1 {
					s.numbers = append(s.numbers, part{start, 1})
				}
			case 0x08:
				r.String()
			case 0x0a:
				block(uint64(r.U8()))
			case 0x03:
				block(uint64(r.U16()))
			case 0x04:
				block(uint64(r.U32()))
			case 0x09, 0x18:
				block(r.ULEB())
			case 0x19:
			default:
				return
			}
		}
	}
}

// aim aims a reference at any entry that its base and size let it reach.
func (s *structure) aim(r *rand.Rand, from reference) {
	for range 8 {
		to := uint64(s.entries[r.IntN(len(s.entries))] - from.base)
		if from.size < 8 && to>>(8*from.size) != 0 {
			continue
		}
		for i := range from.size {
			s.image[from.at+i] = byte(to >> (8 * i))
		}
		return
	}
}

func number(m []byte, p part) (v uint64) {
	for i, b := range m[p.at : p.at+p.size] {
		v |= uint64(b) << (8 * i)
	}
	return v
}

// put writes a LEB128 of one byte or two over one.
func put(m []byte, at int, v uint64) {
	switch {
	case m[at] < 0x80:
		m[at] = byte(v & 0x7f)
	case v >= 0x80 && m[at+1] < 0x80:
		m[at], m[at+1] = byte(v)|0x80, byte(v>>7)
	}
}

func pick[T any](r *rand.Rand, of []T) T { return of[r.IntN(len(of))] }
