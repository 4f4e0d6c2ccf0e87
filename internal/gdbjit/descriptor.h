/* The structures of the GDB JIT interface, version 1, as debuggers read them:
 * gdb manual, "JIT Compilation Interface". */
#ifndef JITDEBUG_GDBJIT_DESCRIPTOR_H
#define JITDEBUG_GDBJIT_DESCRIPTOR_H

#include <stdint.h>

struct jit_code_entry {
  struct jit_code_entry *next_entry;
  struct jit_code_entry *prev_entry;
  const void *symfile_addr;
  uint64_t symfile_size;
};

struct jit_descriptor {
  uint32_t version;
  uint32_t action_flag;
  struct jit_code_entry *relevant_entry;
  struct jit_code_entry *first_entry;
};

extern struct jit_descriptor __jit_debug_descriptor;
void __jit_debug_register_code(void);

/* The pair in use: this copy's own, or the one that a parent process left. */
extern struct jit_descriptor *gdbjit_descriptor;
extern void (*gdbjit_register_code)(void);

#endif
