// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package image

import (
	"github.com/libjitdebug/libjitdebug/internal/cursor"
	"github.com/libjitdebug/libjitdebug/internal/elf"
	"github.com/libjitdebug/libjitdebug/internal/machine"
)

const (
	emptyNames  = "\x00.shstrtab\x00"
	emptyNameAt = elf.HeaderSize + 2*elf.SectionSize

	// EmptySize is the size in bytes of an image that has nothing.
	EmptySize = emptyNameAt + len(emptyNames)
)

// WriteEmpty writes an image that has nothing: neither code nor symbols.
func WriteEmpty(to *[EmptySize]byte, m *machine.Machine) {
	c := cursor.On(to[:])
	elf.WriteHeader(&c, m.ELF, 2, 1)
	elf.WriteFirst(&c, 2, 1)
	names := elf.Section64{Name: 1, Type: elf.SHT_STRTAB, Addralign: 1, Off: emptyNameAt, Size: uint64(len(emptyNames))}
	names.Write(&c)
	c.Text(emptyNames)
}
