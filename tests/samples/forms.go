// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package samples

import "encoding/binary"

// Attributes are DWARF's, and the vendors' that gdb knows.
func Attributes() []uint64 {
	var all []uint64
	for a := uint64(0x01); a <= 0x8c; a++ {
		all = append(all, a)
	}
	for a := uint64(0x2101); a <= 0x2138; a++ {
		all = append(all, a)
	}
	return append(all, 0x2007, 0x2301, 0x3fe1, 0x3fef)
}

const (
	formAddr          = 0x01
	formData2         = 0x05
	formData4         = 0x06
	formData8         = 0x07
	formString        = 0x08
	formBlock1        = 0x0a
	formData1         = 0x0b
	formFlag          = 0x0c
	formSdata         = 0x0d
	formStrp          = 0x0e
	formUdata         = 0x0f
	formRefAddr       = 0x10
	formRef4          = 0x13
	formSecOffset     = 0x17
	formExprloc       = 0x18
	formFlagPresent   = 0x19
	formData16        = 0x1e
	formImplicitConst = 0x21
)

// Forms are those whose values stand for themselves.
var Forms = []byte{formAddr, formData1, formData2, formData4, formData8, formString, formBlock1, formFlag, formSdata,
	formStrp, formUdata, formRefAddr, formRef4, formSecOffset, formExprloc, formFlagPresent, formData16, formImplicitConst}

// An entry of the tree that every image has.
type entry struct {
	tag      uint64
	fixed    []fixed
	children []entry
}

type fixed struct {
	attribute uint64
	form      byte
}

// Formed is an image with entries of all kinds, to which one attribute was given in
// one form. References are to a base type, or to a class or a function where that has to
// be.
func Formed(version byte, attribute uint64, form byte) []byte {
	const code = 0x30000000
	name, typ := fixed{0x03, formString}, fixed{0x49, formRef4}
	size, low, high := fixed{0x0b, formData1}, fixed{0x11, formAddr}, fixed{0x12, formData1}
	origin := fixed{0x31, formRef4}
	tree := entry{0x11, []fixed{name, {0x13, formData1}, low, high}, []entry{
		{0x24, []fixed{name, size, {0x3e, formData1}}, nil},
		{0x13, []fixed{name, size}, []entry{
			{0x0d, []fixed{name, typ}, nil}, {0x1c, []fixed{typ}, nil}, {0x2f, []fixed{name, typ}, nil},
			{0x30, []fixed{name, typ}, nil}, {0x2e, []fixed{name, typ}, []entry{{0x05, []fixed{typ}, nil}}},
			{0x33, []fixed{typ}, []entry{{0x19, nil, []entry{{0x0d, []fixed{name, typ}, nil}}}}},
		}},
		{0x02, []fixed{name, size}, []entry{{0x0d, []fixed{name, typ}, nil}}},
		{0x17, []fixed{name, size}, []entry{{0x0d, []fixed{name, typ}, nil}}},
		{0x01, []fixed{typ}, []entry{{0x21, []fixed{typ, {0x2f, formData1}}, nil}}},
		{0x04, []fixed{name, size}, []entry{{0x28, []fixed{name, {0x1c, formData1}}, nil}}},
		{0x0f, []fixed{typ}, nil}, {0x10, []fixed{typ}, nil}, {0x16, []fixed{name, typ}, nil}, {0x26, []fixed{typ}, nil},
		{0x12, []fixed{name}, nil}, {0x20, []fixed{typ}, nil}, {0x3b, []fixed{name}, nil},
		{0x15, []fixed{typ}, []entry{{0x05, []fixed{typ}, nil}}},
		{0x34, []fixed{name, typ}, nil},
		{0x39, []fixed{name}, []entry{{0x34, []fixed{name, typ}, nil}}},
		{0x2e, []fixed{name, typ, low, high}, []entry{
			{0x05, []fixed{name, typ}, nil}, {0x34, []fixed{name, typ}, nil}, {0x0a, []fixed{name, low}, nil},
			{0x0b, []fixed{low, high}, []entry{{0x34, []fixed{name, typ}, nil}}},
			{0x1d, []fixed{origin, low, high}, nil},
			{0x48, []fixed{low}, []entry{{0x49, nil, nil}}}, {0x4109, []fixed{low}, []entry{{0x410a, nil, nil}}},
		}},
	}}
	info := []byte{0, 0, 0, 0, version, 0}
	if version >= 5 {
		info = append(info, 1, 8, 0, 0, 0, 0)
	} else {
		info = append(info, 0, 0, 0, 0, 8)
	}
	var abbrevs []byte
	codes, base, class, function := uint64(0), 0, 0, 0
	value := func(form byte) {
		switch form {
		case formAddr:
			info = binary.LittleEndian.AppendUint64(info, code)
		case formData8:
			info = binary.LittleEndian.AppendUint64(info, 4)
		case formData4:
			info = binary.LittleEndian.AppendUint32(info, 4)
		case formData2:
			info = append(info, 4, 0)
		case formData1, formUdata:
			info = append(info, 4)
		case formFlag:
			info = append(info, 1)
		case formSdata:
			info = append(info, 0x7f)
		case formString:
			info = append(info, "jit_main\x00"...)
		case formBlock1, formExprloc:
			info = append(info, 1, 0x30) // DW_OP_lit0
		case formStrp, formSecOffset:
			info = append(info, 0, 0, 0, 0)
		case formRefAddr, formRef4:
			info = binary.LittleEndian.AppendUint32(info, uint32(base))
		case formData16:
			info = append(info, make([]byte, 16)...)
		}
	}
	var add func(e entry)
	add = func(e entry) {
		codes++
		switch e.tag {
		case TagBase:
			base = len(info)
		case TagClass:
			class = len(info)
		case TagSubprogram:
			if function == 0 {
				function = len(info)
			}
		}
		abbrevs = binary.AppendUvarint(abbrevs, codes)
		abbrevs = binary.AppendUvarint(abbrevs, e.tag)
		abbrevs = append(abbrevs, byte(min(1, len(e.children))))
		info = binary.AppendUvarint(info, codes)
		for _, f := range e.fixed {
			if f.attribute != attribute {
				abbrevs = append(binary.AppendUvarint(abbrevs, f.attribute), f.form)
				value(f.form)
				switch {
				case e.tag == TagInheritance && f == typ:
					binary.LittleEndian.PutUint32(info[len(info)-4:], uint32(class))
				case f == origin:
					binary.LittleEndian.PutUint32(info[len(info)-4:], uint32(function))
				}
			}
		}
		abbrevs = append(binary.AppendUvarint(abbrevs, attribute), form)
		if form == formImplicitConst {
			abbrevs = append(abbrevs, 1)
		}
		value(form)
		abbrevs = append(abbrevs, 0, 0)
		for _, c := range e.children {
			add(c)
		}
		if len(e.children) != 0 {
			info = append(info, 0)
		}
	}
	// Where the base type, the class and the function are turns out at the first try.
	start := len(info)
	add(tree)
	info, abbrevs, codes, function = info[:start], nil, 0, 0
	add(tree)
	abbrevs = append(abbrevs, 0)
	binary.LittleEndian.PutUint32(info, uint32(len(info)-4))
	symbols, names := append(make([]byte, 24), Symbol(1, 0x12, 1, 0, 64)...), []byte("\x00jit_main\x00")
	return Build(Layout{Type: 1}, []Section{
		{Name: ".text", Type: 8, Flags: 6, Addr: code, Size: 64},
		{Name: ".symtab", Type: 2, Data: symbols, Link: 3, Info: 1, Entry: 24},
		{Name: ".strtab", Type: 3, Data: names},
		{Name: ".debug_info", Type: 1, Data: info},
		{Name: ".debug_abbrev", Type: 1, Data: abbrevs},
		{Name: ".debug_str", Type: 1, Data: []byte("string\x00")},
	})
}
