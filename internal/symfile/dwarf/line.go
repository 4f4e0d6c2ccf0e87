// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package dwarf

import (
	"github.com/libjitdebug/libjitdebug/internal/cursor"
	"github.com/libjitdebug/libjitdebug/internal/format"
)

// Content types of a DWARF 5 line program's directories and files.
const (
	contentPath       = 1      // DW_LNCT_path
	contentDirectory  = 2      // DW_LNCT_directory_index
	contentLowestUser = 0x2000 // DW_LNCT_lo_user
)

// Line number opcodes.
const (
	lineExtended    = 0
	lineCopy        = 1
	lineAdvancePC   = 2
	lineAdvanceLine = 3
	lineSetFile     = 4
	lineFixedPC     = 9
)

// Extended opcodes.
const (
	lineEndSequence      = 1
	lineSetAddress       = 2
	lineDefineFile       = 3
	lineSetDiscriminator = 4
)

// A lineContext is what a line program takes from a unit that refers to it.
type lineContext struct {
	addrSize       int
	strOffsetsBase uint64
}

// checkLineProgram checks the header and the opcodes of a line program.
func (d *Debug) checkLineProgram(u *unit, offset uint64) error {
	if offset >= uint64(len(d.line.b)) {
		return format.Errorf(".debug_line ends at %#x", len(d.line.b))
	}
	context := lineContext{u.addrSize, u.strOffsetsBase}
	if d.lines[offset] == context {
		return nil // another unit's, too
	}
	r := cursor.Reader{Bytes: d.line.b, At: int(offset)}
	length, offsetSize := r.Length()
	if r.Short || length > uint64(r.Left()) {
		return format.Errorf("its length is %#x, the section ends %#x bytes later", length, r.Left())
	}
	if err := d.line.take(int(length), ".debug_line"); err != nil {
		return err
	}
	r.Bytes = r.Bytes[:uint64(r.At)+length]
	version := r.U16()
	if version < 2 || version > 5 {
		return format.Errorf("its version is %d, debuggers read 2 to 5", version)
	}
	l := unit{encoding: encoding{version, offsetSize, u.addrSize}, strOffsetsBase: u.strOffsetsBase}
	if version >= 5 {
		if size := r.U8(); size != 8 && size != 4 {
			return format.Errorf("its address_size is %d, addresses have 8 bytes", size)
		}
		if size := r.U8(); size != 0 {
			return format.Errorf("its seg_select_size is %d, addresses have no segments", size)
		}
	}
	headerLength := r.Uint(offsetSize)
	if headerLength > uint64(r.Left()) {
		return format.Errorf("its header_length is %#x, the line program ends %#x bytes later", headerLength, r.Left())
	}
	program := cursor.Reader{Bytes: r.Bytes, At: r.At + int(headerLength)}
	r.Bytes = r.Bytes[:program.At]
	r.U8() // minimum_instruction_length
	if version >= 4 {
		if r.U8() == 0 {
			return format.Errorf("its maximum_operations_per_instruction is 0")
		}
	}
	r.Skip(2) // default_is_stmt, line_base
	lineRange := r.U8()
	opcodeBase := r.U8()
	if opcodeBase == 0 {
		return format.Errorf("its opcode_base is 0")
	}
	if lineRange == 0 {
		return format.Errorf("its line_range is 0")
	}
	operands := r.Take(uint64(opcodeBase) - 1)
	var first, files uint64
	if version >= 5 {
		directories, err := d.checkFileEntries(&r, &l, false, 0)
		if err != nil {
			return err
		}
		if files, err = d.checkFileEntries(&r, &l, true, directories); err != nil {
			return err
		}
	} else {
		first = 1
		directories := uint64(0)
		for len(r.String()) > 0 {
			directories++
		}
		for len(r.String()) > 0 {
			files++
			if directory := r.ULEB(); directory > directories {
				return format.Errorf("its file %d is in directory %d of %d", files, directory, directories)
			}
			r.ULEB()
			r.ULEB()
		}
	}
	if r.Short {
		return format.Errorf("its directories and files go on past its header_length %#x", headerLength)
	}
	if err := d.checkLineOpcodes(&program, u.addrSize, opcodeBase, operands, first, files); err != nil {
		return err
	}
	if d.lines == nil {
		d.lines = map[uint64]lineContext{}
	}
	d.lines[offset] = context
	return nil
}

// checkFileEntries checks the directories of a DWARF 5 line program, or its files, which
// are in so many directories, and returns how many there are.
func (d *Debug) checkFileEntries(r *cursor.Reader, l *unit, files bool, directories uint64) (uint64, error) {
	count := int(r.U8())
	start := r.At
	formats := r.Bytes[start:]
	named := false
	for range count {
		named = r.ULEB() == contentPath || named
		form := r.ULEB()
		if !r.Short && !isFileForm(form) {
			return 0, format.Errorf("form %#x in its directories or files is unknown there", form)
		}
	}
	if r.At-start > 2*longestCode*count {
		return 0, format.Errorf("the forms of its directories or files have %d bytes", r.At-start)
	}
	entries := r.ULEB()
	if entries > 0 && !named && !r.Short {
		return 0, format.Errorf("its %d directories or files have no names", entries)
	}
	for n := uint64(0); n < entries && !r.Short; n++ {
		pair := cursor.Reader{Bytes: formats}
		for range count {
			content, form := pair.ULEB(), pair.ULEB()
			v := l.readForm(r, form)
			if r.Short {
				break
			}
			if content >= contentLowestUser {
				continue
			}
			if err := d.checkValue(l, 0, v); err != nil {
				return 0, format.Errorf("a file entry %s", err)
			}
			if content == contentDirectory && files && v.number >= directories {
				return 0, format.Errorf("file %d is in directory %d, there are %d", n, v.number, directories)
			}
			if content == contentPath && files && isString(v.form) && len(d.text(l, v)) == 0 { // a defect of gdb's: it ends itself
				return 0, format.Errorf("a file has no name")
			}
		}
	}
	return entries, nil
}

// isFileForm says whether gdb reads a form in the entries of a line program.
func isFileForm(form uint64) bool {
	switch form {
	case formString, formLineStrp, formStrp, formStrx, formStrx1, formStrx2, formStrx3, formStrx4,
		formUdata, formData1, formData2, formData4, formData8, formData16, formBlock:
		return true
	}
	return false
}

// checkLineOpcodes checks that the opcodes of a line program are whole, and that the
// files that its rows are about are there: those from first on, so many.
func (d *Debug) checkLineOpcodes(r *cursor.Reader, addrSize int, opcodeBase byte, operands []byte, first, files uint64) error {
	for r.Left() > 0 {
		at := r.At
		var err error
		switch op := r.U8(); {
		case op >= opcodeBase: // special
		case op == lineExtended:
			err = checkExtended(r, addrSize)
		case op == lineFixedPC:
			r.U16()
		case op == lineSetFile:
			if file := r.ULEB(); (file < first || file-first >= files) && !r.Short {
				err = format.Errorf("is about file %d, there are %d from %d on", file, files, first)
			}
		default:
			for range operands[min(int(op), len(operands))-1] {
				r.ULEB()
			}
		}
		if r.Short {
			return format.Errorf("its opcode at .debug_line %#x ends past the line program's end", at)
		}
		if err != nil {
			return format.Errorf("its opcode at .debug_line %#x %s", at, err)
		}
	}
	return nil
}

// checkExtended checks an extended opcode from its length on. A defect of gdb's: in
// lnp_state_machine::record_line a file of DW_LNE_define_file has no symbol table, and
// that is an internal error.
func checkExtended(r *cursor.Reader, addrSize int) error {
	length := r.ULEB()
	if length == 0 {
		return nil // which ends the program for gdb
	}
	body := cursor.Reader{Bytes: r.Take(length)}
	switch op := body.U8(); op {
	case lineEndSequence:
	case lineSetAddress:
		body.Skip(uint64(addrSize))
	case lineSetDiscriminator:
		body.ULEB()
	case lineDefineFile:
		return format.Errorf("is a DW_LNE_define_file, which gdb has forgotten when a row is about it")
	default:
		return nil // a vendor's, or unknown
	}
	if (body.Short || body.Left() != 0) && !r.Short {
		return format.Errorf("has %d bytes, which its operand has not", length)
	}
	return nil
}
