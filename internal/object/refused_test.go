// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package object

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// compiled is what a compiler writes of a small function.
func compiled(t *testing.T, command ...string) []byte {
	t.Helper()
	out := filepath.Join(t.TempDir(), "object.o")
	c := exec.Command(command[0], append(command[1:], "-g", "-c", "-x", "c", "-", "-o", out)...)
	c.Stdin = strings.NewReader("int f(int x)\n{\n  return x + 1;\n}\n")
	if text, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v: %v\n%s", command, err, text)
	}
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestRefused: objects that compilers write and debuggers would read wrong.
func TestRefused(t *testing.T) {
	for _, c := range []struct {
		command []string
		kind    Kind
		text    string
	}{
		{[]string{"clang-19", "-gdwarf-4", "-Wa,--crel,--allow-experimental-crel"}, Unsupported, "SHT_CREL"},
		{[]string{"gcc", "-flto"}, BadObject, "compile it without -flto"},
	} {
		_, err := place(compiled(t, c.command...), []Placement{{Name: []byte(".text"), Address: 0x10000}})
		e, ok := err.(*Error)
		if !ok || e.Kind != c.kind || !strings.Contains(e.text, c.text) {
			t.Errorf("%v: %v", c.command, err)
		}
		checkResult(t, nil, err)
	}
	fat := compiled(t, "gcc", "-flto", "-ffat-lto-objects")
	if _, err := place(fat, everywhere(fat, 0)); err != nil {
		t.Error(err)
	}
}
