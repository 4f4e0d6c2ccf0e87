// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Package module finds what the dynamic linker has loaded into a target: the program, its
// libraries, in whichever namespace, and the symbols that they define.
package module

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"github.com/libjitdebug/libjitdebug/cmd/jitdebug/internal/target"
	format "github.com/libjitdebug/libjitdebug/internal/elf"
)

var le = binary.LittleEndian

// A Module is a program or a library.
type Module struct {
	Path       string
	Start, End uint64
	Bias       uint64 // what its addresses have to be added to
	Program    bool
	Static     bool // a program without a dynamic linker
	Namespace  int  // of dlmopen, from 0; -1: the dynamic linker does not list it
	Order      int  // in its namespace

	Mapping  target.Mapping // the first
	Writable []Range        // its variables
	symbols  bool           // it has more than those for the dynamic linker
	guessed  bool           // it is one only if the dynamic linker lists it
	loaded   string         // the path that the dynamic linker has
	dynamic  uint64         // the address of its dynamic section, or 0
}

// A Range is one of addresses.
type Range struct{ Start, End uint64 }

// Name is the file's, without the directory; that by which it was loaded, if it is a library.
func (m *Module) Name() string {
	if strings.Contains(filepath.Base(m.loaded), ".so") {
		return filepath.Base(m.loaded)
	}
	return filepath.Base(m.Path)
}

// Stripped says that it has only the symbols that the dynamic linker needs.
func (m *Module) Stripped() bool { return !m.symbols }

const headerLimit = 1 << 16

// Find returns the modules, in the order in which debuggers see them: the program, what the
// dynamic linker lists, namespace by namespace, and what it does not list.
func Find(t *target.Target) []Module {
	var all []Module
	entry := t.Auxiliary(target.AuxiliaryPHDR)
	for i := range t.Mappings {
		m := &t.Mappings[i]
		if m.Offset != 0 || !m.Read || m.Path == "" {
			continue
		}
		if module, ok := at(t, m); ok {
			module.Program = entry >= module.Start && entry < module.End
			all = append(all, module)
		}
	}
	order(t, all)
	return slices.DeleteFunc(all, func(m Module) bool { return m.guessed && m.Namespace < 0 })
}

// at reads the module that begins with a mapping.
func at(t *target.Target, m *target.Mapping) (module Module, ok bool) {
	header, err := t.Bytes(m.Start, format.HeaderSize)
	if err != nil || string(header[:format.EI_DATA+1]) != format.ELFMAG+"\x02\x01" {
		return module, false
	}
	h := format.In[format.Header64](header)
	if h.Type != format.ET_EXEC && h.Type != format.ET_DYN || h.Phentsize != format.ProgSize {
		return module, false
	}
	if t.Machine == 0 {
		t.Machine = h.Machine
	}
	size := uint64(h.Phnum) * format.ProgSize
	if size > headerLimit {
		return module, false
	}
	b, err := t.Bytes(m.Start+h.Phoff, size)
	if err != nil {
		return module, false
	}
	module = Module{Path: m.Path, Mapping: *m, Namespace: -1, Static: true}
	first := true
	var code, dynamic uint64
	for ; len(b) >= format.ProgSize; b = b[format.ProgSize:] {
		p := format.In[format.Prog64](b)
		switch elf.ProgType(p.Type) {
		case elf.PT_LOAD:
			if first {
				module.Bias = m.Start - (p.Vaddr - p.Off)
				module.Start, first = m.Start, false
			}
			start, end := module.Bias+p.Vaddr, module.Bias+p.Vaddr+p.Memsz
			module.End = max(module.End, end)
			if elf.ProgFlag(p.Flags)&elf.PF_W != 0 && start < end {
				module.Writable = append(module.Writable, Range{start, end})
			}
			if elf.ProgFlag(p.Flags)&elf.PF_X != 0 && code == 0 {
				code = start
			}
		case elf.PT_DYNAMIC:
			dynamic = p.Vaddr
		case elf.PT_INTERP:
			module.Static = false
		}
	}
	if first || module.End <= module.Start {
		return module, false
	}
	if dynamic != 0 {
		module.dynamic = module.Bias + dynamic
	}
	// A file that is only read is mapped too, but not as its headers say.
	if code != 0 {
		there := t.Mapping(code)
		if there == nil || there.Path != m.Path || !there.Guessed && !there.Execute {
			return module, false
		}
		module.guessed = there.Guessed
	}
	return module, true
}

// What the dynamic linker keeps, r_debug and link_map of <link.h>.
const (
	debugVersion, debugMap, debugNext     = 0, 8, 40
	mapName, mapDynamic, mapNext, mapSize = 8, 16, 24, 32

	listLimit = 1 << 16 // of modules
)

// order gives the modules their places on the dynamic linker's lists, and sorts them.
func order(t *target.Target, all []Module) {
	byDynamic := map[uint64]*Module{}
	var debug uint64
	for i := range all {
		m := &all[i]
		if m.dynamic != 0 {
			byDynamic[m.dynamic] = m
		}
		if m.Program {
			debug = dynamicValue(t, m, elf.DT_DEBUG)
			m.Namespace = 0
		}
	}
	seen := map[uint64]bool{}
	for namespace := 0; debug != 0 && !seen[debug] && len(seen) < listLimit; namespace++ {
		seen[debug] = true
		version, _ := t.Word(debug + debugVersion)
		entry, _ := t.Word(debug + debugMap)
		for n := 0; entry != 0 && !seen[entry] && len(seen) < listLimit; n++ {
			seen[entry] = true
			b, err := t.Bytes(entry, mapSize)
			if err != nil {
				break
			}
			if m := byDynamic[le.Uint64(b[mapDynamic:])]; m != nil && (m.Namespace < 0 || m.Program) {
				m.Namespace, m.Order = namespace, n
				m.loaded = t.String(le.Uint64(b[mapName:]), 4096)
			}
			entry = le.Uint64(b[mapNext:])
		}
		if uint32(version) < 2 {
			break
		}
		debug, _ = t.Word(debug + debugNext)
	}
	sort.SliceStable(all, func(i, j int) bool {
		a, b := &all[i], &all[j]
		if a.Program != b.Program {
			return a.Program
		}
		if a.Namespace != b.Namespace {
			return uint(a.Namespace) < uint(b.Namespace) // -1 is last
		}
		return a.Order < b.Order
	})
}

// dynamicValue returns a value of a module's dynamic section, or 0.
func dynamicValue(t *target.Target, m *Module, tag elf.DynTag) uint64 {
	for at := m.dynamic; at != 0 && at < m.End; at += 16 {
		key, err := t.Word(at)
		if err != nil || key == 0 {
			break
		}
		if elf.DynTag(key) == tag {
			value, _ := t.Word(at + 8)
			return value
		}
	}
	return 0
}

// A Symbol is one that a module defines.
type Symbol struct {
	Name    string
	Address uint64
	Global  bool // or weak: not local
	Code    bool
	Table   string // .symtab or .dynsym
}

// Symbols returns those of the names that a module defines: from its file, and what the
// dynamic linker has from memory, too.
func (m *Module) Symbols(t *target.Target, names ...string) (found []Symbol) {
	if f, err := t.OpenFile(&m.Mapping); err == nil {
		defer f.Close()
		found = m.inFile(f, names)
	}
	for _, s := range m.inMemory(t, names) {
		known := false
		for i := range found {
			known = known || found[i].Name == s.Name
		}
		if !known {
			found = append(found, s)
		}
	}
	return found
}

// tableLimit is the size of a table of symbols or names: those of the largest programs are
// smaller.
const tableLimit = 1 << 30

func (m *Module) inFile(f target.File, names []string) (found []Symbol) {
	info, err := f.Stat()
	if err != nil {
		return nil
	}
	size := uint64(info.Size())
	b, ok := part(f, size, 0, format.HeaderSize)
	if !ok || string(b[:format.EI_DATA+1]) != format.ELFMAG+"\x02\x01" {
		return nil
	}
	h := *format.In[format.Header64](b)
	if h.Shentsize != format.SectionSize {
		return nil
	}
	b, ok = part(f, size, h.Shoff, uint64(h.Shnum)*format.SectionSize)
	if !ok {
		return nil
	}
	sections := format.Table[format.Section64](b)
	for _, kind := range []struct {
		typ  uint32
		name string
	}{{format.SHT_SYMTAB, ".symtab"}, {format.SHT_DYNSYM, ".dynsym"}} {
		for i := range sections {
			s := &sections[i]
			if s.Type != kind.typ || s.Link >= uint32(len(sections)) {
				continue
			}
			if kind.typ == format.SHT_SYMTAB {
				m.symbols = true
			}
			strings, ok := part(f, size, sections[s.Link].Off, sections[s.Link].Size)
			if !ok || !containsName(strings, names) {
				continue
			}
			if symbols, ok := part(f, size, s.Off, s.Size); ok {
				found = m.pick(found, symbols, strings, names, kind.name)
			}
		}
	}
	return found
}

func part(f target.File, size, offset, length uint64) ([]byte, bool) {
	if offset > size || length > min(size-offset, tableLimit) {
		return nil, false
	}
	b := make([]byte, length)
	_, err := f.ReadAt(b, int64(offset))
	return b, err == nil
}

func containsName(strings []byte, names []string) bool {
	for _, name := range names {
		if bytes.Contains(strings, append([]byte(name), 0)) {
			return true
		}
	}
	return false
}

// inMemory reads the dynamic linker's symbols. Nothing says how many there are; the names lie
// behind them.
func (m *Module) inMemory(t *target.Target, names []string) []Symbol {
	symbols, strings := dynamicValue(t, m, elf.DT_SYMTAB), dynamicValue(t, m, elf.DT_STRTAB)
	size := dynamicValue(t, m, elf.DT_STRSZ)
	if symbols < m.Start { // the dynamic linker has not relocated it, or never does
		symbols, strings = symbols+m.Bias, strings+m.Bias
	}
	if symbols < m.Start || strings <= symbols || strings >= m.End || size > m.End-strings {
		return nil
	}
	text, err := t.Bytes(strings, size)
	if err != nil || !containsName(text, names) {
		return nil
	}
	b, err := t.Bytes(symbols, strings-symbols)
	if err != nil {
		return nil
	}
	return m.pick(nil, b, text, names, ".dynsym")
}

// pick appends the symbols of these names that are not known yet.
func (m *Module) pick(found []Symbol, symbols, strings []byte, names []string, table string) []Symbol {
	table64 := format.Table[format.Sym64](symbols)
	for i := range table64 {
		s := &table64[i]
		if s.Shndx == format.SHN_UNDEF || s.Value == 0 {
			continue
		}
		text := format.String(strings, s.Name)
		for _, name := range names {
			if string(text) != name {
				continue
			}
			known := false
			for j := range found {
				known = known || found[j].Name == name
			}
			if !known {
				found = append(found, Symbol{Name: name, Address: m.Bias + s.Value, Table: table,
					Global: s.Bind() != format.STB_LOCAL, Code: s.Type() == format.STT_FUNC})
			}
		}
	}
	return found
}
