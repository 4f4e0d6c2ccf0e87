// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Package house says what stands where in the library's sources.
package house

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/libjitdebug/libjitdebug/tests/host"
)

// gabi is a name of ELF's: a number beside one is that constant.
var gabi = regexp.MustCompile(`\b(EI|ET|EM|PN|SHN|SHT|SHF|STB|STT|STV|ELFCLASS|ELFDATA|ELFOSABI|ELFCOMPRESS|R_X86_64|R_AARCH64|Elf64)_[A-Z0-9]`)

// TestELFStandsOnce: constants of ELF's are declared in internal/elf and nowhere
// else, neither under their names nor under others that a comment explains.
func TestELFStandsOnce(t *testing.T) {
	root := host.Root(t)
	files, declared := 0, 0
	for _, pattern := range []string{"*.go", "internal/*/*.go", "internal/*/*/*.go"} {
		paths, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			files++
			own := filepath.Base(filepath.Dir(path)) == "elf"
			set := token.NewFileSet()
			file, err := parser.ParseFile(set, path, nil, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(file, func(n ast.Node) bool {
				at := func() token.Position { return set.Position(n.Pos()) }
				switch n := n.(type) {
				case *ast.ValueSpec:
					for _, name := range n.Names {
						if !gabi.MatchString(name.Name) && !gabi.MatchString(n.Comment.Text()) {
							continue
						}
						if own {
							declared++
						} else {
							t.Errorf("%s: %s is ELF's, whose constants are in internal/elf", at(), name.Name)
						}
					}
				case *ast.BasicLit:
					if strings.Contains(n.Value, `x7fELF`) && !own {
						t.Errorf("%s: %s is ELF's, whose constants are in internal/elf", at(), n.Value)
					}
				}
				return true
			})
		}
	}
	if files < 60 || declared < 60 {
		t.Errorf("%d files and %d constants of ELF's were seen: the test looks in the wrong place", files, declared)
	}
}
