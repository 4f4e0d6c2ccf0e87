// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package elf

// The types of x86-64's relocations that occur in sections of DWARF, and the highest
// type of all.
const (
	R_X86_64_NONE          = 0
	R_X86_64_64            = 1
	R_X86_64_PC32          = 2
	R_X86_64_32            = 10
	R_X86_64_32S           = 11
	R_X86_64_16            = 12
	R_X86_64_PC16          = 13
	R_X86_64_8             = 14
	R_X86_64_PC8           = 15
	R_X86_64_DTPOFF64      = 17
	R_X86_64_DTPOFF32      = 21
	R_X86_64_PC64          = 24
	R_X86_64_SIZE32        = 32
	R_X86_64_SIZE64        = 33
	R_X86_64_REX_GOTPCRELX = 42
)
