// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Package jitdump reads the files in which runtimes leave their code for perf, jit-PID.dump.
package jitdump

import (
	"encoding/binary"
	"fmt"
	"os"
	"path"

	"github.com/libjitdebug/libjitdebug/cmd/jitdebug/internal/codefile"
	"github.com/libjitdebug/libjitdebug/cmd/jitdebug/internal/image"
	"github.com/libjitdebug/libjitdebug/internal/elf"
)

var le = binary.LittleEndian

const (
	magic = 0x4a695444

	recordLoad, recordMove, recordDebug, recordClose, recordUnwinding = 0, 1, 2, 3, 4

	headerSize, prefixSize = 40, 16
)

// Read reads a file. A record that is cut off, as the last one of a process that was ended,
// ends it.
func Read(file string) (functions []codefile.Function, machine uint16, pid int, err error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, 0, 0, err
	}
	if len(b) < headerSize || le.Uint32(b) != magic {
		return nil, 0, 0, fmt.Errorf("%s: not a jitdump of this machine's byte order", file)
	}
	if version := le.Uint32(b[4:]); version != 1 {
		return nil, 0, 0, fmt.Errorf("%s: version %d of jitdump, and 1 is known", file, version)
	}
	machine, pid = uint16(le.Uint32(b[12:])), int(le.Uint32(b[20:]))
	rest := elf.Slice(b, uint64(le.Uint32(b[8:])), uint64(len(b))-min(uint64(le.Uint32(b[8:])), uint64(len(b))))
	byIndex := map[uint64]codefile.Function{}
	var rows []image.Row
	var rowsOf uint64
	var unwinding []byte
	for len(rest) >= prefixSize {
		id, size, time := le.Uint32(rest), uint64(le.Uint32(rest[4:])), le.Uint64(rest[8:])
		if size < prefixSize || size > uint64(len(rest)) {
			break
		}
		body := rest[prefixSize:size]
		rest = rest[size:]
		switch id {
		case recordDebug:
			rowsOf, rows = debugRows(body)
		case recordUnwinding:
			unwinding = nil
			if len(body) >= 24 {
				total, table := le.Uint64(body), le.Uint64(body[8:])
				if table <= total {
					unwinding = elf.Slice(body, 24, total-table) // the frames are in front of their table
				}
			}
		case recordLoad:
			f, index, ok := load(body, time)
			if !ok {
				continue
			}
			if rowsOf == f.Start {
				f.Rows = within(rows, &f)
			}
			for _, frame := range image.ParseFrames(unwinding, (f.End+7)&^7) {
				if frame.Start <= f.Start && f.Start < frame.End || frame.Start == f.Start {
					f.Frame = &frame
					break
				}
			}
			rows, unwinding, rowsOf = nil, nil, 0
			functions = append(functions, f)
			byIndex[index] = f
		case recordMove:
			if len(body) < 48 {
				continue
			}
			f, known := byIndex[le.Uint64(body[40:])]
			if !known {
				continue
			}
			to := le.Uint64(body[24:])
			f.Rows, f.Frame = nil, nil // they are of the old place
			f.Start, f.End, f.Born = to, to+(f.End-f.Start), time
			functions = append(functions, f)
		case recordClose:
			return functions, machine, pid, nil
		}
	}
	return functions, machine, pid, nil
}

// load reads a function: pid, tid, vma, address, size, index; the name, and the code at the end.
func load(body []byte, time uint64) (f codefile.Function, index uint64, ok bool) {
	const fixed = 40
	if len(body) < fixed {
		return f, 0, false
	}
	address, size := le.Uint64(body[16:]), le.Uint64(body[24:])
	name := elf.String(body[fixed:], 0)
	if size == 0 || size > uint64(len(body)-fixed-len(name)) || address+size < address {
		return f, 0, false
	}
	code := body[uint64(len(body))-size:]
	return codefile.Function{Start: address, End: address + size, Name: string(name), Code: code, Born: time}, le.Uint64(body[32:]), true
}

// debugRows reads lines: the code's address and a count; of each its address, line,
// discriminator and file, of which "\xff" is the one before.
func debugRows(body []byte) (start uint64, rows []image.Row) {
	if len(body) < 16 {
		return 0, nil
	}
	start = le.Uint64(body)
	count := le.Uint64(body[8:])
	rest := body[16:]
	file := ""
	for ; count > 0 && len(rest) > 16; count-- {
		name := string(elf.String(rest[16:], 0))
		if name != "\xff" {
			file = path.Clean(name)
		}
		rows = append(rows, image.Row{Address: le.Uint64(rest), Line: int(int32(le.Uint32(rest[8:]))), File: file})
		rest = rest[min(16+len(name)+1, len(rest)):]
	}
	return start, rows
}

func within(rows []image.Row, f *codefile.Function) (some []image.Row) {
	for _, row := range rows {
		if row.Address >= f.Start && row.Address < f.End && row.Line > 0 {
			some = append(some, row)
		}
	}
	return some
}
