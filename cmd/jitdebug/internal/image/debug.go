// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package image

import (
	"bytes"
	"compress/zlib"
	"debug/dwarf"
	"encoding/binary"
	"errors"
	"io"
	"strings"

	"github.com/libjitdebug/libjitdebug/internal/elf"
	"github.com/libjitdebug/libjitdebug/internal/machine"
	"github.com/libjitdebug/libjitdebug/internal/zstd"
)

var le = binary.LittleEndian

// debug is an image's debug information, when it has been read.
type debug struct {
	tried bool
	data  *dwarf.Data
	err   error
}

// expansion is how many times as large as an image its debug information may be when it is
// decompressed; compilers' has a fifth of that.
const expansion = 16

// contents returns the bytes of a section of debug information, decompressed and relocated.
func (im *Image) contents(name string) []byte {
	for i := range im.file.Sections {
		s := &im.file.Sections[i]
		section := string(im.file.Name(s))
		if section != "."+name && section != ".z"+name {
			continue
		}
		b := im.file.Contents(s)
		switch size, old := elf.GNUSize(b); {
		case s.Flags&elf.SHF_COMPRESSED != 0:
			if len(b) < elf.ChdrSize {
				return nil
			}
			h := elf.In[elf.Chdr64](b)
			b = im.decompress(h.Type, h.Size, b[elf.ChdrSize:])
		case strings.HasPrefix(section, ".z") && old:
			b = im.decompress(elf.ELFCOMPRESS_ZLIB, size, b[elf.GNUChdrSize:])
		}
		return im.relocated(i, b)
	}
	return nil
}

func (im *Image) decompress(typ uint32, size uint64, b []byte) []byte {
	if size > expansion*uint64(len(im.Bytes)) {
		return nil
	}
	switch typ {
	case elf.ELFCOMPRESS_ZLIB:
		r, err := zlib.NewReader(bytes.NewReader(b))
		if err != nil {
			return nil
		}
		out, _ := io.ReadAll(io.LimitReader(r, int64(size)))
		return out
	case elf.ELFCOMPRESS_ZSTD:
		out := make([]byte, size)
		if zstd.Decompress(out, b) == nil {
			return out
		}
	}
	return nil
}

// relocated applies the relocations for section i to a copy of its bytes, as a debugger does
// with those of an object file.
func (im *Image) relocated(i int, b []byte) []byte {
	m := machine.Of(im.file.Machine)
	if !im.Relocate || m == nil {
		return b
	}
	sections := im.file.Sections
	copied := false
	for j := range sections {
		r := &sections[j]
		if r.Type != elf.SHT_RELA || int(r.Info) != i || uint64(r.Link) >= uint64(len(sections)) {
			continue
		}
		if !copied {
			b, copied = bytes.Clone(b), true
		}
		symbols := elf.Table[elf.Sym64](im.file.Contents(&sections[r.Link]))
		all := im.file.Relocs(r)
		for n := range all.Len() {
			rela := all.At(n)
			kind := m.Relocation(rela.Type())
			if kind == nil || kind.Size == 0 || uint64(rela.Symbol()) >= uint64(len(symbols)) {
				continue
			}
			field := elf.Slice(b, rela.Off, uint64(kind.Size))
			if field == nil {
				continue
			}
			s := &symbols[rela.Symbol()]
			value := s.Value + rela.Addend
			if s.Shndx != elf.SHN_UNDEF && int(s.Shndx) < len(sections) {
				value += sections[s.Shndx].Addr
			}
			switch kind.Value {
			case machine.Absolute:
			case machine.Relative:
				value -= sections[i].Addr + rela.Off
			default:
				continue
			}
			switch kind.Size {
			case 8:
				le.PutUint64(field, value)
			case 4:
				le.PutUint32(field, uint32(value))
			}
		}
	}
	return b
}

// dwarf returns the debug information, nil if there is none that can be read.
func (im *Image) dwarf() *dwarf.Data {
	if d := &im.debug; !d.tried {
		d.tried = true
		d.data, d.err = im.readDWARF()
	}
	return im.debug.data
}

func (im *Image) readDWARF() (data *dwarf.Data, err error) {
	defer rescue(&err)
	section := im.contents
	info := section("debug_info")
	if len(info) == 0 {
		return nil, errors.New("no .debug_info")
	}
	data, err = dwarf.New(section("debug_abbrev"), nil, nil, info, section("debug_line"), nil, section("debug_ranges"), section("debug_str"))
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"debug_addr", "debug_line_str", "debug_str_offsets", "debug_rnglists"} {
		if b := section(name); b != nil {
			if err := data.AddSection("."+name, b); err != nil {
				return data, err
			}
		}
	}
	return data, nil
}

// Languages whose names are qualified, and mangled in symbols.
var qualified = map[int64]bool{
	0x04: true, 0x1a: true, 0x21: true, 0x2b: true, // C++
	0x11: true, // Objective C++
	0x13: true, // D
	0x1c: true, // Rust
	0x1e: true, // Swift
}

// steps is how many entries and attributes of debug information are read, for each byte of
// it: an entry can be one byte, of an abbreviation that is long.
const steps = 8

func cost(entry *dwarf.Entry) int {
	sum := 1 + len(entry.Field)
	for i := range entry.Field {
		if text, is := entry.Field[i].Val.(string); is { // which many can share
			sum += len(text) / 8
		}
	}
	return sum
}

// debugFunctions are the functions of the debug information.
func (im *Image) debugFunctions() (all []Function) {
	defer func() { recover() }()
	data := im.dwarf()
	if data == nil {
		return nil
	}
	budget := steps*len(im.Bytes) + 1000
	r := data.Reader()
	decode := false
	var scope []string // of the entries around, "" for those that name none
	for budget > 0 {
		entry, err := r.Next()
		if err != nil || entry == nil {
			return all
		}
		budget -= cost(entry)
		if entry.Tag == 0 {
			scope = scope[:max(len(scope)-1, 0)]
			continue
		}
		switch entry.Tag {
		case dwarf.TagCompileUnit, dwarf.TagPartialUnit:
			language, _ := entry.Val(dwarf.AttrLanguage).(int64)
			decode = qualified[language]
			scope = scope[:0]
		case dwarf.TagSubprogram:
			ranges, err := data.Ranges(entry)
			if err != nil || len(ranges) == 0 {
				break
			}
			name := im.nameOf(data, entry, decode, scope)
			budget -= len(ranges)
			for _, pc := range ranges {
				if pc[1] > pc[0] && name != "" {
					all = append(all, Function{Start: pc[0], End: pc[1], Name: name, Debug: true})
				}
			}
		}
		if entry.Children {
			name := ""
			if entry.Tag == dwarf.TagNamespace || entry.Tag == dwarf.TagClassType || entry.Tag == dwarf.TagStructType {
				name, _ = entry.Val(dwarf.AttrName).(string)
			}
			scope = append(scope, name)
		}
	}
	return all
}

// nameOf is the name of a function as debuggers show it.
func (im *Image) nameOf(data *dwarf.Data, entry *dwarf.Entry, decode bool, scope []string) string {
	name, linkage := "", ""
	r := data.Reader()
	for range 4 { // the declaration, or the function of which this is a copy
		if linkage == "" {
			linkage, _ = entry.Val(dwarf.AttrLinkageName).(string)
		}
		if name == "" {
			name, _ = entry.Val(dwarf.AttrName).(string)
		}
		at, refers := entry.Val(dwarf.AttrSpecification).(dwarf.Offset)
		if !refers {
			if at, refers = entry.Val(dwarf.AttrAbstractOrigin).(dwarf.Offset); !refers {
				break
			}
		}
		r.Seek(at)
		next, err := r.Next()
		if err != nil || next == nil {
			break
		}
		entry = next
	}
	if decode && linkage != "" {
		if decoded := Decode(linkage); decoded != linkage {
			return decoded
		}
	}
	if name == "" {
		return linkage
	}
	if decode {
		for i := len(scope) - 1; i >= 0; i-- {
			if scope[i] != "" {
				name = scope[i] + "::" + name
			}
		}
	}
	return name
}
