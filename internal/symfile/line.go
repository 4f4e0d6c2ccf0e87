package symfile

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

// checkLineProgram checks the header and the opcodes of a line program.
func (d *debug) checkLineProgram(u *unit, offset uint64) error {
	if d.line.opaque {
		return nil
	}
	if offset >= uint64(len(d.line.b)) {
		return errorf(".debug_line ends at %#x", len(d.line.b))
	}
	r := reader{b: d.line.b, at: int(offset)}
	length, offsetSize := r.length()
	if r.short || length > uint64(r.left()) {
		return errorf("its length is %#x, the section ends %#x bytes later", length, r.left())
	}
	r.b = r.b[:uint64(r.at)+length]
	version := r.u16()
	if version < 2 || version > 5 {
		return errorf("its version is %d, debuggers read 2 to 5", version)
	}
	l := unit{version: version, offsetSize: offsetSize, addrSize: u.addrSize, strOffsetsBase: u.strOffsetsBase}
	if version >= 5 {
		if size := r.u8(); size != 8 && size != 4 {
			return errorf("its address_size is %d, addresses have 8 bytes", size)
		}
		if size := r.u8(); size != 0 {
			return errorf("its seg_select_size is %d, addresses have no segments", size)
		}
	}
	headerLength := r.uint(offsetSize)
	if headerLength > uint64(r.left()) {
		return errorf("its header_length is %#x, the line program ends %#x bytes later", headerLength, r.left())
	}
	program := reader{b: r.b, at: r.at + int(headerLength)}
	r.b = r.b[:program.at]
	r.u8() // minimum_instruction_length
	if version >= 4 {
		if r.u8() == 0 {
			return errorf("its maximum_operations_per_instruction is 0")
		}
	}
	r.skip(2) // default_is_stmt, line_base
	lineRange := r.u8()
	opcodeBase := r.u8()
	if opcodeBase == 0 {
		return errorf("its opcode_base is 0")
	}
	if lineRange == 0 {
		return errorf("its line_range is 0")
	}
	operands := r.take(uint64(opcodeBase) - 1)
	if version >= 5 {
		if err := d.checkFileEntries(&r, &l, false); err != nil {
			return err
		}
		if err := d.checkFileEntries(&r, &l, true); err != nil {
			return err
		}
	} else {
		for r.str() > 0 { // directories
			d.steps--
		}
		for r.str() > 0 { // files
			r.uleb()
			r.uleb()
			r.uleb()
			d.steps--
		}
	}
	if r.short {
		return errorf("its directories and files go on past its header_length %#x", headerLength)
	}
	return d.checkLineOpcodes(&program, opcodeBase, operands)
}

// checkFileEntries checks the directories or the files of a DWARF 5 line program.
func (d *debug) checkFileEntries(r *reader, l *unit, files bool) error {
	count := int(r.u8())
	formats := r.b[r.at:]
	named := false
	for range count {
		named = r.uleb() == contentPath || named
		form := r.uleb()
		if !r.short && !isFileForm(form) {
			return errorf("form %#x in its directories or files is unknown there", form)
		}
	}
	entries := r.uleb()
	if entries > 0 && !named && !r.short {
		return errorf("its %d directories or files have no names", entries)
	}
	for ; entries > 0 && !r.short; entries-- {
		format := reader{b: formats}
		for range count {
			content, form := format.uleb(), format.uleb()
			v := l.readForm(r, form)
			if r.short {
				break
			}
			if content >= contentLowestUser {
				continue
			}
			if err := d.checkValue(l, 0, v); err != nil {
				return errorf("a file entry %s", err)
			}
			if content == contentPath && files && d.isEmpty(l, v) {
				return errorf("a file has no name")
			}
		}
		if d.steps--; d.steps <= 0 {
			return nil
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

// isEmpty says whether a string that has been checked is known to be empty: gdb
// ends itself over a file without a name.
func (d *debug) isEmpty(u *unit, v value) bool {
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

// checkLineOpcodes checks that the opcodes of a line program are whole.
func (d *debug) checkLineOpcodes(r *reader, opcodeBase byte, operands []byte) error {
	for r.left() > 0 && d.steps > 0 {
		d.steps--
		at := r.at
		switch op := r.u8(); {
		case op >= opcodeBase: // special
		case op == lineExtended:
			length := r.uleb()
			if length == 0 {
				continue
			}
			r.skip(length)
		case op == lineFixedPC:
			r.u16()
		default:
			for range operands[min(int(op), len(operands))-1] {
				r.uleb()
			}
		}
		if r.short {
			return errorf("its opcode at .debug_line %#x ends past the line program's end", at)
		}
	}
	return nil
}
