// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package symfile

import (
	"testing"

	"github.com/libjitdebug/libjitdebug/tests/samples"
)

// TestOtherSections: what debuggers read besides symbols and DWARF is refused where no
// image needs it, and checked where images have it.
func TestOtherSections(t *testing.T) {
	text := samples.Section{Name: ".text", Type: 1, Flags: 6, Addr: 0x20000000, Data: make([]byte, 64)}
	for _, c := range []struct{ name, data, want string }{
		{".gdb_index", "\x08\x00\x00\x00", "it holds an index of the debug information"},
		{".debug_names", "\x08\x00\x00\x00", "it holds an index of the debug information"},
		{".ctf", "\xf2\xdf\x04\x00", "it holds types in the format CTF"},
		{".stab", "123456789012", "it holds debug information in the format stabs"},
		{".stabstr", "\x00", "it holds debug information in the format stabs"},
		{".mdebug", "\x00", "it holds debug information in a format that was before DWARF 2"},
		{".gnu_debugdata", "\xfd7zXZ\x00", "it holds symbols that are compressed with LZMA"},
		{".gnu_debugaltlink", "file\x00id", ""}, // with no debug information: of a library that was stripped
		{".gnu_debuglink", "file\x00\x00\x00\x001234", ""},
		{".gnu_debuglink", "file1234", "its 8 bytes are not the name of a file"},
		{".gnu_debuglink", "file\x00\x00\x00\x00123", "its 11 bytes are not the name of a file"},
		{".gnu_debuglink", "", "its 0 bytes are not the name of a file"},
		{".debug_gdb_scripts", "\x01printers.py\x00\x00\x03more.scm\x00", ""},
		{".debug_gdb_scripts", "\x01printers.py", "it does not end in a NUL"},
		{".debug_gdb_scripts", "\x04inlined\nprint(1)\x00", "it has a script of kind 4 in itself, which gdb would run"},
		{".comment", "a JIT\x00", ""},
	} {
		image := samples.Build(samples.Layout{Type: 2}, []samples.Section{text, {Name: c.name, Type: 1, Data: []byte(c.data)}})
		if c.want != "" {
			refused(t, image, "section 2 ("+c.name+"): "+c.want)
		} else if err := Check(image); err != nil {
			t.Errorf("%s %q: %v", c.name, c.data, err)
		}
		// With its name at the end of all names.
		image = samples.Build(samples.Layout{Type: 2}, []samples.Section{text, {Name: ".symtab_shndx"}, {Name: c.name, Type: 1, Data: []byte(c.data)}})
		if (Check(image) != nil) != (c.want != "") {
			t.Errorf("%s %q, as the last one: %v", c.name, c.data, Check(image))
		}
	}
}

// TestCompressed: what a compressed section holds is checked, and has a limit.
func TestCompressed(t *testing.T) {
	for _, image := range samples.Compiled(t) {
		if image.Name != "linked-zlib" && image.Name != "gcc-zlib-gnu" {
			continue
		}
		name := ".debug_info"
		if image.Name == "gcc-zlib-gnu" {
			name = ".zdebug_info"
		}
		wrong := append([]byte{}, image.Data...)
		wrong[in(t, wrong, name, 60)] ^= 0x55
		if err := Check(wrong); err == nil {
			t.Errorf("%s: garbage in %s is accepted", image.Name, name)
		}
	}
	data := make([]byte, 24+4096)
	data[0] = 1
	le.PutUint64(data[8:], 2<<20+1)
	refused(t, samples.Build(samples.Layout{Type: 2}, []samples.Section{{Name: ".debug_str", Type: 1, Flags: 0x800, Data: data}}),
		"section 1 (.debug_str): its uncompressed size is 0x200001, with those before it more than 2097152 bytes")
}
