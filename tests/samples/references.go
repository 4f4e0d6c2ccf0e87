// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package samples

import (
	"encoding/binary"
	"math/rand/v2"
)

// An Entry is a debugging information entry with a name, and one attribute that refers
// to another one.
type Entry struct {
	Tag       uint64
	Attribute uint64 // 0 without a reference
	To        int    // which one, by its place in the list
	Depth     int    // in how many it is
	Unit      int    // in which unit it is; the first one of a unit is not in the list
}

// Tags and attributes.
const (
	TagArray, TagClass, TagEnumeration, TagMember, TagPointer, TagReference = 0x01, 0x02, 0x04, 0x0d, 0x0f, 0x10
	TagBlock, TagStructure, TagSubroutine, TagTypedef, TagUnion             = 0x0b, 0x13, 0x15, 0x16, 0x17
	TagInheritance, TagMemberPointer, TagSubrange, TagBase, TagConst        = 0x1c, 0x1f, 0x21, 0x24, 0x26
	TagSubprogram, TagVariable, TagVolatile, TagRestrict, TagNamespace      = 0x2e, 0x34, 0x35, 0x37, 0x39
	TagImportedUnit, TagImportedModule, TagRvalue, TagAtomic, TagParameter  = 0x3d, 0x3a, 0x42, 0x47, 0x05

	AttrSibling, AttrType, AttrImport, AttrOrigin, AttrSpecification, AttrExtension = 0x01, 0x49, 0x18, 0x31, 0x47, 0x54
	AttrContainingType, AttrUpperBound                                              = 0x1d, 0x2f
)

// Referring is an image with these entries. To -1-n refers to the first entry of unit n.
func Referring(entries ...Entry) []byte {
	const code = 0x30000000
	units := 1
	for _, e := range entries {
		units = max(units, e.Unit+1)
	}
	var abbrevs []byte
	kinds := map[[3]uint64]uint64{}
	abbrev := func(tag, attribute uint64, children bool) uint64 {
		kind := [3]uint64{tag, attribute, 0}
		if children {
			kind[2] = 1
		}
		if kinds[kind] == 0 {
			kinds[kind] = uint64(len(kinds) + 1)
			abbrevs = binary.AppendUvarint(abbrevs, kinds[kind])
			abbrevs = append(binary.AppendUvarint(abbrevs, tag), byte(kind[2]), 0x03, formString)
			switch {
			case tag == 0x11: // DW_TAG_compile_unit: language, low_pc, high_pc
				abbrevs = append(abbrevs, 0x13, formData1, 0x11, formAddr, 0x12, formData4)
			case tag == TagBase || tag == TagStructure || tag == TagClass || tag == TagUnion || tag == TagEnumeration:
				abbrevs = append(abbrevs, 0x0b, formData1)
			case tag == TagMember:
				abbrevs = append(abbrevs, 0x38, formData1)
			case tag == TagSubprogram || tag == TagBlock:
				abbrevs = append(abbrevs, 0x11, formAddr, 0x12, formData4)
			}
			if attribute != 0 {
				abbrevs = append(binary.AppendUvarint(abbrevs, attribute), formRefAddr)
			}
			abbrevs = append(abbrevs, 0, 0)
		}
		return kinds[kind]
	}
	places, firsts := make([]uint32, len(entries)), make([]uint32, units)
	var info []byte
	write := func() {
		info = info[:0]
		for u := range units {
			start := len(info)
			info = append(info, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 8)
			firsts[u] = uint32(len(info))
			info = append(binary.AppendUvarint(info, abbrev(0x11, 0, true)), "t.c\x00\x0c"...)
			info = binary.LittleEndian.AppendUint64(info, code)
			info = binary.LittleEndian.AppendUint32(info, 64)
			depth := 0
			for i, e := range entries {
				if e.Unit != u {
					continue
				}
				for ; depth > e.Depth; depth-- {
					info = append(info, 0)
				}
				children := i+1 < len(entries) && entries[i+1].Unit == u && entries[i+1].Depth > e.Depth
				places[i] = uint32(len(info))
				info = binary.AppendUvarint(info, abbrev(e.Tag, e.Attribute, children))
				info = append(info, "jit_"...)
				for n := i; ; n /= 26 {
					if info = append(info, byte('a'+n%26)); n < 26 {
						break
					}
				}
				info = append(info, 0)
				switch e.Tag {
				case TagBase, TagStructure, TagClass, TagUnion, TagEnumeration:
					info = append(info, 4)
				case TagMember:
					info = append(info, 0)
				case TagSubprogram, TagBlock:
					info = binary.LittleEndian.AppendUint64(info, code)
					info = binary.LittleEndian.AppendUint32(info, 64)
				}
				if e.Attribute != 0 {
					to := uint32(0)
					if e.To < 0 {
						to = firsts[-1-e.To]
					} else {
						to = places[e.To]
					}
					info = binary.LittleEndian.AppendUint32(info, to)
				}
				if children {
					depth++
				}
			}
			for ; depth >= 0; depth-- {
				info = append(info, 0)
			}
			binary.LittleEndian.PutUint32(info[start:], uint32(len(info)-start-4))
		}
	}
	write() // where entries are turns out at the first try
	write()
	abbrevs = append(abbrevs, 0)
	symbols, names := append(make([]byte, 24), Symbol(1, 0x12, 1, 0, 64)...), []byte("\x00jit_main\x00")
	return Build(Layout{Type: 1}, []Section{
		{Name: ".text", Type: 8, Flags: 6, Addr: code, Size: 64},
		{Name: ".symtab", Type: 2, Data: symbols, Link: 3, Info: 1, Entry: 24},
		{Name: ".strtab", Type: 3, Data: names},
		{Name: ".debug_info", Type: 1, Data: info},
		{Name: ".debug_abbrev", Type: 1, Data: abbrevs},
	})
}

// Chain is n entries with a tag, each referring to the next and the last to a type, and
// a variable of the first.
func Chain(tag, attribute uint64, n int) []byte {
	last := Entry{Tag: TagBase}
	if attribute != AttrType {
		last.Tag = tag
	}
	chain := []Entry{last}
	for i := range n {
		chain = append(chain, Entry{Tag: tag, Attribute: attribute, To: i})
	}
	if attribute == AttrType {
		chain = append(chain, Entry{Tag: TagVariable, Attribute: AttrType, To: n})
	}
	return Referring(chain...)
}

// Nested is n entries with a tag, each in the one before, and a variable in the last.
func Nested(tag uint64, n int) []byte {
	nest := []Entry{{Tag: TagBase}}
	for i := range n {
		nest = append(nest, Entry{Tag: tag, Depth: i})
	}
	return Referring(append(nest, Entry{Tag: TagVariable, Attribute: AttrType, Depth: n})...)
}

// Held is n structures, each with a member of the next.
func Held(n int) []byte {
	structures := []Entry{{Tag: TagBase}}
	for range n {
		structures = append(structures, Entry{Tag: TagStructure}, Entry{Tag: TagMember, Attribute: AttrType, To: max(0, len(structures)-2), Depth: 1})
	}
	return Referring(append(structures, Entry{Tag: TagVariable, Attribute: AttrType, To: len(structures) - 2})...)
}

// Random are entries of any tags, in any order, that refer to any others: of so few that
// many lead back to where they began.
func Random(r *rand.Rand) []byte {
	tags := []uint64{TagArray, TagClass, TagEnumeration, TagMember, TagPointer, TagReference, TagBlock, TagStructure, TagSubroutine,
		TagTypedef, TagUnion, TagInheritance, TagMemberPointer, TagSubrange, TagBase, TagConst, TagSubprogram, TagVariable, TagVolatile,
		TagRestrict, TagNamespace, TagImportedUnit, TagImportedModule, TagRvalue, TagAtomic, TagParameter,
		0x08, 0x12, 0x18, 0x19, 0x1d, 0x20, 0x28, 0x2a, 0x2f, 0x30, 0x33, 0x36, 0x3b, 0x43, 0x44, 0x48, 0x4106, 0x4107}
	attributes := []uint64{0, AttrType, AttrType, AttrType, AttrType, AttrImport, AttrOrigin, AttrSpecification, AttrExtension,
		AttrContainingType, AttrUpperBound, 0x22, 0x64, 0x41, 0x15, 0x37}
	entries := make([]Entry, 2+r.IntN(12))
	depth, units := 0, 1+r.IntN(2)
	for i := range entries {
		e := Entry{Tag: tags[r.IntN(len(tags))], Attribute: attributes[r.IntN(len(attributes))], To: r.IntN(len(entries)), Depth: depth}
		if units == 2 && i >= len(entries)/2 {
			if e.Unit = 1; i == len(entries)/2 {
				e.Depth = 0
			}
		}
		if e.Tag == TagImportedUnit {
			e.Attribute, e.To = AttrImport, -1-r.IntN(units)
		}
		entries[i] = e
		depth = max(0, e.Depth+r.IntN(3)-1)
		if r.IntN(3) == 0 {
			depth = e.Depth
		}
	}
	// What is named and used is what commands ask for.
	entries = append(entries, Entry{Tag: TagVariable, Attribute: AttrType, To: r.IntN(len(entries)), Unit: units - 1})
	return Referring(entries...)
}
