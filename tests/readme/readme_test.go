// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Package readme holds README.md and the pages that it leads to to what they say: every
// block of code is compiled and run, every command is typed, every session with a
// debugger shows what the page shows. No page of the project names what is not there.
//
// The word after a block's language says what the block is:
//
//	sh                commands, which succeed
//	console           commands after "$ ", debuggers' after "(gdb) " and "(lldb) ",
//	                  and lines of what comes out; "console fails": the last command does
//	LANGUAGE jit.c    a file that the reader saves, for the commands that follow
//	diff jit.c        a change to such a file
//	LANGUAGE object   a part of a program: testdata/snippets/PAGE/object.EXTENSION is
//	                  the whole one, with the block where it says BLOCK
//
// Forges show none of it.
package readme

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/libjitdebug/libjitdebug/tests/host"
)

// TestPages does what each page says, from top to bottom. testdata/pages/PAGE/setup
// brings about what a page takes to be there.
func TestPages(t *testing.T) {
	for _, name := range tested {
		p := read(t, name)
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			r := newReader(t)
			setup := filepath.Join(host.Root(t), "tests/readme/testdata/pages", p.name, "setup")
			if _, err := os.Stat(setup); err == nil {
				r.run("/bin/sh", "-e", setup)
			}
			r.follow(p)
		})
	}
}
