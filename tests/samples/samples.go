// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Package samples makes the ELF images that tests show to the checks and to real
// debuggers: some laid out by hand, most compiled by real compilers.
package samples

import (
	"bytes"
	"embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

//go:embed testdata
var sources embed.FS

// An Image is a symbol file that a real producer would register.
type Image struct {
	Name string
	Data []byte
}

// Small are images laid out by hand, with an odd layout each.
func Small() []Image {
	const rel, exec, dyn = 1, 2, 3
	code := bytes.Repeat([]byte{0x90}, 127)
	code = append(code, 0xc3)
	progbits := Section{Name: ".text", Type: 1, Flags: 6, Addr: 0x20000000, Data: code}
	nobits := Section{Name: ".text", Type: 8, Flags: 6, Addr: 0x20000000, Size: 128}
	unplaced := Section{Name: ".text", Type: 1, Flags: 6, Data: code}
	return []Image{
		{"minimal", Minimal()},
		{"rel", Function(Layout{Type: rel}, progbits, "jit_a", "jit_b")},
		{"rel-nobits", Function(Layout{Type: rel}, nobits, "jit_a", "jit_b")},
		{"rel-unplaced", Function(Layout{Type: rel}, unplaced, "jit_a", "jit_b")},
		{"exec", Function(Layout{Type: exec}, progbits, "jit_a", "_ZN3jit1bEv", "foo__bar")},
		{"exec-nobits", Function(Layout{Type: exec}, nobits, "jit_a")},
		{"dyn", Function(Layout{Type: dyn}, progbits, "jit_a")},
		{"headers-first", Function(Layout{Type: rel, HeadersFirst: true}, progbits, "jit_a")},
		{"headers-unaligned", Function(Layout{Type: rel, Unaligned: true}, progbits, "jit_a")},
		{"padded", Function(Layout{Type: rel, Padding: 3571}, progbits, "jit_a")},
		{"frame", frameImage()},
		{"empty-sections", Build(Layout{Type: rel}, []Section{
			progbits,
			{Name: ".symtab", Type: 2, Data: append(make([]byte, 24), Symbol(1, 0x12, 1, 0, 128)...), Link: 3, Info: 1, Entry: 24},
			{Name: ".strtab", Type: 3, Data: []byte("\x00jit_a\x00")},
			{Name: ".data", Type: 1, Flags: 3},
			{Name: ".bss", Type: 8, Flags: 3},
			{Name: ".note.GNU-stack", Type: 1},
			{Name: ".comment", Type: 1, Flags: 0x30, Data: []byte("a JIT\x00"), Entry: 1},
			{Name: ".custom", Type: 0x60001234, Data: []byte("anything")},
		})},
		{"no-symbols", Build(Layout{Type: rel}, []Section{progbits})},
	}
}

// frameImage has a .debug_frame for its function, and nothing else of DWARF.
func frameImage() []byte {
	frame := []byte{
		20, 0, 0, 0, 0xff, 0xff, 0xff, 0xff, 1, 0, 1, 0x78, 16, 12, 7, 8, 0x90, 1, 0, 0, 0, 0, 0, 0,
		28, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x20, 0, 0, 0, 0, 128, 0, 0, 0, 0, 0, 0, 0, 0x41, 14, 16, 0x86, 2, 0x43, 13, 6,
	}
	return Build(Layout{Type: 1}, []Section{
		{Name: ".text", Type: 8, Flags: 6, Addr: 0x20000000, Size: 128},
		{Name: ".symtab", Type: 2, Data: append(make([]byte, 24), Symbol(1, 0x12, 1, 0, 128)...), Link: 3, Info: 1, Entry: 24},
		{Name: ".strtab", Type: 3, Data: []byte("\x00jit_a\x00")},
		{Name: ".debug_frame", Type: 1, Data: frame},
	})
}

// Compiled are images from gcc, g++, clang, the linker and binutils, of a few
// kilobytes each, some as the tools leave them, some placed as a JIT does.
func Compiled(t testing.TB) []Image {
	t.Helper()
	compiled.Lock()
	defer compiled.Unlock()
	if compiled.images == nil {
		compiled.images = compile(t)
	}
	return append([]Image{}, compiled.images...)
}

// compiled are the images of this process, which are compiled once.
var compiled struct {
	sync.Mutex
	images []Image
}

func compile(t testing.TB) []Image {
	t.Helper()
	b := newBuilder(t)
	var images []Image
	add := func(name string, data []byte) { images = append(images, Image{name, data}) }
	addObject := func(name string, object []byte) {
		add(name, object)
		add(name+"-placed", Place(object, 0x30000000))
		add(name+"-all-placed", PlaceAll(object, 0x30000000))
	}

	for _, o := range []struct{ name, command string }{
		{"gcc", "gcc -g -O0 -c fibonacci.c"},
		{"gcc-O2", "gcc -g -O2 -c fibonacci.c"},
		{"gcc-dwarf4", "gcc -gdwarf-4 -O1 -c fibonacci.c"},
		{"gcc-types", "gcc -g -fdebug-types-section -O1 -c fibonacci.c"},
		{"gcc-sections", "gcc -g -O2 -ffunction-sections -fdata-sections -c fibonacci.c"},
		{"gcc-nodebug", "gcc -O2 -c fibonacci.c"},
		{"gxx", "g++ -g -O0 -c shapes.cc"},
		{"gxx-O2", "g++ -gdwarf-4 -O2 -ffunction-sections -c shapes.cc"},
		{"clang", "clang-19 -g -O0 -c fibonacci.c"},
		{"clang-O2", "clang-19 -g -O2 -c fibonacci.c"},
		{"clang-dwarf4", "clang-19 -gdwarf-4 -O1 -c fibonacci.c"},
		{"clang-zlib", "clang-19 -g -O0 -gz=zlib -c fibonacci.c"},
		{"clang-sections", "clang-19 -g -O1 -ffunction-sections -c fibonacci.c"},
		{"clangxx", "clang-19 -g -O0 -c shapes.cc"},
		{"clangxx-O2", "clang-19 -gdwarf-4 -O2 -fdebug-types-section -c shapes.cc"},
	} {
		addObject(o.name, b.run(o.name+".o", o.command))
	}
	// gcc -g -O0 -gz=zlib-gnu, with the assembler of Debian 12: newer ones no longer
	// write this form, which debuggers still read.
	addObject("gcc-zlib-gnu", b.read("gcc-zlib-gnu.o"))
	for _, o := range []struct{ name, command string }{
		{"linked", "gcc -g -O0 -static -nostdlib -no-pie -Wl,-e,jit_main,-Ttext=0x40000000,--build-id=none fibonacci.c"},
		{"linked-O2", "gcc -gdwarf-4 -O2 -static -nostdlib -no-pie -Wl,-e,jit_main,-Ttext=0x40000000,--build-id=none fibonacci.c"},
		{"linked-clang", "clang-19 -g -O1 -static -nostdlib -no-pie -Wl,-e,jit_main,--build-id=none fibonacci.c"},
		{"linked-zlib", "gcc -g -O0 -static -nostdlib -no-pie -Wl,-e,jit_main,--build-id=none,--compress-debug-sections=zlib fibonacci.c"},
		{"shared", "gcc -g -O1 -shared -nostdlib -fPIC -Wl,--build-id=none fibonacci.c"},
		{"shared-gxx", "g++ -g -O1 -shared -fPIC -Wl,--build-id=none shapes.cc"},
		{"pie", "gcc -g -O1 -pie -fPIE -nostdlib -Wl,-e,jit_main,--build-id=none fibonacci.c"},
		{"relinked", "gcc -g -O1 -r -nostdlib fibonacci.c"},
	} {
		add(o.name, b.run(o.name, o.command))
	}
	for _, o := range []struct{ name, command string }{
		{"shared-stripped", "strip -o shared-stripped shared"},
		{"linked-symbols", "strip --strip-debug -o linked-symbols linked"},
		{"linked-debug", "objcopy --only-keep-debug linked linked-debug"},
		{"shared-debug", "objcopy --only-keep-debug shared-gxx shared-debug"},
		{"pie-debug-zlib", "objcopy --only-keep-debug --compress-debug-sections=zlib pie pie-debug-zlib"},
	} {
		add(o.name, b.exec(o.name, o.command))
	}
	return images
}

// Large are images of megabytes, or with more sections than e_shnum can count.
func Large(t testing.TB) []Image {
	t.Helper()
	b := newBuilder(t)
	var many strings.Builder
	for i := 0; i < 66000; i++ {
		fmt.Fprintf(&many, ".section .text.f%d,\"ax\",@progbits\n.globl f%d\n.type f%d,@function\nf%d: ret\n.size f%d,1\n", i, i, i, i, i)
	}
	b.write("many.s", []byte(many.String()))
	object := b.run("many.o", "gcc -c many.s")
	return []Image{
		{"many-sections", object},
		{"many-sections-placed", Place(object, 0x30000000)},
		{"go", b.exec("hello", "go build -trimpath -o hello hello.go")},
		{"libc-static", b.run("static", "gcc -g -static -Wl,--defsym=main=jit_main fibonacci.c")},
		{"dynamic", b.run("dynamic", "g++ -g -Wl,--defsym=main=_Z8jit_maini shapes.cc")},
	}
}

// RelocatedCompressed is an object that gdb reads and that ends lldb: it applies
// the relocations to the compressed bytes.
func RelocatedCompressed(t testing.TB) []byte {
	t.Helper()
	return newBuilder(t).run("gcc-zlib.o", "gcc -g -O0 -gz=zlib -c fibonacci.c")
}

// Rust are images from rustc; none where it is not installed, for it is no tool
// that this project needs.
func Rust(t testing.TB) []Image {
	t.Helper()
	if _, err := exec.LookPath("rustc"); err != nil {
		return nil
	}
	b := newBuilder(t)
	return []Image{
		{"rust", b.run("simple.o", "rustc -g --crate-type lib --emit obj simple.rs")},
		{"rust-O", b.run("simple-O.o", "rustc -g -O --crate-type lib --emit obj simple.rs")},
	}
}

// A builder runs compilers in a folder that has the sources.
type builder struct {
	t   testing.TB
	dir string
}

func newBuilder(t testing.TB) *builder {
	b := &builder{t, t.TempDir()}
	entries, err := sources.ReadDir("testdata")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		data, err := sources.ReadFile("testdata/" + e.Name())
		if err != nil {
			t.Fatal(err)
		}
		b.write(e.Name(), data)
	}
	return b
}

func (b *builder) write(name string, data []byte) {
	b.t.Helper()
	if err := os.WriteFile(filepath.Join(b.dir, name), data, 0o666); err != nil {
		b.t.Fatal(err)
	}
}

// run runs a compiler command that writes to output, and reads that. The image
// is the same in every run: it does not know in which folder it was made.
func (b *builder) run(output, command string) []byte {
	b.t.Helper()
	fixed := " -ffile-prefix-map=" + b.dir + "=/jit"
	if strings.HasPrefix(command, "rustc ") {
		fixed = " --remap-path-prefix=" + b.dir + "=/jit"
	}
	return b.exec(output, command+fixed+" -o "+output)
}

// exec runs a command and reads the file that it leaves.
func (b *builder) exec(output, command string) []byte {
	b.t.Helper()
	words := strings.Fields(command)
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Dir = b.dir
	if out, err := cmd.CombinedOutput(); err != nil {
		b.t.Fatalf("%s: %v\n%s", command, err, out)
	}
	return b.read(output)
}

func (b *builder) read(name string) []byte {
	b.t.Helper()
	data, err := os.ReadFile(filepath.Join(b.dir, name))
	if err != nil {
		b.t.Fatal(err)
	}
	return data
}
