// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package image

import (
	"sort"

	"github.com/libjitdebug/libjitdebug/internal/elf"
)

// Machine is the image's e_machine.
func (im *Image) Machine() uint16 { return im.file.Machine }

// Between returns the functions that have code in a range of addresses.
func (im *Image) Between(start, end uint64) (some []Function) {
	for _, f := range im.Functions() {
		if f.Start < end && f.End > start {
			some = append(some, f)
		}
	}
	return some
}

// Code returns the bytes that the image itself has for a function, nil if it has none; and
// which of them were filled in when it was loaded, nil if the image does not say.
func (im *Image) Code(f *Function) (code []byte, filled []bool) {
	s := im.Section(f.Start)
	if s == nil || f.End > s.End || uint64(len(s.Bytes)) < f.End-s.Start {
		return nil, nil
	}
	from, to := f.Start-s.Start, f.End-s.Start
	code = s.Bytes[from:to]
	if !im.Relocate {
		return code, nil
	}
	filled = make([]bool, len(code))
	// A linker may also replace the instruction around, whose operation is in the bytes in
	// front.
	const before, after = 4, 8
	all := im.relocations(s.Index)
	first := sort.Search(len(all), func(i int) bool { return all[i]+after > from })
	for _, offset := range all[first:] {
		if offset >= to+before {
			break
		}
		for at := int64(offset) - before; at < int64(offset)+after; at++ {
			if n := at - int64(from); n >= 0 && n < int64(len(filled)) {
				filled[n] = true
			}
		}
	}
	return code, filled
}

// relocations are the offsets in a section at which there are some.
func (im *Image) relocations(section int) []uint64 {
	if known, there := im.offsets[section]; there {
		return known
	}
	var all []uint64
	for i := range im.file.Sections {
		r := &im.file.Sections[i]
		if r.Type != elf.SHT_RELA && r.Type != elf.SHT_REL || int(r.Info) != section {
			continue
		}
		relocations := im.file.Relocs(r)
		for n := range relocations.Len() {
			rela := relocations.At(n)
			all = append(all, rela.Off)
		}
	}
	sort.Slice(all, func(i, j int) bool { return all[i] < all[j] })
	if im.offsets == nil {
		im.offsets = map[int][]uint64{}
	}
	im.offsets[section] = all
	return all
}

// Misplaced returns the names of symbols of code whose values cannot be right: in ET_REL an
// address, where it should count from the section; and elsewhere no address of a section.
func (im *Image) Misplaced() (absolute, outside []string) {
	const most = 1000
	im.Symbols(func(s *elf.Sym64, name []byte, section *elf.Section64) {
		if section.Flags&elf.SHF_EXECINSTR == 0 || len(name) == 0 || len(absolute)+len(outside) >= most {
			return
		}
		end := section.Addr + section.Size
		switch {
		case im.Relocate && s.Value > section.Size && s.Value >= section.Addr && s.Value < end:
			absolute = append(absolute, Decode(string(name)))
		case im.Relocate && s.Value > section.Size, !im.Relocate && (s.Value < section.Addr || s.Value > end):
			outside = append(outside, Decode(string(name)))
		}
	})
	return absolute, outside
}

// FirstPush returns the offset in the code at which the description first changes the place
// of the CFA by an offset alone, as the instruction in front of it changes the stack pointer.
func (f *Frame) FirstPush() (offset uint64, ok bool) {
	r := &reader{b: f.Instructions}
	for r.at < len(r.b) && !r.short {
		switch op := r.u8(); {
		case op&0xc0 == 0x40:
			offset += uint64(op&0x3f) * f.CodeAlign
		case op == 0x02:
			offset += uint64(r.u8()) * f.CodeAlign
		case op == 0x03:
			offset += uint64(le.Uint16(r.bytes(2))) * f.CodeAlign
		case op == 0x0e: // DW_CFA_def_cfa_offset
			return offset, !r.short
		case op == 0:
		default:
			return 0, false
		}
	}
	return 0, false
}
