#include "descriptor.h"

struct jit_descriptor __jit_debug_descriptor = {1, 0, 0, 0};

/* A debugger's breakpoint: called for the address alone, so it must stay a
 * function of its own that the compiler neither inlines nor drops. */
__attribute__((noinline, used)) void __jit_debug_register_code(void) {
  __asm__ volatile("" ::: "memory");
}

struct jit_descriptor *gdbjit_descriptor = &__jit_debug_descriptor;
void (*gdbjit_register_code)(void) = __jit_debug_register_code;
