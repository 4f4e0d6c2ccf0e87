// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package executable

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// What gdb would find in a program, however it was linked.
func TestDefines(t *testing.T) {
	const own = "int __jit_debug_descriptor; int main(void) { return 0; }"
	for _, test := range []struct {
		what, source string
		flags        []string
		want, local  bool
	}{
		{"not exported", own, nil, true, false},
		{"exported", own, []string{"-rdynamic"}, true, false},
		{"exported and stripped", own, []string{"-rdynamic", "-s"}, true, false},
		{"stripped", own, []string{"-s"}, false, false},
		{"static", own, []string{"-static"}, true, false},
		{"local", "static " + own, []string{"-O0"}, false, true},
		{"another name", "int __jit_debug_descriptor2, _jit_debug_descriptor; int main(void) { return 0; }", nil, false, false},
		{"none", "int main(void) { return 0; }", nil, false, false},
		{"only used", "extern int __jit_debug_descriptor; int main(void) { return &__jit_debug_descriptor != 0; }",
			[]string{"-shared", "-fPIC"}, false, false},
	} {
		t.Run(test.what, func(t *testing.T) {
			directory := t.TempDir()
			source, program := filepath.Join(directory, "a.c"), filepath.Join(directory, "a")
			if err := os.WriteFile(source, []byte(test.source), 0o600); err != nil {
				t.Fatal(err)
			}
			if output, err := exec.Command("gcc", append(test.flags, "-o", program, source)...).CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, output)
			}
			file := read(program)
			if file == nil {
				t.Fatal("cannot be read")
			}
			for b, want := range map[binding]bool{global: test.want, local: test.local} {
				if got := defines(file, "__jit_debug_descriptor", b); got != want {
					t.Errorf("defines, local %v: %v", b, got)
				}
			}
			for size := range len(file) {
				if size%101 == 0 || size < 64 {
					defines(file[:size], "__jit_debug_descriptor", global)
				}
			}
		})
	}
}
