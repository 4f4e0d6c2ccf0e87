// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package dwarf

import (
	"bytes"
	"debug/elf"
	"strings"
	"testing"

	"github.com/libjitdebug/libjitdebug/tests/samples"
)

// check checks the debug information of an image that needs no relocation.
func check(t *testing.T, image []byte) error {
	t.Helper()
	f, err := elf.NewFile(bytes.NewReader(image))
	if err != nil {
		t.Fatal(err)
	}
	var d Debug
	each := func(visit func(s Section, b []byte) error) error {
		for _, s := range f.Sections {
			if name, ok := strings.CutPrefix(s.Name, ".debug_"); ok {
				b, err := s.Data()
				if err != nil {
					t.Fatal(err)
				}
				if err := visit(SectionOf([]byte(name)), b); err != nil {
					return err
				}
			}
		}
		return nil
	}
	each(func(s Section, b []byte) error {
		if d.Wants(s) {
			d.Add(s, b)
		}
		return nil
	})
	if err := each(func(s Section, b []byte) error {
		if s != Info {
			return nil
		}
		return d.Check(s, b)
	}); err != nil {
		return err
	}
	_, err = d.CheckReferences()
	return err
}

// TestRefusedForms: gdb crashes at these, ends with an internal error, or never ends.
func TestRefusedForms(t *testing.T) {
	if err := check(t, samples.Formed(5, 0x3a, 0x0b)); err != nil {
		t.Fatalf("refused as it was: %v", err)
	}
	for _, c := range []struct {
		name      string
		version   byte
		attribute uint64
		form      byte
		want      string
	}{
		{"a string for the base of location lists", 5, attrLoclistsBase, formString, "attribute 0x8c: form 0x8 is no offset"},
		{"a block for the base of range lists", 5, attrRnglistsBase, formBlock1, "attribute 0x74: form 0xa is no offset"},
		{"a number for a list of discriminants", 4, attrDiscriminants, formData1, "attribute 0x3d: form 0xb is no block"},
		{"a reference for a type's signature", 4, attrSignature, formRef4, "attribute 0x69: form 0x13 is no type signature"},
		{"a number for a namespace's extension", 4, attrExtension, formUdata, "attribute 0x54: form 0xf is no reference"},
		{"an origin that is the entry itself", 5, attrAbstractOrigin, formRef4, "leads by way of others back to"},
		{"a specification in a circle", 4, attrSpecification, formRefAddr, "leads by way of others back to"},
		{"an extension in a circle", 4, attrExtension, formRef4, "leads by way of others back to"},
		{"no class, by its place in the section", 4, attrContainingType, formRefAddr, "an entry with tag 0x24, which is no class"},
		{"a DWARF object file without a number", 5, attrDwoName, formString, "it has the name of a DWARF object file"},
		{"one of GNU's", 4, attrGNUDwoName, formString, "it has the name of a DWARF object file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := check(t, samples.Formed(c.version, c.attribute, c.form))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("%v, want %q", err, c.want)
			}
		})
	}
}

// TestStrayNamelistItem: gdb takes it for a member of the class, and then crashes or
// never ends.
func TestStrayNamelistItem(t *testing.T) {
	image := samples.Formed(4, attrDeclaration, formFlag)
	if err := check(t, image); err != nil {
		t.Fatalf("refused as it was: %v", err)
	}
	// A DW_TAG_template_value_parameter without children, its name first.
	at := bytes.Index(image, []byte{0x30, 0, attrName, formString})
	image[at] = tagNamelistItem
	if err := check(t, image); err == nil || !strings.Contains(err.Error(), "it is a DW_TAG_namelist_item outside of a DW_TAG_namelist") {
		t.Error(err)
	}
}

// TestLinePrograms: an opcode that gdb ends itself over, and what a row is about that is
// not there.
func TestLinePrograms(t *testing.T) {
	for _, c := range []struct{ opcodes, want string }{
		{"\x00\x09\x02\x00\x00\x00\x30\x00\x00\x00\x00\x01\x00\x01\x01", ""},
		{"\x04\x01\x00\x02\x04\x07\x01", ""},
		{"\x00\x03\x80\x00\x00\x01", ""}, // a vendor's
		{"\x00\x06\x03f\x00\x00\x00\x00", "its opcode at .debug_line 0x23 is a DW_LNE_define_file"},
		{"\x04\x02\x01", "its opcode at .debug_line 0x23 is about file 2, there are 1 from 1 on"},
		{"\x04\x00\x01", "its opcode at .debug_line 0x23 is about file 0, there are 1 from 1 on"},
		{"\x00\x05\x02\x00\x00\x00\x30", "its opcode at .debug_line 0x23 has 5 bytes, which its operand has not"},
		{"\x00\x02\x01\x00", "its opcode at .debug_line 0x23 has 2 bytes, which its operand has not"},
		{"\x00\x09\x02", "its opcode at .debug_line 0x23 ends past the line program's end"},
	} {
		header := "\x04\x00\x00\x00\x00\x00\x01\x01\x01\xfb\x0e\x0d\x00\x01\x01\x01\x01\x00\x00\x00\x01\x00\x00\x01" + "\x00" + "f\x00\x00\x00\x00" + "\x00"
		line := []byte("\x00\x00\x00\x00" + header + c.opcodes)
		line[0], line[6] = byte(len(line)-4), byte(len(header)-6)
		image := withInfo(append(unitHeader(0), 1, 12, 0, 0, 0, 0), []byte{1, 0x11, 0, 0x13, 0x0b, 0x10, 0x17, 0, 0, 0},
			samples.Section{Name: ".debug_line", Type: 1, Data: line})
		err := check(t, image)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("% x: %v, want %q", c.opcodes, err, c.want)
		}
	}
}
