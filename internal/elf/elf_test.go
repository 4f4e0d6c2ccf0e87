// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package elf

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strconv"
	"strings"
	"testing"
	"unsafe"

	"github.com/libjitdebug/libjitdebug/internal/cursor"
)

// TestConstantsOfDebugELF: a name of Go's debug/elf is here what it is there.
func TestConstantsOfDebugELF(t *testing.T) {
	files := token.NewFileSet()
	packages, err := parser.ParseDir(files, ".", func(f os.FileInfo) bool { return !strings.HasSuffix(f.Name(), "_test.go") }, 0)
	if err != nil {
		t.Fatal(err)
	}
	theirs := map[string]int64{
		"EI_CLASS": elf.EI_CLASS, "EI_DATA": elf.EI_DATA, "EI_VERSION": elf.EI_VERSION, "EI_OSABI": elf.EI_OSABI,
		"ELFCLASS64": int64(elf.ELFCLASS64), "ELFDATA2LSB": int64(elf.ELFDATA2LSB), "EV_CURRENT": int64(elf.EV_CURRENT),
	}
	add := func(name string, value int64) { theirs[name] = value }
	for v := range int64(1 << 16) {
		add(elf.OSABI(v).String(), int64(byte(v)))
		add(elf.Type(v).String(), v)
		add(elf.Machine(v).String(), v)
		add(elf.SectionIndex(v).String(), v)
		add(elf.R_X86_64(v).String(), v)
		add(elf.R_AARCH64(v).String(), v)
		add(elf.SectionType(v).String(), v)
		if v < 16 {
			add(elf.SymBind(v).String(), v)
			add(elf.SymType(v).String(), v)
			add(elf.CompressionType(v).String(), v)
		}
	}
	for bit := range 32 {
		add(elf.SectionFlag(1<<bit).String(), 1<<bit)
	}
	for _, t := range []elf.SectionType{elf.SHT_LOOS, elf.SHT_LOUSER} {
		add(t.String(), int64(t))
	}
	checked := 0
	for _, p := range packages {
		ast.Inspect(p, func(n ast.Node) bool {
			c, ok := n.(*ast.ValueSpec)
			if !ok || len(c.Values) != 1 {
				return true
			}
			want, known := theirs[c.Names[0].Name]
			if got, ok := number(c.Values[0]); known && ok {
				checked++
				if got != want {
					t.Errorf("%s is %d, in debug/elf it is %d", c.Names[0].Name, got, want)
				}
			}
			return true
		})
	}
	if checked < 60 {
		t.Errorf("%d names found in debug/elf", checked)
	}
}

// number is what a literal says, or one that is shifted.
func number(e ast.Expr) (int64, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		v, err := strconv.ParseInt(e.Value, 0, 64)
		return v, err == nil
	case *ast.BinaryExpr:
		x, ok := number(e.X)
		y, ok2 := number(e.Y)
		return x << y, ok && ok2 && e.Op == token.SHL
	}
	return 0, false
}

// TestLayouts: structs in place of a copy have the layout of what is copied.
func TestLayouts(t *testing.T) {
	for _, c := range []struct {
		name   string
		ours   uintptr
		size   int
		theirs any
	}{
		{"Header64", unsafe.Sizeof(Header64{}), HeaderSize, elf.Header64{}},
		{"Section64", unsafe.Sizeof(Section64{}), SectionSize, elf.Section64{}},
		{"Prog64", unsafe.Sizeof(Prog64{}), ProgSize, elf.Prog64{}},
		{"Sym64", unsafe.Sizeof(Sym64{}), SymSize, elf.Sym64{}},
		{"Rela64", unsafe.Sizeof(Rela64{}), RelaSize, elf.Rela64{}},
		{"Chdr64", unsafe.Sizeof(Chdr64{}), ChdrSize, elf.Chdr64{}},
	} {
		if want := binary.Size(c.theirs); int(c.ours) != want || c.size != want {
			t.Errorf("%s has %d and %d bytes, not %d", c.name, c.ours, c.size, want)
		}
	}
}

// TestWrite: Go's reader and this package's find what was written; cut short, it
// has no sections.
func TestWrite(t *testing.T) {
	const names = "\x00.shstrtab\x00.text\x00"
	var object [HeaderSize + 3*SectionSize + len(names)]byte
	c := cursor.On(object[:])
	WriteHeader(&c, EM_X86_64, 3, 1)
	WriteFirst(&c, 3, 1)
	strings := Section64{Name: 1, Type: SHT_STRTAB, Off: uint64(len(object) - len(names)), Size: uint64(len(names)), Addralign: 1}
	strings.Write(&c)
	text := Section64{Name: 11, Type: SHT_NOBITS, Flags: SHF_ALLOC | SHF_EXECINSTR, Addr: 0x1234, Size: 0x56, Addralign: 2}
	text.Write(&c)
	c.Text(names)
	if c.At() != len(object) {
		t.Fatalf("%d bytes written, not %d", c.At(), len(object))
	}

	f, err := elf.NewFile(bytes.NewReader(object[:]))
	if err != nil {
		t.Fatal(err)
	}
	if s := f.Section(".text"); s == nil || s.Addr != text.Addr || s.Size != text.Size || s.Addralign != 2 {
		t.Errorf(".text is %+v", s)
	}
	sections := Sections(object[:])
	if len(sections) != 3 || sections[2] != text {
		t.Errorf("sections %+v", sections)
	}
	Code(sections, func(address, size uint64) bool {
		if address != text.Addr || size != text.Size {
			t.Errorf("code at %#x, %d bytes", address, size)
		}
		return true
	})
	file := File{Bytes: object[:], Sections: sections, Names: []byte(names)}
	if name := file.Name(&sections[2]); string(name) != ".text" {
		t.Errorf("the name is %q", name)
	}
	if contents := file.Contents(&sections[1]); string(contents) != names {
		t.Errorf("the contents are %q", contents)
	}
	for size := range HeaderSize + 3*SectionSize {
		if Sections(object[:size]) != nil {
			t.Errorf("with %d bytes there are sections", size)
		}
	}
}
