// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package machine

import "github.com/libjitdebug/libjitdebug/internal/elf"

// X86_64 is x86-64.
var X86_64 = Machine{
	ELF: elf.EM_X86_64, Name: "EM_X86_64",
	StackPointer: 7, FramePointer: 6, ReturnAddress: 16, Pushed: 8, LastGeneral: 16, Trap: "\xcc",
	// General, SSE, x87 and MMX; flags, segments and their bases; task registers; control;
	// the upper 16 of AVX-512; its masks and the bounds; the upper 16 general ones of APX.
	registers:      registers(0, 55, 58, 59, 62, 66, 67, 82, 118, 129, 130, 145),
	named:          registers(0, 40, 49, 55, 64, 66),
	LastRelocation: elf.R_X86_64_REX_GOTPCRELX,
	Relocations: []Relocation{
		{elf.R_X86_64_64, Absolute, 8, AnyRange},
		{elf.R_X86_64_32, Absolute, 4, Unsigned},
		{elf.R_X86_64_PC32, Relative, 4, Signed},
		{elf.R_X86_64_NONE, Nothing, 0, AnyRange},
		{elf.R_X86_64_32S, Absolute, 4, Signed},
		{elf.R_X86_64_16, Absolute, 2, Either},
		{elf.R_X86_64_PC16, Relative, 2, Signed},
		{elf.R_X86_64_8, Absolute, 1, Either},
		{elf.R_X86_64_PC8, Relative, 1, Signed},
		{elf.R_X86_64_DTPOFF64, ThreadLocal, 8, AnyRange},
		{elf.R_X86_64_DTPOFF32, ThreadLocal, 4, Signed},
		{elf.R_X86_64_PC64, Relative, 8, AnyRange},
		{elf.R_X86_64_SIZE32, SymbolSize, 4, Unsigned},
		{elf.R_X86_64_SIZE64, SymbolSize, 8, AnyRange},
	},
	prefix: "R_X86_64_",
	names: "0 NONE,1 64,2 PC32,3 GOT32,4 PLT32,5 COPY,6 GLOB_DAT,7 JUMP_SLOT,8 RELATIVE,9 GOTPCREL,10 32," +
		"11 32S,12 16,13 PC16,14 8,15 PC8,16 DTPMOD64,17 DTPOFF64,18 TPOFF64,19 TLSGD,20 TLSLD," +
		"21 DTPOFF32,22 GOTTPOFF,23 TPOFF32,24 PC64,25 GOTOFF64,26 GOTPC32,27 GOT64,28 GOTPCREL64," +
		"29 GOTPC64,30 GOTPLT64,31 PLTOFF64,32 SIZE32,33 SIZE64,34 GOTPC32_TLSDESC,35 TLSDESC_CALL," +
		"36 TLSDESC,37 IRELATIVE,39 PC32_BND,40 PLT32_BND,41 GOTPCRELX,42 REX_GOTPCRELX,",
}
