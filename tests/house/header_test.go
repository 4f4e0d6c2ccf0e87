// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

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

var comments = regexp.MustCompile(`(?s)/\*.*?\*/`)

// header returns a header without its comments.
func header(t *testing.T, name string) string {
	return comments.ReplaceAllString(read(t, filepath.Join(host.Root(t), name)), "")
}

// plain is a name as it would be written in any language.
func plain(name string) string {
	return strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(name, "JITDEBUG_"), "_", ""))
}

// TestHeaderStandsOnce: flags, statuses, rules of unwinding and structures of the
// header are in internal/abi, and no other Go package has one of its own or asks C.
func TestHeaderStandsOnce(t *testing.T) {
	constants := map[string]string{}
	for _, match := range regexp.MustCompile(`\b(JITDEBUG_[A-Z_]+) =`).FindAllStringSubmatch(header(t, "include/jitdebug.h"), -1) {
		constants[plain(match[1])] = match[1]
	}
	own := 0
	for _, path := range sources(t, "*.go", "internal/*/*.go", "internal/*/*/*.go") {
		if strings.HasSuffix(path, "_test.go") {
			continue
		}
		abi := filepath.Base(filepath.Dir(path)) == "abi"
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, path, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			var named string
			switch n := n.(type) {
			case *ast.GenDecl:
				if n.Tok != token.CONST {
					return true
				}
				for _, spec := range n.Specs {
					for _, name := range spec.(*ast.ValueSpec).Names {
						if constant := constants[plain(name.Name)]; constant != "" {
							named = constant
						}
					}
				}
			case *ast.SelectorExpr:
				if x, ok := n.X.(*ast.Ident); ok && x.Name == "C" &&
					regexp.MustCompile(`(?i)^(sizeof_)?(struct_)?jitdebug_`).MatchString(n.Sel.Name) {
					named = n.Sel.Name
				}
			}
			if named == "" {
				return true
			}
			if abi {
				own++
			} else {
				t.Errorf("%s: %s is the header's, which is in internal/abi", set.Position(n.Pos()), named)
			}
			return true
		})
	}
	if len(constants) < 17 || own < 40 {
		t.Errorf("%d constants and %d uses were seen: the test looks in the wrong place", len(constants), own)
	}
}

// TestLayoutsAreAsserted: where Go lays out a structure of C's by hand, the compiler
// compares its size and each offset.
func TestLayoutsAreAsserted(t *testing.T) {
	for _, mirror := range []struct{ header, structures, in string }{
		{"include/jitdebug.h", `jitdebug_\w+`, "internal/abi"},
		{"internal/gdbjit/descriptor.h", `jit_\w+`, "internal/gdbjit"},
		{"gate.h", `gate_memory`, "."},
	} {
		var text strings.Builder
		for _, path := range sources(t, filepath.Join(mirror.in, "*.go")) {
			text.WriteString(read(t, path))
		}
		structures := regexp.MustCompile(`struct (`+mirror.structures+`) \{([^}]*)\}`).FindAllStringSubmatch(header(t, mirror.header), -1)
		if len(structures) == 0 {
			t.Errorf("%s: no structures were seen", mirror.header)
		}
		for _, structure := range structures {
			name, fields := structure[1], regexp.MustCompile(`(\w+)\s*[,;]`).FindAllStringSubmatch(structure[2], -1)
			asserted := func(expression string) {
				if !regexp.MustCompile(`= \[` + expression + `\]byte\{\}`).MatchString(text.String()) {
					t.Errorf("%s: %s asserts nothing like %s", mirror.header, mirror.in, expression)
				}
			}
			asserted(`C\.sizeof_(struct_)?` + name)
			for _, field := range fields {
				asserted(`unsafe\.Offsetof\(C\.(struct_)?` + name + `\{\}\.` + field[1] + `\)`)
			}
		}
	}
}
