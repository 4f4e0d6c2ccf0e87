package dwarf

import (
	"github.com/libjitdebug/libjitdebug/internal/cursor"
	"github.com/libjitdebug/libjitdebug/internal/format"
)

// Content types of a DWARF 5 line program's directories and files.
const (
	contentPath       = 1      // DW_LNCT_path
	contentLowestUser = 0x2000 // DW_LNCT_lo_user
)

// Line number opcodes.
const (
	lineExtended    = 0
	lineCopy        = 1
	lineAdvancePC   = 2
	lineAdvanceLine = 3
	lineFixedPC     = 9
)

// A lineContext is what a line program takes from a unit that refers to it.
type lineContext struct {
	addrSize       int
	strOffsetsBase uint64
}

// checkLineProgram checks the header and the opcodes of a line program.
func (d *Debug) checkLineProgram(u *unit, offset uint64) error {
	if d.line.opaque {
		return nil
	}
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
	if version >= 5 {
		if err := d.checkFileEntries(&r, &l, false); err != nil {
			return err
		}
		if err := d.checkFileEntries(&r, &l, true); err != nil {
			return err
		}
	} else {
		for len(r.String()) > 0 { // directories
		}
		for len(r.String()) > 0 { // files
			r.ULEB()
			r.ULEB()
			r.ULEB()
		}
	}
	if r.Short {
		return format.Errorf("its directories and files go on past its header_length %#x", headerLength)
	}
	if err := d.checkLineOpcodes(&program, opcodeBase, operands); err != nil {
		return err
	}
	if d.lines == nil {
		d.lines = map[uint64]lineContext{}
	}
	d.lines[offset] = context
	return nil
}

// checkFileEntries checks the directories or the files of a DWARF 5 line program.
func (d *Debug) checkFileEntries(r *cursor.Reader, l *unit, files bool) error {
	count := int(r.U8())
	formats := r.Bytes[r.At:]
	named := false
	for range count {
		named = r.ULEB() == contentPath || named
		form := r.ULEB()
		if !r.Short && !isFileForm(form) {
			return format.Errorf("form %#x in its directories or files is unknown there", form)
		}
	}
	entries := r.ULEB()
	if entries > 0 && !named && !r.Short {
		return format.Errorf("its %d directories or files have no names", entries)
	}
	for ; entries > 0 && !r.Short; entries-- {
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
				return format.Errorf("a file entry %s", err)
			}
			if content == contentPath && files && d.isEmpty(l, v) {
				return format.Errorf("a file has no name")
			}
		}
	}
	return nil
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

// isEmpty says whether a string, which has been checked, is known to be empty. A
// defect of gdb's: it crashes when it reads a line program with a file without a name.
func (d *Debug) isEmpty(u *unit, v value) bool {
	s := &d.str
	switch v.form {
	case formString:
		return v.number == 0
	case formLineStrp:
		s = &d.lineStr
	case formStrp:
	default:
		return false
	}
	return v.number < uint64(len(s.b)) && s.b[v.number] == 0
}

// checkLineOpcodes checks that no opcode of a line program ends past the program.
func (d *Debug) checkLineOpcodes(r *cursor.Reader, opcodeBase byte, operands []byte) error {
	for r.Left() > 0 {
		at := r.At
		switch op := r.U8(); {
		case op >= opcodeBase: // special
		case op == lineExtended:
			length := r.ULEB()
			if length == 0 {
				continue
			}
			r.Skip(length)
		case op == lineFixedPC:
			r.U16()
		default:
			for range operands[min(int(op), len(operands))-1] {
				r.ULEB()
			}
		}
		if r.Short {
			return format.Errorf("its opcode at .debug_line %#x ends past the line program's end", at)
		}
	}
	return nil
}
