// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception

package elf

// The types of AArch64's relocations that occur in sections of DWARF, and the highest
// type of all.
const (
	R_AARCH64_NONE         = 0
	R_AARCH64_NULL         = 256 // the former R_AARCH64_NONE
	R_AARCH64_ABS64        = 257
	R_AARCH64_ABS32        = 258
	R_AARCH64_ABS16        = 259
	R_AARCH64_PREL64       = 260
	R_AARCH64_PREL32       = 261
	R_AARCH64_PREL16       = 262
	R_AARCH64_TLS_DTPMOD64 = 1028
	R_AARCH64_TLS_DTPREL64 = 1029
	R_AARCH64_IRELATIVE    = 1032
)
