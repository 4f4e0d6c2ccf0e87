/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include "textflag.h"

// func Call(fn uintptr)
TEXT ·Call(SB), NOSPLIT, $0-8
	MOVQ fn+0(FP), AX
	CALL AX
	RET
