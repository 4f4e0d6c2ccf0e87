// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package object

import "github.com/libjitdebug/libjitdebug/internal/elf"

// home is the index of the section in which symbol n is defined; 0 if it is in none.
func (f *file) home(n int) (int, error) {
	index := int(f.symbols[n].Shndx)
	if index == elf.SHN_XINDEX {
		if len(f.indexes) <= n {
			return 0, bad("symbol " + decimal(n) + quoted(f.symbolName(n)) + ": st_shndx is SHN_XINDEX, but SHT_SYMTAB_SHNDX has no entry for it")
		}
		index = int(f.indexes[n])
	} else if index >= elf.SHN_LORESERVE {
		return 0, nil
	}
	if index >= len(f.Sections) {
		return 0, bad("symbol " + decimal(n) + quoted(f.symbolName(n)) + ": its section is " + decimal(index) +
			", there are " + decimal(len(f.Sections)) + " sections")
	}
	return index, nil
}

func (f *file) symbolName(n int) []byte { return elf.String(f.strings, f.symbols[n].Name) }

// resolve is the address of symbol n; for one in a section of DWARF, its offset in the
// image's section. known is false if the symbol is defined in another object, or in a
// section that was not loaded.
func (f *file) resolve(n int) (address uint64, known bool, err error) {
	if n == 0 {
		return 0, true, nil
	}
	s := &f.symbols[n]
	home, err := f.home(n)
	if err != nil {
		return 0, false, err
	}
	if home == 0 {
		return s.Value, s.Shndx == elf.SHN_ABS, nil
	}
	in := &f.plans[home]
	return in.address + s.Value, in.fate == debug || in.isLoaded(), nil
}
