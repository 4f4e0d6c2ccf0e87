// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Package executable looks for symbols in the file of the program that the library was
// loaded into, and in that of another library.
package executable

import (
	"syscall"

	"github.com/libjitdebug/libjitdebug/internal/elf"
)

// Defines says whether the program's file defines a global symbol of this name,
// exported or not. It says no where the file cannot be read or its symbols have been
// stripped: then a debugger does not see the symbol either.
func Defines(name string) bool { return inFile("/proc/self/exe", name, global) }

// DefinesLocal says whether a library's file has a local symbol of this name.
func DefinesLocal(path, name string) bool { return inFile(path, name, local) }

type binding bool

const (
	global binding = false
	local  binding = true
)

func inFile(path, name string, b binding) bool {
	file := read(path)
	if file == nil {
		return false
	}
	defer syscall.Munmap(file)
	return defines(file, name, b)
}

func read(path string) []byte {
	fd, err := syscall.Open(path, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	defer syscall.Close(fd)
	var stat syscall.Stat_t
	if syscall.Fstat(fd, &stat) != nil || stat.Size == 0 {
		return nil
	}
	file, err := syscall.Mmap(fd, 0, int(stat.Size), syscall.PROT_READ, syscall.MAP_PRIVATE)
	if err != nil {
		return nil
	}
	return file
}

func defines(bytes []byte, name string, b binding) bool {
	file := elf.File{Bytes: bytes, Sections: elf.Sections(bytes)}
	for i := range file.Sections {
		table := &file.Sections[i]
		if table.Type != elf.SHT_SYMTAB && table.Type != elf.SHT_DYNSYM || uint64(table.Link) >= uint64(len(file.Sections)) {
			continue
		}
		strings := file.Contents(&file.Sections[table.Link])
		symbols := elf.Table[elf.Sym64](file.Contents(table))
		for n := range symbols {
			s := &symbols[n]
			if binding(s.Bind() == elf.STB_LOCAL) != b || s.Shndx == elf.SHN_UNDEF {
				continue
			}
			text := elf.Slice(strings, uint64(s.Name), uint64(len(name))+1)
			if text != nil && string(text[:len(name)]) == name && text[len(name)] == 0 {
				return true
			}
		}
	}
	return false
}
