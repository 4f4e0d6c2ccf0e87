// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package samples

import (
	"encoding/binary"

	"github.com/libjitdebug/libjitdebug/internal/machine"
)

var le = binary.LittleEndian

// Machine is the e_machine of this process.
var Machine = machine.Host.ELF

// A Section is one section of an image that Build lays out.
type Section struct {
	Name       string
	Type       uint32
	Flags      uint64
	Addr       uint64
	Data       []byte
	Size       uint64 // of an SHT_NOBITS section
	Link, Info uint32
	Entry      uint64
}

// A Layout is how Build arranges an image.
type Layout struct {
	Type         uint16
	HeadersFirst bool // section headers before the sections
	Unaligned    bool // section headers at an odd offset
	Padding      int  // bytes after the end
}

// Build makes an ELF image of the sections, plus a null section before and the
// section names behind them.
func Build(l Layout, sections []Section) []byte {
	names := []byte{0}
	nameAt := make([]uint32, len(sections)+1)
	all := append(append([]Section{}, sections...), Section{Name: ".shstrtab", Type: 3})
	for i, s := range all {
		nameAt[i] = uint32(len(names))
		names = append(append(names, s.Name...), 0)
	}
	all[len(all)-1].Data = names
	image := make([]byte, 64)
	copy(image, "\x7fELF\x02\x01\x01")
	headers := make([]byte, 64*(len(all)+1))
	if l.HeadersFirst {
		image = append(image, headers...)
	}
	for i, s := range all {
		for len(image)%8 != 0 {
			image = append(image, 0)
		}
		h := headers[64*(i+1):]
		size := uint64(len(s.Data))
		if s.Type == 8 {
			size = s.Size
		}
		le.PutUint32(h[0:], nameAt[i])
		le.PutUint32(h[4:], s.Type)
		le.PutUint64(h[8:], s.Flags)
		le.PutUint64(h[16:], s.Addr)
		le.PutUint64(h[24:], uint64(len(image)))
		le.PutUint64(h[32:], size)
		le.PutUint32(h[40:], s.Link)
		le.PutUint32(h[44:], s.Info)
		le.PutUint64(h[48:], 1)
		le.PutUint64(h[56:], s.Entry)
		image = append(image, s.Data...)
	}
	at := 64
	if l.HeadersFirst {
		copy(image[64:], headers)
	} else {
		for len(image)%8 != 0 {
			image = append(image, 0)
		}
		if l.Unaligned {
			image = append(image, 0)
		}
		at = len(image)
		image = append(image, headers...)
	}
	le.PutUint16(image[16:], l.Type)
	le.PutUint16(image[18:], Machine)
	le.PutUint32(image[20:], 1)
	le.PutUint64(image[40:], uint64(at))
	le.PutUint16(image[52:], 64)
	le.PutUint16(image[54:], 56)
	le.PutUint16(image[58:], 64)
	le.PutUint16(image[60:], uint16(len(all)+1))
	le.PutUint16(image[62:], uint16(len(all)))
	return append(image, make([]byte, l.Padding)...)
}

// Symbol is one Elf64_Sym.
func Symbol(name uint32, info byte, section uint16, value, size uint64) []byte {
	s := make([]byte, 24)
	le.PutUint32(s[0:], name)
	s[4] = info
	le.PutUint16(s[6:], section)
	le.PutUint64(s[8:], value)
	le.PutUint64(s[16:], size)
	return s
}

// Function is an image with a symbol for each function, size bytes each from
// addr on, as a JIT without debug information writes it.
func Function(l Layout, text Section, names ...string) []byte {
	symbols, strings := make([]byte, 24), []byte{0}
	size := max(text.Size, uint64(len(text.Data))) / uint64(len(names))
	for i, name := range names {
		value := uint64(i) * size
		if l.Type != 1 {
			value += text.Addr
		}
		symbols = append(symbols, Symbol(uint32(len(strings)), 0x12, 1, value, size)...)
		strings = append(append(strings, name...), 0)
	}
	return Build(l, []Section{
		text,
		{Name: ".symtab", Type: 2, Data: symbols, Link: 3, Info: 1, Entry: 24},
		{Name: ".strtab", Type: 3, Data: strings},
	})
}

// Minimal is the smallest image that shows a name in a debugger: 376 bytes, with
// one string table for the names of the section and of the symbol.
func Minimal() []byte {
	image := make([]byte, 376)
	copy(image, "\x7fELF\x02\x01\x01")
	le.PutUint16(image[16:], 1)
	le.PutUint16(image[18:], Machine)
	le.PutUint32(image[20:], 1)
	le.PutUint64(image[40:], 64)
	le.PutUint16(image[52:], 64)
	le.PutUint16(image[58:], 64)
	le.PutUint16(image[60:], 4)
	le.PutUint16(image[62:], 3)
	header := func(i int, typ uint32, flags, addr, offset, size uint64, link, info uint32, entry uint64) {
		h := image[64+64*i:]
		le.PutUint32(h[4:], typ)
		le.PutUint64(h[8:], flags)
		le.PutUint64(h[16:], addr)
		le.PutUint64(h[24:], offset)
		le.PutUint64(h[32:], size)
		le.PutUint32(h[40:], link)
		le.PutUint32(h[44:], info)
		le.PutUint64(h[48:], 1)
		le.PutUint64(h[56:], entry)
	}
	header(1, 8, 6, 0x10000000, 0, 64, 0, 0, 0)
	header(2, 2, 0, 0, 320, 48, 3, 1, 24)
	header(3, 3, 0, 0, 368, 8, 0, 0, 0)
	copy(image[344:], Symbol(1, 0x12, 1, 0, 64))
	copy(image[368:], "\x00jitted\x00")
	return image
}

// Place gives every allocated section of a relocatable object an address, as
// LLVM does once it has loaded one.
func Place(object []byte, addr uint64) []byte {
	return place(object, addr, false)
}

// PlaceAll gives debug sections an address too, as newer LLVM does.
func PlaceAll(object []byte, addr uint64) []byte {
	return place(object, addr, true)
}

func place(object []byte, addr uint64, all bool) []byte {
	image := append([]byte{}, object...)
	at, n := le.Uint64(image[40:]), uint64(le.Uint16(image[60:]))
	if n == 0 {
		n = le.Uint64(image[at+32:])
	}
	for i := uint64(1); i < n; i++ {
		h := image[at+64*i:]
		if le.Uint64(h[8:])&2 == 0 && !(all && le.Uint32(h[4:]) == 1) || le.Uint64(h[32:]) == 0 {
			continue
		}
		if align := le.Uint64(h[48:]); align > 1 {
			addr = (addr + align - 1) &^ (align - 1)
		}
		le.PutUint64(h[16:], addr)
		addr += le.Uint64(h[32:])
	}
	return image
}
