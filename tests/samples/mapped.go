// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package samples

import (
	"github.com/libjitdebug/libjitdebug/internal/elf"
)

// Mapped is a library as a loader would register it that has mapped it to an address:
// its sections and symbols are where they were loaded.
func Mapped(image []byte, base uint64) []byte {
	m := append([]byte{}, image...)
	f := elf.File{Bytes: m, Sections: elf.Sections(m)}
	for i := range f.Sections {
		s := &f.Sections[i]
		if s.Flags&elf.SHF_ALLOC != 0 {
			s.Addr += base
		}
		if s.Type != elf.SHT_SYMTAB && s.Type != elf.SHT_DYNSYM {
			continue
		}
		symbols := elf.Table[elf.Sym64](f.Contents(s))
		for n := range symbols {
			if x := &symbols[n]; x.Shndx != 0 && x.Shndx < elf.SHN_LORESERVE && x.Type() != elf.STT_TLS {
				x.Value += base
			}
		}
	}
	h := elf.In[elf.Header64](m)
	segments := elf.Table[elf.Prog64](elf.Slice(m, h.Phoff, uint64(h.Phnum)*elf.ProgSize))
	for i := range segments {
		segments[i].Vaddr += base
		segments[i].Paddr += base
	}
	return m
}
