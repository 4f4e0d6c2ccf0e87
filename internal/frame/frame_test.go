// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package frame

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/libjitdebug/libjitdebug/internal/cursor"
	"github.com/libjitdebug/libjitdebug/internal/machine"
)

// rows assembles code, has Pointer describe it, and returns the rules as LLVM
// reads them, a line for each range of addresses.
func rows(t *testing.T, m *machine.Machine, target, assembly string) []string {
	t.Helper()
	directory := t.TempDir()
	source, object, binary := filepath.Join(directory, "code.s"), filepath.Join(directory, "code.o"), filepath.Join(directory, "code.bin")
	if err := os.WriteFile(source, []byte(strings.ReplaceAll(assembly, ";", "\n")+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	tool := func(name string, arguments ...string) string {
		t.Helper()
		output, err := exec.Command(name, arguments...).CombinedOutput()
		if err != nil {
			t.Fatalf("%s: %v\n%s", name, err, output)
		}
		return string(output)
	}
	tool("clang-19", "--target="+target, "-c", "-o", object, source)
	tool("llvm-objcopy-19", "-O", "binary", "--only-section=.text", object, binary)
	code, err := os.ReadFile(binary)
	if err != nil {
		t.Fatal(err)
	}

	var counting cursor.Cursor
	Pointer(&counting, m, code)
	instructions := make([]byte, counting.At())
	c := cursor.On(instructions)
	Pointer(&c, m, code)
	section := cursor.On(make([]byte, 4096))
	Common(&section, m)
	Describe(&section, 0x1000, uint64(len(code)), instructions)
	frames := filepath.Join(directory, "frames")
	if err := os.WriteFile(frames, section.Written(0, section.At()), 0o644); err != nil {
		t.Fatal(err)
	}
	tool("llvm-objcopy-19", "--add-section=.debug_frame="+frames, object)
	var found []string
	for line := range strings.Lines(tool("llvm-dwarfdump-19", "--debug-frame", object)) {
		if line = strings.TrimSpace(line); strings.HasPrefix(line, "0x1") {
			found = append(found, strings.TrimPrefix(line, "0x"))
		}
	}
	return found
}

func expect(t *testing.T, found []string, expected ...string) {
	t.Helper()
	if strings.Join(found, "\n") != strings.Join(expected, "\n") {
		t.Errorf("found:\n  %s\nnot:\n  %s", strings.Join(found, "\n  "), strings.Join(expected, "\n  "))
	}
}

func TestX86(t *testing.T) {
	const target = "x86_64-linux-gnu"
	expect(t, rows(t, &machine.X86_64, target, "push %rbp; mov %rsp, %rbp; call *%rax; pop %rbp; ret; nop; leave; ret"),
		"1000: CFA=RSP+8: RIP=[CFA-8]",
		"1001: CFA=RSP+16: RBP=[CFA-16], RIP=[CFA-8]",
		"1004: CFA=RBP+16: RBP=[CFA-16], RIP=[CFA-8]",
		"1007: CFA=RSP+8: RIP=[CFA-8]",
		"1008: CFA=RBP+16: RBP=[CFA-16], RIP=[CFA-8]",
		"100a: CFA=RSP+8: RIP=[CFA-8]")
	// The end of this call looks like an epilogue.
	expect(t, rows(t, &machine.X86_64, target, "push %rbp; mov %rsp, %rbp; .byte 0xe8, 0, 0, 0x5d, 0xc3; jmp ."),
		"1000: CFA=RSP+8: RIP=[CFA-8]",
		"1001: CFA=RSP+16: RBP=[CFA-16], RIP=[CFA-8]",
		"1004: CFA=RBP+16: RBP=[CFA-16], RIP=[CFA-8]")
	// No prologue: what the caller says holds from the first byte on.
	for _, code := range []string{"ret", "push %rbp; push %rbx; mov %rsp, %rbp; ret", "jmp 1f; 1: push %rbp; mov %rsp, %rbp; ret"} {
		expect(t, rows(t, &machine.X86_64, target, code), "1000: CFA=RBP+16: RBP=[CFA-16], RIP=[CFA-8]")
	}
}

func TestAArch64(t *testing.T) {
	const target = "aarch64-linux-gnu"
	expect(t, rows(t, &machine.AArch64, target, "stp x29, x30, [sp, #-32]!; mov x29, sp; str x19, [sp, #16]; blr x0; ldr x19, [sp, #16]; ldp x29, x30, [sp], #32; ret; nop"),
		"1000: CFA=WSP",
		"1004: CFA=WSP+32: W29=[CFA-32], W30=[CFA-24]",
		"1008: CFA=W29+32: W29=[CFA-32], W30=[CFA-24]",
		"1018: CFA=WSP",
		"101c: CFA=W29+32: W29=[CFA-32], W30=[CFA-24]")
	// As clang does it: the frame pointer is not at the bottom.
	expect(t, rows(t, &machine.AArch64, target, "sub sp, sp, #48; stp x29, x30, [sp, #32]; add x29, sp, #32; bl .; ldp x29, x30, [sp, #32]; add sp, sp, #48; ret"),
		"1000: CFA=WSP",
		"1004: CFA=WSP+48",
		"1008: CFA=WSP+48: W29=[CFA-16], W30=[CFA-8]",
		"100c: CFA=W29+16: W29=[CFA-16], W30=[CFA-8]",
		"1014: CFA=WSP+48",
		"1018: CFA=WSP")
	expect(t, rows(t, &machine.AArch64, target, "stp x20, x19, [sp, #-32]!; stp x29, x30, [sp, #16]; add x29, sp, #16; blr x8; ldp x29, x30, [sp, #16]; ldp x20, x19, [sp], #32; br x9"),
		"1000: CFA=WSP",
		"1004: CFA=WSP+32",
		"1008: CFA=WSP+32: W29=[CFA-16], W30=[CFA-8]",
		"100c: CFA=W29+16: W29=[CFA-16], W30=[CFA-8]",
		"1014: CFA=WSP+32",
		"1018: CFA=WSP")
	expect(t, rows(t, &machine.AArch64, target, "ret"), "1000: CFA=W29+16: W29=[CFA-16], W30=[CFA-8]")
}
