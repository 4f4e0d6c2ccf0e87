// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package frame

import (
	"encoding/hex"
	"os/exec"
	"strings"
	"testing"
)

// The lengths of all instructions of the C library are those that objdump finds. Few are
// unknown here; a function's epilogues are looked for only in front of such a one.
func TestLengths(t *testing.T) {
	library, err := exec.Command("gcc", "-print-file-name=libc.so.6").Output()
	if err != nil {
		t.Fatal(err)
	}
	path := strings.TrimSpace(string(library))
	output, err := exec.Command("objdump", "-d", "-w", "--section=.text", path).Output()
	if err != nil {
		t.Fatal(err)
	}
	count, unknown := 0, 0
	for line := range strings.Lines(string(output)) {
		fields := strings.Split(line, "\t")
		if len(fields) < 3 || strings.Contains(fields[2], "(bad)") || strings.HasPrefix(fields[2], ".byte") {
			continue
		}
		code, err := hex.DecodeString(strings.ReplaceAll(fields[1], " ", ""))
		if err != nil {
			t.Fatal(err)
		}
		// The bytes that follow an instruction do not change its length.
		length := lengthX86(append(code, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff))
		if count++; length == 0 {
			unknown++
			t.Logf("unknown: %s", line)
		} else if length != len(code) {
			t.Errorf("%d bytes: %s", length, line)
		}
		if cut := lengthX86(code[:len(code)-1]); cut >= len(code) {
			t.Errorf("%d bytes of one that is cut: %s", cut, line)
		}
	}
	if count < 100000 || unknown > count/1000 {
		t.Errorf("%d of %d instructions are unknown", unknown, count)
	}
}
