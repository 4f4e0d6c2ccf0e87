/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
//go:build linux && !jitdebug_fault

#include "textflag.h"

// func outsideAddress() uintptr
TEXT ·outsideAddress(SB), NOSPLIT, $0-8
	LEAQ outside<>(SB), AX
	MOVQ AX, ret+0(FP)
	RET

// From the C calling convention to Go's first, which is all on the stack: two
// arguments and a result. Go keeps none of the registers that C wants kept.
TEXT outside<>(SB), NOSPLIT|NOFRAME, $0
	PUSHQ BX
	PUSHQ BP
	PUSHQ R12
	PUSHQ R13
	PUSHQ R14
	PUSHQ R15
	SUBQ  $24, SP
	MOVQ  DI, 0(SP)
	MOVQ  SI, 8(SP)
	CALL  ·unregisterOutside(SB)
	MOVL  16(SP), AX
	ADDQ  $24, SP
	POPQ  R15
	POPQ  R14
	POPQ  R13
	POPQ  R12
	POPQ  BP
	POPQ  BX
	RET
