// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package sessions

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/libjitdebug/libjitdebug/tests/host"
)

// build compiles the hosts and the generated code into one folder:
//
//	linked            a host linked with the library
//	dlopen            a host that opens it
//	constructor       a linked host that acts before main, too
//	code.exec         generated.c, linked at 0x10000000
//	code.rel          generated.c, an object file
//	successor.exec    successor.c, linked at 0x10000000 as well
//	forth             examples/forth
//	compaction        a host that registers function by function
//	COMPILER_dwarfN_exec, COMPILER_dwarfN_rel
//	                  generated.c with a function of this name
func build(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	move := func(name, program string) {
		if err := os.Rename(program, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	linked := append([]string{"testdata/code.c", "-O0", "-DLINKED"}, host.Linked(t)...)
	move("linked", host.Compile(t, "testdata/host.c", linked...))
	move("constructor", host.Compile(t, "testdata/host.c", append(linked, "-DCONSTRUCTOR")...))
	move("forth", host.Compile(t, filepath.Join(host.Root(t), "examples/forth/forth.c"), host.Linked(t)...))
	move("compaction", host.Compile(t, "testdata/compaction.c", host.Linked(t)...))
	move("dlopen", host.Compile(t, "testdata/host.c", "testdata/code.c", "-O0"))

	source := func(name string) string { return filepath.Join(host.Root(t), "tests/sessions/testdata", name) }
	compile := func(compiler, name string, flags ...string) {
		flags = append([]string{"-g", "-O0", "-o", filepath.Join(dir, name)}, flags...)
		host.Run(t, time.Minute, host.Tool(t, compiler), flags...)
	}
	link := func(address int, entry string) []string {
		return []string{"-nostdlib", "-static",
			"-Wl,-Ttext-segment=0x" + strconv.FormatInt(int64(address), 16), "-Wl,-e" + entry}
	}
	compile("gcc", "code.exec", append(link(0x10000000, "sum_of_squares"), source("generated.c"))...)
	compile("gcc", "code.rel", "-c", source("generated.c"))
	compile("gcc", "successor.exec", append(link(0x10000000, "sum_of_cubes"), source("successor.c"))...)
	address := 0x11000000
	for compiler, name := range map[string]string{"gcc": "gcc", "clang-19": "clang"} {
		for _, dwarf := range []string{"4", "5"} {
			name := name + "_dwarf" + dwarf
			flags := []string{"-gdwarf-" + dwarf, source("generated.c"), "-DGENERATED="}
			exec, rel := name+"_exec", name+"_rel"
			flags[2] = "-DGENERATED=" + exec
			compile(compiler, exec, append(flags, link(address, exec)...)...)
			flags[2] = "-DGENERATED=" + rel
			compile(compiler, rel, append(flags, "-c")...)
			address += 0x1000000
		}
	}
	return dir
}
