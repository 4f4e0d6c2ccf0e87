// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package machine

import (
	"debug/elf"
	"strings"
	"testing"
)

// TestRelocationNames: names are those of debug/elf, where it knows them, and each
// relocation that is computed has one.
func TestRelocationNames(t *testing.T) {
	for _, c := range []struct {
		machine *Machine
		name    func(typ uint32) string
	}{
		{&X86_64, func(typ uint32) string { return elf.R_X86_64(typ).String() }},
		{&AArch64, func(typ uint32) string { return elf.R_AARCH64(typ).String() }},
	} {
		for typ := range c.machine.LastRelocation + 1 {
			ours, theirs := c.machine.RelocationName(typ), c.name(typ)
			if strings.Contains(theirs, "P32_") || strings.Contains(theirs, "+") || !strings.Contains(theirs, "_") {
				continue // of 32 bits, or not known
			}
			if ours != theirs && ours != names[theirs] {
				t.Errorf("%d is %s, in debug/elf %s", typ, ours, theirs)
			}
		}
		for _, r := range c.machine.Relocations {
			if strings.Contains(c.machine.RelocationName(r.Type), "no name") || r.Type > c.machine.LastRelocation {
				t.Errorf("%s: relocation %d has no name", c.machine.Name, r.Type)
			}
			if c.machine.Relocation(r.Type).Type != r.Type {
				t.Errorf("%s: relocation %d is not found", c.machine.Name, r.Type)
			}
		}
		if name := c.machine.RelocationName(1 << 30); !strings.HasSuffix(name, "(1073741824, which has no name)") {
			t.Error(name)
		}
		if Of(c.machine.ELF) != c.machine || Name(c.machine.ELF) != elf.Machine(c.machine.ELF).String() {
			t.Errorf("%d is %s", c.machine.ELF, Name(c.machine.ELF))
		}
	}
}

// names are those in use that debug/elf has in another form.
var names = map[string]string{
	"R_X86_64_JMP_SLOT":              "R_X86_64_JUMP_SLOT",
	"R_X86_64_RELATIVE64":            "R_X86_64_(38, which has no name)", // of x32 alone
	"R_AARCH64_NULL":                 "R_AARCH64_NONE",
	"R_AARCH64_TLSDESC_LD64_LO12_NC": "R_AARCH64_TLSDESC_LD64_LO12",
	"R_AARCH64_TLSDESC_ADD_LO12_NC":  "R_AARCH64_TLSDESC_ADD_LO12",
}
