// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package codefile

import (
	"bytes"
	"debug/elf"

	"github.com/libjitdebug/libjitdebug/cmd/jitdebug/internal/image"
)

// An entry is one of the table by which unwinders find a description.
type entry struct {
	start  uint64
	offset uint64 // of the description in its section
}

// writeFrames writes .eh_frame: a CIE for each kind of description, and the descriptions.
func writeFrames(functions []Function, machine uint16) (b []byte, entries []entry) {
	known := map[string]int{}
	for i := range functions {
		f := &functions[i]
		frame := f.Frame
		if frame == nil {
			if frame = framePointer(f.Code, machine); frame == nil {
				continue
			}
		}
		initial := bytes.TrimRight(frame.Initial, "\x00")
		var c []byte
		c = append(c, "\x01zR\x00"...)
		c = uleb(c, frame.CodeAlign)
		c = sleb(c, frame.DataAlign)
		c = append(c, byte(frame.ReturnColumn), 1, 0) // one byte of augmentation: pointers are absolute
		c = append(c, initial...)
		at, there := known[string(c)]
		if !there {
			at = len(b)
			known[string(c)] = at
			b = record(b, 0, c)
		}
		offset := len(b)
		d := le.AppendUint64(nil, f.Start)
		d = le.AppendUint64(d, f.End-f.Start)
		d = append(d, 0)
		d = append(d, frame.Instructions...)
		b = record(b, uint32(offset+4-at), d)
		entries = append(entries, entry{f.Start, uint64(offset)})
	}
	return append(b, 0, 0, 0, 0), entries
}

// record appends a record with its length, padded by instructions that do nothing.
func record(b []byte, id uint32, contents []byte) []byte {
	size := 4 + len(contents)
	for (size+4)%8 != 0 {
		size++
	}
	b = le.AppendUint32(b, uint32(size))
	b = le.AppendUint32(b, id)
	b = append(b, contents...)
	return append(b, make([]byte, size-4-len(contents))...)
}

// framePointer describes code that keeps the frame pointer from its beginning on.
func framePointer(code []byte, machine uint16) *image.Frame {
	if machine != uint16(elf.EM_X86_64) {
		return nil
	}
	at := 0
	if bytes.HasPrefix(code, []byte{0xf3, 0x0f, 0x1e, 0xfa}) { // endbr64
		at = 4
	}
	rest := code[at:]
	if !bytes.HasPrefix(rest, []byte{0x55, 0x48, 0x89, 0xe5}) && !bytes.HasPrefix(rest, []byte{0x55, 0x48, 0x8b, 0xec}) {
		return nil
	}
	return &image.Frame{CodeAlign: 1, DataAlign: -8, ReturnColumn: 16,
		Initial:      []byte{0x0c, 7, 8, 0x90, 1},                                     // the CFA is rsp + 8, the return address below it
		Instructions: []byte{0x40 | byte(at+1), 0x0e, 16, 0x86, 2, 0x40 | 3, 0x0d, 6}} // rbp is saved; then the CFA is rbp + 16
}

// table writes .eh_frame_hdr.
func table(at, frames uint64, entries []entry) []byte {
	b := []byte{1, 0x1b, 0x03, 0x3b} // relative to here, 32 bits; a count; relative to the table
	b = le.AppendUint32(b, uint32(frames-(at+4)))
	b = le.AppendUint32(b, uint32(len(entries)))
	for _, e := range entries {
		b = le.AppendUint32(b, uint32(e.start-at))
		b = le.AppendUint32(b, uint32(frames+e.offset-at))
	}
	return b
}

func uleb(b []byte, v uint64) []byte {
	for v >= 0x80 {
		b, v = append(b, byte(v)|0x80), v>>7
	}
	return append(b, byte(v))
}

func sleb(b []byte, v int64) []byte {
	for v < -0x40 || v >= 0x40 {
		b, v = append(b, byte(v)|0x80), v>>7
	}
	return append(b, byte(v)&0x7f)
}
