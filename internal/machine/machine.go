// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

// Package machine knows what ELF, DWARF and debuggers say of each processor: one
// file for each.
package machine

import (
	"strconv"
	"strings"

	"github.com/libjitdebug/libjitdebug/internal/elf"
)

// A Machine is a processor. Registers are by their DWARF numbers.
type Machine struct {
	ELF           uint16 // e_machine
	Name          string // of this value of e_machine
	StackPointer  byte
	FramePointer  byte
	ReturnAddress byte
	Pushed        byte // how many bytes a call instruction pushes: the return address, or nothing
	LastGeneral   byte // the highest register that can hold an address
	registers     [4]uint64
	named         [4]uint64 // those for which gdb has a name
	Trap          string    // the instruction that a debugger writes into code for a breakpoint

	Relocations    []Relocation // those that sections of DWARF have
	LastRelocation uint32       // the highest type that a debugger knows

	prefix string // of the relocations' names
	names  string // "number name," for each type of relocation, for errors
}

// A Relocation is a type of relocation.
type Relocation struct {
	Type  uint32
	Value Value
	Size  uint8 // in bytes, of what is relocated
	Range Range
}

// A Value is what a relocation computes. S is the symbol's address, A the addend, P the
// address of the field that is relocated.
type Value uint8

const (
	Nothing     Value = iota
	Absolute          // S + A
	Relative          // S + A - P
	SymbolSize        // the symbol's size + A
	ThreadLocal       // S, as an offset into its section, + A
	Module            // the number of a module with thread-local variables, which the dynamic linker gives
)

// A Range is which values a relocation's field can hold.
type Range uint8

const (
	AnyRange Range = iota
	Unsigned
	Signed
	Either // what fits as Unsigned or as Signed
)

// Of returns the processor of an e_machine, or nil if it is not known.
func Of(elfMachine uint16) *Machine {
	switch elfMachine {
	case elf.EM_X86_64:
		return &X86_64
	case elf.EM_AARCH64:
		return &AArch64
	}
	return nil
}

// Relocation returns a type of relocation that sections of DWARF have, or nil.
func (m *Machine) Relocation(typ uint32) *Relocation {
	for i := range m.Relocations {
		if m.Relocations[i].Type == typ {
			return &m.Relocations[i]
		}
	}
	return nil
}

// RelocationName returns the name of a type of relocation, or the number.
func (m *Machine) RelocationName(typ uint32) string {
	n := strconv.FormatUint(uint64(typ), 10)
	if _, rest, ok := strings.Cut(","+m.names, ","+n+" "); ok {
		name, _, _ := strings.Cut(rest, ",")
		return m.prefix + name
	}
	return m.prefix + "(" + n + ", which has no name)"
}

// Name returns the name of a value of e_machine that people often meet, or "".
func Name(elfMachine uint16) string {
	switch elfMachine {
	case elf.EM_386:
		return "EM_386"
	case elf.EM_ARM:
		return "EM_ARM"
	case elf.EM_RISCV:
		return "EM_RISCV"
	}
	if m := Of(elfMachine); m != nil {
		return m.Name
	}
	return ""
}

// HasRegister says whether there is a register of a DWARF number.
func (m *Machine) HasRegister(number uint64) bool {
	return number < 256 && m.registers[number/64]>>(number%64)&1 != 0
}

// HoldsAddress says whether there is one and addresses can be in it.
func (m *Machine) HoldsAddress(number uint64) bool {
	return number <= uint64(m.LastGeneral) && m.HasRegister(number)
}

// HasName says whether gdb has a name for a register.
func (m *Machine) HasName(number uint64) bool {
	return number < 256 && m.named[number/64]>>(number%64)&1 != 0
}

// registers are those from and to a number, in pairs.
func registers(ranges ...int) (set [4]uint64) {
	for i := 0; i < len(ranges); i += 2 {
		for n := ranges[i]; n <= ranges[i+1]; n++ {
			set[n/64] |= 1 << (n % 64)
		}
	}
	return set
}
