// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Package debuginfo writes DWARF 4 units that name functions: a debugger shows
// the names as they are given.
package debuginfo

import (
	"github.com/libjitdebug/libjitdebug/internal/cursor"
)

// The languages of units. Debuggers show a name in a unit of C as it is; in one of C++,
// they show what its linkage name decodes to.
const (
	languageC         = 0x02 // DW_LANG_C
	languageCPlusPlus = 0x04 // DW_LANG_C_plus_plus
)

// Codes of Abbreviations.
const (
	unit = 1 + iota
	unitWithLines
	function
	functionWithLines
	linkedFunction
	linkedFunctionWithLines
	block
	dead // and behind it those of the other kinds of function, once they are gone
)

const padding = dead + 4

// Abbreviations are .debug_abbrev, the same for all units.
const Abbreviations = "" +
	"\x01\x11\x01" + // unit: DW_TAG_compile_unit, with children
	language + ranges + "\x00\x00" +
	"\x02\x11\x01" + // unitWithLines
	language + ranges + name + "\x10\x17" + "\x00\x00" + // DW_AT_stmt_list, DW_FORM_sec_offset
	"\x03\x2e\x00" + // function: DW_TAG_subprogram, without children
	extent + name + "\x00\x00" +
	"\x04\x2e\x00" + // functionWithLines
	extent + name + declaration + "\x00\x00" +
	"\x05\x2e\x00" + // linkedFunction
	extent + name + linkage + "\x00\x00" +
	"\x06\x2e\x00" + // linkedFunctionWithLines
	extent + name + linkage + declaration + "\x00\x00" +
	"\x07\x0b\x01" + // block: DW_TAG_lexical_block, with children
	"\x12\x0b" + "\x00\x00" + // DW_AT_high_pc, DW_FORM_data1
	"\x08" + gone + "\x00\x00" +
	"\x09" + gone + goneDeclaration + "\x00\x00" +
	"\x0a" + gone + goneLinkage + "\x00\x00" +
	"\x0b" + gone + goneLinkage + goneDeclaration + "\x00\x00" +
	"\x0c" + "\x80\x81\x01\x00" + "\x87\x40\x0a" + "\x00\x00" + // padding: DW_FORM_block1
	"\x00"

const (
	language    = "\x13\x0b"                 // DW_AT_language, DW_FORM_data1
	ranges      = "\x11\x01" + "\x55\x17"    // DW_AT_low_pc, DW_FORM_addr; DW_AT_ranges, DW_FORM_sec_offset
	name        = "\x03\x0e"                 // DW_AT_name, DW_FORM_strp
	extent      = "\x3f\x19\x11\x01\x12\x07" // DW_AT_external, DW_FORM_flag_present; DW_AT_low_pc, DW_FORM_addr; DW_AT_high_pc, DW_FORM_data8
	linkage     = "\x6e\x0e"                 // DW_AT_linkage_name, DW_FORM_strp
	declaration = "\x3a\x0b\x3b\x06"         // DW_AT_decl_file, DW_FORM_data1; DW_AT_decl_line, DW_FORM_data4

	// The same forms, and nothing that means anything: DW_TAG_lo_user, and
	// attributes from DW_AT_lo_user on.
	gone            = "\x80\x81\x01\x00" + "\x80\x40\x19\x81\x40\x01\x82\x40\x07\x83\x40\x0e"
	goneLinkage     = "\x84\x40\x0e"
	goneDeclaration = "\x85\x40\x0b\x86\x40\x06"
)

// Sizes in bytes, at most, of what is written in front of the functions of a unit, and
// for a function.
const (
	UnitSize     = 11 + 22
	FunctionSize = 2 + 21 + 4 + 5 + 1
)

// A Unit is a unit that is being written.
type Unit struct {
	encoded, lines bool
	start          int
}

// Start writes the start of a unit of functions, all or none of whose names are Encoded.
// ranges is the offset of the unit's ranges in .debug_ranges. file is the offset of the
// functions' source file in .debug_str, or 0; with one, lines is the offset of its line
// program in .debug_line.
func Start(c *cursor.Cursor, encoded bool, ranges, file, lines int) Unit {
	u := Unit{encoded, file != 0, c.At()}
	c.U32(0) // unit_length
	c.U16(4) // version
	c.U32(0) // debug_abbrev_offset
	c.U8(8)  // address_size
	if u.lines {
		c.U8(unitWithLines)
	} else {
		c.U8(unit)
	}
	if encoded {
		c.U8(languageCPlusPlus)
	} else {
		c.U8(languageC)
	}
	c.U64(0)
	c.U32(uint32(ranges))
	if u.lines {
		c.U32(uint32(file))
		c.U32(uint32(lines))
	}
	return u
}

// Function writes a function of the unit. name and linkage are the offsets of its name
// and of its linkage name in .debug_str; the latter is not written in a unit whose names
// are not Encoded. line is the line of its declaration, and is not written in a unit
// without a source file.
//
// hidden keeps the function from gdb, and not from lldb: it puts it into a lexical block
// that has an end and no start, which gdb passes over. It is for a defect of gdb's: until
// a finish is done, its finish_command_fsm keeps a pointer to the function's symbol, and
// follows it even if the image has been read anew meanwhile. gdb then has the name from
// the ELF symbol, which must be Plain or written by Encode.
func (u *Unit) Function(c *cursor.Cursor, address, size uint64, name, linkage int, line uint32, hidden bool) {
	if hidden {
		c.U8(block)
		c.U8(0)
	}
	code := byte(function)
	if u.encoded {
		code = linkedFunction
	}
	if u.lines {
		code++
	}
	c.U8(code)
	c.U64(address)
	c.U64(size)
	c.U32(uint32(name))
	if u.encoded {
		c.U32(uint32(linkage))
	}
	if u.lines {
		c.U8(1) // the line program's only file
		c.U32(line)
	}
	if hidden {
		c.U8(0) // no more children
	}
}

// CrossOut takes a function out of the unit it was written to, by one store.
func CrossOut(entry []byte) {
	if entry[0] == block {
		entry = entry[2:]
	}
	entry[0] += dead - function
}

// PaddingSize is how many bytes Padding writes.
const PaddingSize = 2

// Padding has a reader of the unit pass over the next bytes, which are fewer than 256.
func Padding(c *cursor.Cursor, bytes int) {
	c.U8(padding)
	c.U8(byte(bytes))
}

// End ends the unit.
func (u *Unit) End(c *cursor.Cursor) {
	c.U8(0) // no more children
	u.SetSize(c, c.At()-u.start)
}

// SetSize says how many bytes the unit has.
func (u *Unit) SetSize(c *cursor.Cursor, size int) { c.SetU32(u.start, uint32(size-4)) }

// Range writes one range of a unit into .debug_ranges.
func Range(c *cursor.Cursor, address, size uint64) {
	c.U64(address)
	c.U64(address + size)
}

// EndRanges ends the ranges of a unit.
func EndRanges(c *cursor.Cursor) {
	c.U64(0)
	c.U64(0)
}
