// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Package image reads the images of generated code: their sections, functions, lines and
// frame descriptions. What is damaged is left out; the library's checks say why.
package image

import (
	"fmt"
	"sort"

	"github.com/libjitdebug/libjitdebug/internal/elf"
	"github.com/libjitdebug/libjitdebug/internal/machine"
	"github.com/libjitdebug/libjitdebug/internal/symfile"
)

// An Image is one of an entry.
type Image struct {
	Address  uint64 // in the target
	Bytes    []byte
	Relocate bool      // ET_REL: symbols count from their section
	Sections []Section // those that are loaded, in their order

	file      elf.File
	functions []Function
	lines     []Row
	frames    []Frame
	read      parts
	debug     debug
	offsets   map[int][]uint64 // of relocations, by section
}

type parts struct{ functions, lines, frames bool }

// A Section is one that is loaded: a range of addresses that debuggers take for the image's.
type Section struct {
	Name       string
	Index      int
	Start, End uint64
	Code       bool
	Bytes      []byte // nil if only the process has them
}

// A Function is what an image says about a range of code.
type Function struct {
	Start, End uint64
	Name       string // as debuggers show it
	Symbol     bool   // the symbol table has it
	Debug      bool   // the debug information has it
}

// New reads the header and the sections of an image.
func New(address uint64, bytes []byte) (*Image, error) {
	im := &Image{Address: address, Bytes: bytes}
	m := &machine.X86_64
	if len(bytes) >= elf.HeaderSize {
		if other := machine.Of(elf.In[elf.Header64](bytes).Machine); other != nil {
			m = other
		}
	}
	file, err := symfile.Open(bytes, m)
	if err != nil {
		return im, err
	}
	im.file = file
	im.Relocate = file.Type == elf.ET_REL
	for i := 1; i < len(file.Sections); i++ {
		s := &file.Sections[i]
		if s.Flags&elf.SHF_ALLOC == 0 || s.Size == 0 || s.Addr+s.Size < s.Addr || s.Flags&elf.SHF_TLS != 0 {
			continue
		}
		im.Sections = append(im.Sections, Section{Name: string(file.Name(s)), Index: i, Start: s.Addr, End: s.Addr + s.Size,
			Code: s.Flags&elf.SHF_EXECINSTR != 0, Bytes: file.Contents(s)})
	}
	return im, nil
}

// Check is what the library says of an image.
func Check(bytes []byte) (err error) {
	defer rescue(&err)
	return symfile.Check(bytes)
}

// rescue makes an error of a panic: an image may be anything.
func rescue(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("unreadable: %v", r)
	}
}

// Section returns the section of code that an address is in, or another, or nil.
func (im *Image) Section(address uint64) (found *Section) {
	for i := range im.Sections {
		if s := &im.Sections[i]; s.Start <= address && address < s.End && (found == nil || s.Code && !found.Code) {
			found = s
		}
	}
	return found
}

// Functions returns the functions, by their addresses.
func (im *Image) Functions() []Function {
	if im.read.functions {
		return im.functions
	}
	im.read.functions = true
	all := append(im.debugFunctions(), im.symbolFunctions()...)
	sort.SliceStable(all, func(i, j int) bool { return all[i].Start < all[j].Start })
	for _, f := range all {
		if s := im.Section(f.Start); s == nil || !s.Code {
			continue // debuggers do not find it
		}
		if n := len(im.functions); n > 0 && im.functions[n-1].Start == f.Start {
			last := &im.functions[n-1]
			last.Symbol, last.Debug = last.Symbol || f.Symbol, last.Debug || f.Debug
			if last.End <= last.Start {
				last.End = f.End
			}
			continue
		}
		im.functions = append(im.functions, f)
	}
	// Some symbols have no size: they end where the next one begins, or their section does.
	for i := range im.functions {
		f := &im.functions[i]
		if f.End > f.Start {
			continue
		}
		if s := im.Section(f.Start); s != nil {
			f.End = s.End
		}
		if i+1 < len(im.functions) {
			f.End = min(f.End, im.functions[i+1].Start)
		}
	}
	return im.functions
}

// Function returns the innermost function that an address is in, or nil.
func (im *Image) Function(address uint64) *Function {
	all := im.Functions()
	i := sort.Search(len(all), func(i int) bool { return all[i].Start > address })
	for i--; i >= 0; i-- {
		if f := &all[i]; address < f.End {
			return f
		} else if f.End-f.Start > 0 && address-f.Start > 1<<32 {
			break
		}
	}
	return nil
}
