// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Package contract holds the library to what include/jitdebug.h says, from
// C, and to what it promises a linker and a package.
package contract

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/libjitdebug/libjitdebug/tests/host"
)

const limit = time.Minute

// run compiles a C program against the library and runs it.
func run(t *testing.T, source string, arguments ...string) {
	t.Helper()
	program := host.Compile(t, "testdata/"+source, append(host.Linked(t), "-lcmocka")...)
	host.Run(t, limit, program, arguments...)
}

func TestLayout(t *testing.T)    { run(t, "layout.c") }
func TestArguments(t *testing.T) { run(t, "arguments.c") }
func TestFunctions(t *testing.T) { run(t, "functions.c") }
func TestErrors(t *testing.T)    { run(t, "errors.c") }
func TestImages(t *testing.T)    { run(t, "images.c", host.Images(t)...) }
func TestLock(t *testing.T)      { run(t, "lock.c") }

func TestObjects(t *testing.T) {
	object := filepath.Join(t.TempDir(), "object.o")
	host.Run(t, limit, host.Tool(t, "clang-19"), "-c", "-g", "-ffunction-sections", "-fno-unique-section-names",
		"-o", object, "testdata/object.c")
	run(t, "objects.c", object)
}
