// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package contract

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/libjitdebug/libjitdebug/tests/host"
)

// The header needs nothing before it, and stands being included twice.
func TestHeaderCompiles(t *testing.T) {
	include := filepath.Join(host.Root(t), "include")
	directory := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(directory, name)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	const line = "#include <jitdebug.h>\n"
	// Used, not only declared, so that C++ sees what it would have to convert.
	const use = `int use(const jitdebug_image *images, jitdebug_registration **registration);
int use(const jitdebug_image *images, jitdebug_registration **registration) {
  return jitdebug_register_batch(images, 1, JITDEBUG_BORROW | JITDEBUG_NOWAIT, registration) == JITDEBUG_OK;
}
`
	for _, language := range []struct {
		extension string
		compilers []string
		standards []string
	}{
		{".c", []string{"gcc", "clang-19"}, []string{"c99", "c11", "c17"}},
		{".cc", []string{"g++", "clang++-19"}, []string{"c++11", "c++20"}},
	} {
		sources := []string{
			write("alone"+language.extension, line+use),
			write("twice"+language.extension, line+line+use),
		}
		for _, compiler := range language.compilers {
			for _, standard := range language.standards {
				t.Run(compiler+" "+standard, func(t *testing.T) {
					for _, source := range sources {
						host.Run(t, limit, host.Tool(t, compiler), "-std="+standard, "-Wall", "-Wextra", "-pedantic",
							"-Werror", "-fsyntax-only", "-I", include, source)
					}
				})
			}
		}
	}
}
