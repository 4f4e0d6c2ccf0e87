/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* libjitdebug-local.so.1: a pair of debugger symbols that are not global. gdb
 * takes a library's global descriptor for the executable's, where that has one
 * of the name; a local one it reads in place. The library loads this object
 * then, and there only: gdb 15 does not see local ones. */
#include "../internal/gdbjit/descriptor.h"

#define LOCAL __attribute__((visibility("hidden"), used))

LOCAL struct jit_descriptor __jit_debug_descriptor = {1, 0, 0, 0};

LOCAL __attribute__((noinline)) void __jit_debug_register_code(void) {
  __asm__ volatile("" ::: "memory");
}

const struct gdbjit_pair jitdebug_local_pair = {&__jit_debug_descriptor,
                                                __jit_debug_register_code};
