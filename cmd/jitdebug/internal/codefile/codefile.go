// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Package codefile writes an ELF file of generated code, at the addresses at which it ran,
// with symbols, lines and frame descriptions, as perf and objdump read them.
package codefile

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"os"
	"sort"

	"github.com/libjitdebug/libjitdebug/cmd/jitdebug/internal/image"
)

var le = binary.LittleEndian

// A Function is one that was generated.
type Function struct {
	Start, End uint64
	Name       string
	Code       []byte
	Rows       []image.Row  // by their addresses, of this function alone
	Frame      *image.Frame // nil: not known
	Born       uint64       // when, as the recording counts; 0: before it
}

const (
	page = 4096

	// spread is how far apart functions of one file are at most: perf's unwinder counts in 32
	// bits.
	spread = 1 << 30
	// gap is how far apart functions of one section are at most.
	gap = 64 << 10
)

// Split divides functions among files: as few as there can be, each without two functions in
// one place, for what is replaced is told apart by time.
func Split(functions []Function) [][]Function {
	sorted := append([]Function(nil), functions...)
	sort.SliceStable(sorted, func(i, j int) bool { return sorted[i].Start < sorted[j].Start })
	var files [][]Function
	for _, f := range sorted {
		at := 0
		for ; at < len(files); at++ {
			first, last := &files[at][0], &files[at][len(files[at])-1]
			if last.End <= f.Start && f.End-first.Start <= spread {
				break
			}
		}
		if at == len(files) {
			files = append(files, nil)
		}
		files[at] = append(files[at], f)
	}
	return files
}

// A Layout is where a file's bytes are to be found in memory.
type Layout struct {
	Base   uint64 // what is at the file's beginning: headers and frame descriptions
	Header uint64 // how much
}

// Offset is where in the file an address is.
func (l Layout) Offset(address uint64) uint64 { return address - l.Base }

// A Range is functions that share a section.
type Range struct{ Start, End uint64 }

// Ranges are those of functions that are in the order of their addresses.
func Ranges(functions []Function) (all []Range) {
	for i := range functions {
		f := &functions[i]
		if n := len(all); n > 0 && f.Start-all[n-1].End <= gap {
			all[n-1].End = f.End
			continue
		}
		all = append(all, Range{f.Start, f.End})
	}
	return all
}

// Write writes a file of functions that are in the order of their addresses. free returns an
// address below another, where so many bytes are free: perf reads the frame descriptions as
// the process's memory.
func Write(path string, machine uint16, functions []Function, free func(below, size uint64) uint64) (Layout, error) {
	all := Ranges(functions)
	segments := 1 + len(all)
	frames, entries := writeFrames(functions, machine)
	tableAt := align(uint64(64+56*segments), 8)
	framesAt := align(tableAt+12+8*uint64(len(entries)), 8)
	header := align(framesAt+uint64(len(frames)), page)
	l := Layout{Header: header}
	l.Base = free(functions[0].Start&^(page-1), header)

	w := writer{layout: l, machine: machine}
	w.section("", elf.SHT_NULL, 0, 0, 0, 0)
	w.section(".eh_frame_hdr", elf.SHT_PROGBITS, elf.SHF_ALLOC, l.Base+tableAt, tableAt, uint64(12+8*len(entries)))
	w.section(".eh_frame", elf.SHT_PROGBITS, elf.SHF_ALLOC, l.Base+framesAt, framesAt, uint64(len(frames)))
	firstCode := len(w.sections)
	for _, r := range all {
		w.section(".text", elf.SHT_PROGBITS, elf.SHF_ALLOC|elf.SHF_EXECINSTR, r.Start, l.Offset(r.Start), r.End-r.Start)
	}
	end := align(l.Offset(all[len(all)-1].End), page)

	symbols, strings := writeSymbols(functions, all, firstCode)
	lines := writeLines(functions)
	info, abbrev := writeUnit(functions)
	after := []struct {
		name string
		typ  elf.SectionType
		b    []byte
	}{{".symtab", elf.SHT_SYMTAB, symbols}, {".strtab", elf.SHT_STRTAB, strings}, {".debug_line", elf.SHT_PROGBITS, lines},
		{".debug_info", elf.SHT_PROGBITS, info}, {".debug_abbrev", elf.SHT_PROGBITS, abbrev}}
	at := end
	for _, s := range after {
		w.section(s.name, s.typ, 0, 0, at, uint64(len(s.b)))
		if s.typ == elf.SHT_SYMTAB {
			last := &w.sections[len(w.sections)-1]
			last.Link, last.Info, last.Entsize = uint32(len(w.sections)), 1, 24
		}
		at = align(at+uint64(len(s.b)), 8)
	}
	namesAt := at
	w.section(".shstrtab", elf.SHT_STRTAB, 0, 0, namesAt, 0)
	w.sections[len(w.sections)-1].Size = uint64(len(w.names))
	headersAt := align(namesAt+uint64(len(w.names)), 8)

	f, err := os.Create(path)
	if err != nil {
		return l, err
	}
	write := func(b []byte, at uint64) {
		if err == nil && len(b) > 0 {
			_, err = f.WriteAt(b, int64(at))
		}
	}
	write(w.header(segments, headersAt), 0)
	write(w.programs(header, all), 64)
	write(table(l.Base+tableAt, l.Base+framesAt, entries), tableAt)
	write(frames, framesAt)
	for i := range functions {
		write(functions[i].Code, l.Offset(functions[i].Start))
	}
	at = end
	for _, s := range after {
		write(s.b, at)
		at = align(at+uint64(len(s.b)), 8)
	}
	write(w.names, namesAt)
	var headers bytes.Buffer
	binary.Write(&headers, le, w.sections)
	write(headers.Bytes(), headersAt)
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		err = fmt.Errorf("%s: %w", path, err)
	}
	return l, err
}

func align(n, to uint64) uint64 { return (n + to - 1) &^ (to - 1) }

type writer struct {
	layout   Layout
	machine  uint16
	sections []elf.Section64
	names    []byte
}

func (w *writer) section(name string, typ elf.SectionType, flags elf.SectionFlag, address, offset, size uint64) {
	at := len(w.names)
	w.names = append(append(w.names, name...), 0)
	alignment := uint64(1)
	if typ == elf.SHT_NULL {
		alignment = 0
	} else if flags&elf.SHF_ALLOC == 0 {
		alignment = 8
	}
	w.sections = append(w.sections, elf.Section64{Name: uint32(at), Type: uint32(typ), Flags: uint64(flags), Addr: address, Off: offset, Size: size, Addralign: alignment})
}

func (w *writer) header(segments int, sectionsAt uint64) []byte {
	h := elf.Header64{Type: uint16(elf.ET_DYN), Machine: w.machine, Version: 1, Phoff: 64, Shoff: sectionsAt, Ehsize: 64,
		Phentsize: 56, Phnum: uint16(segments), Shentsize: 64, Shnum: uint16(len(w.sections)), Shstrndx: uint16(len(w.sections) - 1)}
	copy(h.Ident[:], elf.ELFMAG)
	h.Ident[elf.EI_CLASS], h.Ident[elf.EI_DATA], h.Ident[elf.EI_VERSION] = byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), 1
	var b bytes.Buffer
	binary.Write(&b, le, h)
	return b.Bytes()
}

func (w *writer) programs(header uint64, all []Range) []byte {
	progs := []elf.Prog64{{Type: uint32(elf.PT_LOAD), Flags: uint32(elf.PF_R), Vaddr: w.layout.Base, Paddr: w.layout.Base, Filesz: header, Memsz: header, Align: page}}
	for _, r := range all {
		progs = append(progs, elf.Prog64{Type: uint32(elf.PT_LOAD), Flags: uint32(elf.PF_R | elf.PF_X), Off: w.layout.Offset(r.Start),
			Vaddr: r.Start, Paddr: r.Start, Filesz: r.End - r.Start, Memsz: r.End - r.Start, Align: page})
	}
	var b bytes.Buffer
	binary.Write(&b, le, progs)
	return b.Bytes()
}

func writeSymbols(functions []Function, all []Range, firstCode int) (symbols, strings []byte) {
	strings = []byte{0}
	table := []elf.Sym64{{}}
	section := 0
	for i := range functions {
		f := &functions[i]
		for f.Start >= all[section].End {
			section++
		}
		table = append(table, elf.Sym64{Name: uint32(len(strings)), Info: elf.ST_INFO(elf.STB_GLOBAL, elf.STT_FUNC),
			Shndx: uint16(firstCode + section), Value: f.Start, Size: f.End - f.Start})
		strings = append(append(strings, f.Name...), 0)
	}
	var b bytes.Buffer
	binary.Write(&b, le, table)
	return b.Bytes(), strings
}
