// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package registry

import (
	"bytes"
	"testing"
	"unsafe"

	"github.com/libjitdebug/libjitdebug/internal/abi"
	"github.com/libjitdebug/libjitdebug/internal/cursor"
	"github.com/libjitdebug/libjitdebug/internal/elf"
	"github.com/libjitdebug/libjitdebug/internal/machine"
)

// imageOf is an image with these sections.
func imageOf(sections ...elf.Section64) []byte {
	image := make([]byte, elf.HeaderSize+(1+len(sections))*elf.SectionSize)
	c := cursor.On(image)
	elf.WriteHeader(&c, machine.Host.ELF, 1+len(sections), 0)
	elf.WriteFirst(&c, 1+len(sections), 0)
	for i := range sections {
		sections[i].Write(&c)
	}
	return image
}

// A copy lacks SHF_ALLOC where it means nothing, and has it again once raised.
func TestLower(t *testing.T) {
	const code = elf.SHF_ALLOC | elf.SHF_EXECINSTR
	text := elf.Section64{Type: elf.SHT_NOBITS, Flags: code, Addr: 0x1000, Size: 16}
	frame := elf.Section64{Type: elf.SHT_PROGBITS, Flags: elf.SHF_ALLOC}
	for _, c := range []struct {
		name    string
		given   []byte
		lowered []int // sections without the flag
	}{
		{"as a compiler leaves it", imageOf(text, frame, frame), []int{2, 3}},
		{"nothing was loaded", imageOf(frame), nil},
		{"loaded", imageOf(text, elf.Section64{Type: elf.SHT_PROGBITS, Flags: elf.SHF_ALLOC, Addr: 0x2000}), nil},
		{"code", imageOf(text, elf.Section64{Type: elf.SHT_PROGBITS, Flags: code}), nil},
		{"the bit is taken", imageOf(text, frame, elf.Section64{Flags: notAlloc}), nil},
		{"no ELF", []byte("0123456789abcdef"), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			shown := bytes.Clone(c.given)
			at := uintptr(unsafe.Pointer(&shown[0]))
			images := abi.Images{{Data: uintptr(unsafe.Pointer(&c.given[0])), Size: uintptr(len(c.given))}}
			if lowered := lower(images, at); lowered != (c.lowered != nil) {
				t.Fatalf("lowered: %v", lowered)
			}
			want := bytes.Clone(c.given)
			for _, i := range c.lowered {
				elf.Sections(want)[i].Flags = notAlloc
			}
			if !bytes.Equal(shown, want) {
				t.Fatalf("% x", shown)
			}
			if c.lowered != nil {
				raise(shown)
			}
			if !bytes.Equal(shown, c.given) {
				t.Fatalf("raised: % x", shown)
			}
		})
	}
}
