/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
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

/* The pair of symbols that debuggers are to read: the library's own, that of
 * libjitdebug-local.so.1, or what a parent process had. */
struct gdbjit_pair {
  struct jit_descriptor *descriptor;
  void (*register_code)(void);
};

extern struct gdbjit_pair gdbjit_pair;

/* What debuggers cannot see in spite of the choice, or ""; NULL before it. */
extern const char *gdbjit_notice;

/* The path of libjitdebug-local.so.1, beside the library's real file, or NULL.
 */
extern const char *gdbjit_local;

/* All three, as a parent process had them. */
struct gdbjit_choice {
  struct gdbjit_pair pair;
  const char *notice, *local;
};

struct gdbjit_choice gdbjit_choice(void);
void gdbjit_inherit(const struct gdbjit_choice *choice);

/* Chooses the pair. program_has_one: whether the program defines a global
 * __jit_debug_descriptor of its own. local_has_symbols: whether gdb would find
 * that of libjitdebug-local.so.1. */
void gdbjit_choose(int program_has_one, int local_has_symbols);

#endif
