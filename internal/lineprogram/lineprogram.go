// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Package lineprogram writes DWARF line programs, version 4: which line of a
// source file each address of the code comes from.
package lineprogram

import (
	"github.com/libjitdebug/libjitdebug/internal/abi"
	"github.com/libjitdebug/libjitdebug/internal/cursor"
)

const (
	version    = 4
	lineBase   = -3 // of the special opcodes
	lineRange  = 12
	opcodeBase = 13

	standardAdvancePC   = 2  // DW_LNS_advance_pc
	standardAdvanceLine = 3  // DW_LNS_advance_line
	standardColumn      = 5  // DW_LNS_set_column
	standardConstAdd    = 8  // DW_LNS_const_add_pc
	standardPrologueEnd = 10 // DW_LNS_set_prologue_end

	constAdd = (255 - opcodeBase) / lineRange
)

// Start writes the header of the line program of one source file, and returns the
// header's offset, for End.
func Start(c *cursor.Cursor, file []byte) (start int) {
	start = c.At()
	c.U32(0) // unit_length
	c.U16(version)
	c.U32(0) // header_length
	header := c.At()
	c.Text("\x01" + // minimum_instruction_length
		"\x01" + // maximum_operations_per_instruction
		"\x01" + // default_is_stmt
		"\xfd" + // line_base
		"\x0c" + // line_range
		"\x0d" + // opcode_base
		"\x00\x01\x01\x01\x01\x00\x00\x00\x01\x00\x00\x01" + // standard_opcode_lengths
		"\x00") // no include_directories
	c.String(file)
	c.Text("\x00\x00\x00" + // directory index, time and size: not known
		"\x00") // no more file_names
	c.SetU32(header-4, uint32(c.At()-header))
	return start
}

// Address writes the address at which the next sequence begins.
func Address(c *cursor.Cursor, address uint64) {
	c.Text("\x00\x09\x02") // extended opcode, nine bytes: DW_LNE_set_address
	c.U64(address)
}

// End ends the line program whose header is at start.
func End(c *cursor.Cursor, start int) {
	c.SetU32(start, uint32(c.At()-start-4))
}

// Sequence writes the rows of a function, which are in ascending order of their offsets,
// and the end of its sequence, at size. Of rows with the same offset the last counts.
//
// prologue is the offset at which the function's prologue ends; debuggers stop there for
// a breakpoint on the function. It gets a row of its own, in the line that it is in.
func Sequence(c *cursor.Cursor, rows []abi.Line, size, prologue uint64) {
	at := abi.Line{Line: 1}
	for i, row := range rows {
		if i+1 < len(rows) && rows[i+1].Offset == row.Offset {
			continue
		}
		atPrologue := row.Offset == prologue
		emit(c, &at, row, atPrologue)
		if row.Offset < prologue && (i+1 == len(rows) || rows[i+1].Offset > prologue) {
			row.Offset = prologue
			emit(c, &at, row, true)
		}
	}
	if rest := size - at.Offset; rest != 0 {
		c.U8(standardAdvancePC)
		c.ULEB(rest)
	}
	c.Text("\x00\x01\x01") // extended opcode, one byte: DW_LNE_end_sequence
}

// emit writes the opcodes that lead from row at to the next row, and sets at to that.
func emit(c *cursor.Cursor, at *abi.Line, row abi.Line, prologueEnd bool) {
	if row.Column != at.Column {
		c.U8(standardColumn)
		c.ULEB(uint64(row.Column))
	}
	if prologueEnd {
		c.U8(standardPrologueEnd)
	}
	line, offset := int64(row.Line)-int64(at.Line), row.Offset-at.Offset
	*at = row
	if line < lineBase || line >= lineBase+lineRange {
		c.U8(standardAdvanceLine)
		c.SLEB(line)
		line = 0
	}
	special := uint64(line-lineBase) + opcodeBase // to which lineRange * offset is added
	if offset > constAdd && special+lineRange*(offset-constAdd) <= 255 && offset <= 2*constAdd {
		c.U8(standardConstAdd)
		offset -= constAdd
	} else if offset > constAdd || special+lineRange*offset > 255 {
		c.U8(standardAdvancePC)
		c.ULEB(offset)
		offset = 0
	}
	c.U8(byte(special + lineRange*offset))
}

// HeaderSize returns how many bytes Start writes for a file with a path of so many.
func HeaderSize(path int) int { return 10 + 18 + 1 + path + 1 + 3 + 1 }
