// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package codefile

// The line program of one unit, DWARF 4: all functions with lines, each a sequence.
const (
	opcodeBase = 13

	opCopy, opAdvancePC, opAdvanceLine, opSetFile, opSetColumn = 1, 2, 3, 4, 5
	extendedEnd, extendedAddress                               = 1, 2
)

func writeLines(functions []Function) []byte {
	files := map[string]uint64{}
	var names []string
	var program []byte
	for i := range functions {
		f := &functions[i]
		if len(f.Rows) == 0 {
			continue
		}
		program = append(program, 0, 9, extendedAddress)
		program = le.AppendUint64(program, f.Rows[0].Address)
		address, line, file, column := f.Rows[0].Address, 1, uint64(1), 0
		for _, row := range f.Rows {
			if row.Address < address || row.Address >= f.End {
				continue
			}
			number, known := files[row.File]
			if !known {
				names = append(names, row.File)
				number = uint64(len(names))
				files[row.File] = number
			}
			if row.Address != address {
				program = uleb(append(program, opAdvancePC), row.Address-address)
			}
			if number != file {
				program = uleb(append(program, opSetFile), number)
			}
			if row.Column != column {
				program = uleb(append(program, opSetColumn), uint64(row.Column))
			}
			if row.Line != line {
				program = sleb(append(program, opAdvanceLine), int64(row.Line-line))
			}
			program = append(program, opCopy)
			address, line, file, column = row.Address, row.Line, number, row.Column
		}
		program = uleb(append(program, opAdvancePC), f.End-address)
		program = append(program, 0, 1, extendedEnd)
	}
	header := []byte{1, 1, 1, 0xfb, 14, opcodeBase, 0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1}
	header = append(header, 0) // no directories: paths are whole
	for _, name := range names {
		header = append(append(header, name...), 0, 0, 0, 0)
	}
	header = append(header, 0)
	var b []byte
	b = le.AppendUint32(b, uint32(2+4+len(header)+len(program)))
	b = append(b, 4, 0)
	b = le.AppendUint32(b, uint32(len(header)))
	return append(append(b, header...), program...)
}

// writeUnit writes the one unit that refers to the line program.
func writeUnit(functions []Function) (info, abbrev []byte) {
	// compile_unit without children: language, stmt_list, low_pc, high_pc.
	abbrev = []byte{1, 0x11, 0, 0x13, 0x05, 0x10, 0x17, 0x11, 0x01, 0x12, 0x01, 0, 0, 0}
	body := []byte{4, 0, 0, 0, 0, 0, 8, 1, 0x0c, 0, 0, 0, 0, 0}
	body = le.AppendUint64(body, functions[0].Start)
	body = le.AppendUint64(body, functions[len(functions)-1].End)
	info = le.AppendUint32(nil, uint32(len(body)))
	return append(info, body...), abbrev
}
