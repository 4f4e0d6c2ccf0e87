// Package executable looks at the program that the library was loaded into.
package executable

import (
	"encoding/binary"
	"syscall"
)

// Defines says whether the program's file has a global symbol of this name,
// exported or not, that is defined in it. False where the file cannot be read or
// has been stripped of it: then a debugger does not see it either.
func Defines(name string) bool {
	file := read("/proc/self/exe")
	if file == nil {
		return false
	}
	defer syscall.Munmap(file)
	return defines(file, name)
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

// defines reads ELF-64: System V gABI, "Object Files".
func defines(file []byte, name string) bool {
	const (
		sectionSize, symbolSize = 64, 24
		symtab, dynsym          = 2, 11
	)
	le := binary.LittleEndian
	header := part(file, 0, 64)
	if header == nil || string(header[:5]) != "\x7fELF\x02" {
		return false
	}
	sections := part(file, le.Uint64(header[0x28:]), uint64(le.Uint16(header[0x3c:]))*sectionSize)
	content := func(section []byte) []byte {
		return part(file, le.Uint64(section[0x18:]), le.Uint64(section[0x20:]))
	}
	for at := 0; at < len(sections); at += sectionSize {
		section := sections[at:][:sectionSize]
		if kind := le.Uint32(section[4:]); kind != symtab && kind != dynsym {
			continue
		}
		names := part(sections, uint64(le.Uint32(section[0x28:]))*sectionSize, sectionSize)
		if names == nil {
			continue
		}
		strings := content(names)
		symbols := content(section)
		for ; len(symbols) >= symbolSize; symbols = symbols[symbolSize:] {
			const local, undefined = 0, 0
			if symbols[4]>>4 == local || le.Uint16(symbols[6:]) == undefined {
				continue
			}
			text := part(strings, uint64(le.Uint32(symbols)), uint64(len(name))+1)
			if text != nil && string(text[:len(name)]) == name && text[len(name)] == 0 {
				return true
			}
		}
	}
	return false
}

// part returns size bytes from offset, or nil where there are not so many.
func part(of []byte, offset, size uint64) []byte {
	if offset > uint64(len(of)) || size > uint64(len(of))-offset {
		return nil
	}
	return of[offset:][:size]
}
