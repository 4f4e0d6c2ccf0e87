// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package dwarf

import (
	"github.com/libjitdebug/libjitdebug/internal/cursor"
	"github.com/libjitdebug/libjitdebug/internal/elf"
	"github.com/libjitdebug/libjitdebug/internal/format"
)

// Attributes on whose value the meaning of others depends, or that are checked.
const (
	attrSibling        = 0x01
	attrLocation       = 0x02
	attrName           = 0x03
	attrByteSize       = 0x0b
	attrType           = 0x49
	attrImport         = 0x18
	attrAbstractOrigin = 0x31
	attrSpecification  = 0x47
	attrBitSize        = 0x0d
	attrLanguage       = 0x13
	attrCompDir        = 0x1b
	attrContainingType = 0x1d
	attrProducer       = 0x25
	attrAccessibility  = 0x32
	attrEncoding       = 0x3e
	attrVirtuality     = 0x4c
	attrArtificial     = 0x34
	attrDeclaration    = 0x3c
	attrExternal       = 0x3f
	attrMemberLocation = 0x38
	attrFrameBase      = 0x40
	attrReturnAddress  = 0x2a
	attrStaticLink     = 0x48
	attrUseLocation    = 0x4a
	attrDataLocation   = 0x50
	attrVtableLocation = 0x4d // DW_AT_vtable_elem_location
	attrRanges         = 0x55
	attrLinkageName    = 0x6e
	attrLines          = 0x10 // DW_AT_stmt_list
	attrStrOffsetsBase = 0x72
	attrAddrBase       = 0x73
	attrRnglistsBase   = 0x74
	attrMacros         = 0x79
	attrLoclistsBase   = 0x8c
	attrDiscriminants  = 0x3d // DW_AT_discr_list
	attrMacroInfo      = 0x43
	attrNamelistItem   = 0x44
	attrExtension      = 0x54
	attrSignature      = 0x69
	attrDwoName        = 0x76
	attrGNUMacros      = 0x2119
	attrGNUDwoName     = 0x2130
	attrGNUDwoID       = 0x2131
	attrLowestUser     = 0x2000
)

// Forms.
const (
	formAddr          = 0x01
	formBlock2        = 0x03
	formBlock4        = 0x04
	formData2         = 0x05
	formData4         = 0x06
	formData8         = 0x07
	formString        = 0x08
	formBlock         = 0x09
	formBlock1        = 0x0a
	formData1         = 0x0b
	formFlag          = 0x0c
	formSdata         = 0x0d
	formStrp          = 0x0e
	formUdata         = 0x0f
	formRefAddr       = 0x10
	formRef1          = 0x11
	formRef2          = 0x12
	formRef4          = 0x13
	formRef8          = 0x14
	formRefUdata      = 0x15
	formIndirect      = 0x16
	formSecOffset     = 0x17
	formExprloc       = 0x18
	formFlagPresent   = 0x19
	formStrx          = 0x1a
	formAddrx         = 0x1b
	formRefSup4       = 0x1c
	formStrpSup       = 0x1d
	formData16        = 0x1e
	formLineStrp      = 0x1f
	formRefSig8       = 0x20
	formImplicitConst = 0x21
	formLoclistx      = 0x22
	formRnglistx      = 0x23
	formRefSup8       = 0x24
	formStrx1         = 0x25
	formStrx2         = 0x26
	formStrx3         = 0x27
	formStrx4         = 0x28
	formGNUAddrIndex  = 0x1f01
	formGNUStrIndex   = 0x1f02
	formGNURefAlt     = 0x1f20
	formGNUStrpAlt    = 0x1f21
)

// checkForm says whether debuggers can read past a value of this form.
func checkForm(form uint64) error {
	switch {
	case form == 0 || form == 2 || !known(form):
		return format.Errorf("form %#x is unknown", form)
	case form == formRefSup4 || form == formRefSup8 || form == formStrpSup || form == formGNURefAlt || form == formGNUStrpAlt:
		return format.Errorf("form %#x refers to a supplementary file", form)
	}
	return nil
}

// checkClass checks the form of those attributes of which gdb takes the class (string,
// reference, block) for granted.
func checkClass(attr, form uint64) error {
	switch attr {
	case attrName, attrCompDir, attrProducer, attrLinkageName:
		if !isString(form) && form != formIndirect {
			return format.Errorf("form %#x is no string", form)
		}
	case attrType, attrImport, attrAbstractOrigin, attrSpecification, attrContainingType, attrExtension:
		if !isReference(form) && form != formIndirect {
			return format.Errorf("form %#x is no reference", form)
		}
	case attrByteSize, attrBitSize:
		if isString(form) || form == formFlag || form == formFlagPresent {
			return format.Errorf("form %#x is no number", form)
		}
	case attrRnglistsBase, attrLoclistsBase:
		if !isUnsigned(form) && form != formIndirect {
			return format.Errorf("form %#x is no offset", form)
		}
	case attrDiscriminants:
		if !isBlock(form) && form != formIndirect {
			return format.Errorf("form %#x is no block", form)
		}
	case attrLocation, attrMemberLocation, attrFrameBase, attrVtableLocation, attrReturnAddress, attrStaticLink, attrUseLocation, attrDataLocation:
		if form == formData16 || isString(form) || form == formFlag || form == formFlagPresent {
			return format.Errorf("form %#x is no location", form)
		}
	case attrSignature:
		if form != formRefSig8 && form != formIndirect {
			return format.Errorf("form %#x is no type signature", form)
		}
	}
	return nil
}

// isUnsigned says whether gdb reads a value of this form as an unsigned number.
func isUnsigned(form uint64) bool {
	switch form {
	case formData1, formData2, formData4, formData8, formUdata, formSecOffset:
		return true
	}
	return false
}

func isString(form uint64) bool {
	switch form {
	case formString, formStrp, formStrx, formStrpSup, formLineStrp, formStrx1, formStrx2, formStrx3, formStrx4,
		formGNUStrIndex, formGNUStrpAlt:
		return true
	}
	return false
}

func isReference(form uint64) bool {
	switch form {
	case formRefAddr, formRef1, formRef2, formRef4, formRef8, formRefUdata, formRefSig8, formRefSup4, formRefSup8, formGNURefAlt:
		return true
	}
	return false
}

func isBlock(form uint64) bool {
	return form == formBlock || form == formBlock1 || form == formBlock2 || form == formBlock4 || form == formExprloc
}

// known says whether readForm knows how long a value of this form is.
func known(form uint64) bool {
	return form <= formStrx4 || form == formGNUAddrIndex || form == formGNUStrIndex ||
		form == formGNURefAlt || form == formGNUStrpAlt
}

// A value is an attribute's: a number, an index, an offset or a reference; or the
// length of a string; or a block.
type value struct {
	form   uint64
	number uint64
	block  []byte
}

// readForm reads a value in a unit.
func (u *encoding) readForm(r *cursor.Reader, form uint64) value {
	v := value{form: form}
	switch form {
	case formAddr:
		v.number = r.Uint(u.addrSize)
	case formData1, formFlag, formRef1, formStrx1:
		v.number = uint64(r.U8())
	case formData2, formRef2, formStrx2:
		v.number = uint64(r.U16())
	case formStrx3:
		v.number = r.Uint(3)
	case formData4, formRef4, formStrx4, formRefSup4:
		v.number = uint64(r.U32())
	case formData8, formRef8, formRefSig8, formRefSup8:
		v.number = r.U64()
	case formData16:
		r.Skip(16)
	case formString:
		v.block = r.String()
		v.number = uint64(len(v.block))
	case formUdata, formSdata, formRefUdata, formStrx, formAddrx, formLoclistx, formRnglistx,
		formGNUAddrIndex, formGNUStrIndex:
		v.number = r.ULEB()
	case formBlock1:
		v.block = r.Take(uint64(r.U8()))
	case formBlock2:
		v.block = r.Take(uint64(r.U16()))
	case formBlock4:
		v.block = r.Take(uint64(r.U32()))
	case formBlock, formExprloc:
		v.block = r.Take(r.ULEB())
	case formRefAddr:
		if u.version <= 2 {
			v.number = r.Uint(u.addrSize)
		} else {
			v.number = r.Uint(u.offsetSize)
		}
	case formStrp, formSecOffset, formLineStrp, formStrpSup, formGNURefAlt, formGNUStrpAlt:
		v.number = r.Uint(u.offsetSize)
	}
	return v
}

// checkValue checks a value that points somewhere.
func (d *Debug) checkValue(u *unit, attr uint64, v value) error {
	switch v.form {
	case formStrp:
		return inSection(v.number, &d.str, ".debug_str")
	case formLineStrp:
		return inSection(v.number, &d.lineStr, ".debug_line_str")
	case formStrx, formStrx1, formStrx2, formStrx3, formStrx4, formGNUStrIndex:
		return d.checkStringIndex(u, v.number)
	case formAddrx, formGNUAddrIndex:
		return d.checkAddressIndex(u, v.number)
	case formRnglistx:
		offset, err := d.listOffset(u, v.number, u.rnglistsBase, &d.rnglists, ".debug_rnglists")
		if err != nil {
			return err
		}
		return d.checkRanges(u, offset)
	case formLoclistx:
		offset, err := d.listOffset(u, v.number, u.loclistsBase, &d.loclists, ".debug_loclists")
		if err != nil {
			return err
		}
		return d.checkLocations(u, offset)
	}
	offset := v.form == formSecOffset || u.version < 4 && (v.form == formData4 || v.form == formData8)
	switch {
	case attr == attrLines && offset:
		if err := d.checkLineProgram(u, v.number); err != nil {
			return format.Errorf("refers to the line program at .debug_line %#x: %s", v.number, err)
		}
	case (attr == attrMacros || attr == attrGNUMacros) && offset:
		return d.checkMacros(u, v.number, macrosOfUnit)
	case attr == attrMacroInfo && offset:
		return d.checkMacinfo(v.number)
	case attr == attrRanges && offset:
		return d.checkRanges(u, v.number)
	case (attr == attrLocation || attr == attrFrameBase) && offset:
		return d.checkLocations(u, v.number)
	case attr == attrMemberLocation && isBlock(v.form) && u.tag == tagMember:
		return d.checkOffset(u, v.block)
	case v.form == formExprloc, (attr == attrLocation || attr == attrFrameBase || attr == attrMemberLocation || attr == attrVtableLocation) && isBlock(v.form):
		return d.checkExpression(u, v.block, stackOf(attr, u.tag))
	}
	return nil
}

// text is a string that has been checked, cut after 64 bytes.
func (d *Debug) text(u *unit, v value) []byte {
	s := &d.str
	switch v.form {
	case formString:
		return v.block
	case formLineStrp:
		s = &d.lineStr
	case formStrx, formStrx1, formStrx2, formStrx3, formStrx4, formGNUStrIndex:
		r := cursor.Reader{Bytes: elf.Slice(d.strOffsets.b, u.strOffsetsBase+v.number*uint64(u.offsetSize), uint64(u.offsetSize))}
		v.number = r.Uint(u.offsetSize)
	}
	r := cursor.Reader{Bytes: s.b[min(v.number, uint64(len(s.b))):]}
	r.Bytes = r.Bytes[:min(len(r.Bytes), 64)]
	return r.String()
}

// inSection checks an offset into a section of strings.
func inSection(offset uint64, s *section, name string) error {
	if !s.exists {
		return format.Errorf("refers to %s, which does not exist", name)
	}
	if offset >= uint64(len(s.b)) {
		return format.Errorf("refers to %s %#x, which ends at %#x", name, offset, len(s.b))
	}
	return nil
}

// inTable checks an index into a table in a section.
func inTable(index, base, size uint64, s *section, name string) error {
	if !s.exists {
		return format.Errorf("refers to %s, which does not exist", name)
	}
	if n := uint64(len(s.b)); base > n || index >= (n-base)/size {
		return format.Errorf("refers to entry %d from %s %#x on, which ends at %#x", index, name, base, n)
	}
	return nil
}

func (d *Debug) checkStringIndex(u *unit, index uint64) error {
	if u.strOffsetsBase == 0 {
		return format.Errorf("refers to string %d, but the unit has no DW_AT_str_offsets_base", index)
	}
	if err := inTable(index, u.strOffsetsBase, uint64(u.offsetSize), &d.strOffsets, ".debug_str_offsets"); err != nil {
		return err
	}
	r := cursor.Reader{Bytes: d.strOffsets.b, At: int(u.strOffsetsBase + index*uint64(u.offsetSize))}
	return inSection(r.Uint(u.offsetSize), &d.str, ".debug_str")
}

// listOffset is where list number index of a unit starts; base is where the offsets
// of its lists are.
func (d *Debug) listOffset(u *unit, index, base uint64, s *section, name string) (uint64, error) {
	header := uint64(12)
	if u.offsetSize == 8 {
		header = 20
	}
	if base < header {
		return 0, format.Errorf("refers to list %d of those at %s %#x, before which there is no header", index, name, base)
	}
	if err := inTable(index, base, uint64(u.offsetSize), s, name); err != nil {
		return 0, err
	}
	r := cursor.Reader{Bytes: s.b, At: int(base - header)}
	length, offsetSize := r.Length()
	if offsetSize != u.offsetSize || length > uint64(r.Left()) || r.U16() != 5 {
		return 0, format.Errorf("refers to list %d of those at %s %#x, whose header is wrong", index, name, base)
	}
	r.Skip(2) // address_size, segment_selector_size
	if count := r.U32(); index >= uint64(count) {
		return 0, format.Errorf("refers to list %d of the %d at %s %#x", index, count, name, base)
	}
	r.At = int(base + index*uint64(u.offsetSize))
	offset := r.Uint(u.offsetSize)
	if offset >= uint64(len(s.b))-base {
		return 0, format.Errorf("refers to %s %#x + %#x, which ends at %#x", name, base, offset, len(s.b))
	}
	return base + offset, nil
}
