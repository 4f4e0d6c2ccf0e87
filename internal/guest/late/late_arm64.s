/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include "textflag.h"

// The library's constructor, as lib/go.edits and the linker's -E have it.
TEXT jitdebug_not_yet(SB), NOSPLIT|NOFRAME, $0
	RET
