/* Code as a JIT has it: in memory, with the ELF image that describes it. */
#ifndef TESTS_SESSIONS_CODE_H
#define TESTS_SESSIONS_CODE_H

#include <stddef.h>

struct code {
  char *image; /* what is registered; from malloc */
  size_t size;
  void *memory; /* where the code lies */
  size_t length;
  int (*function)(int);
};

/* The code of a linked file goes to the addresses that it was linked at; that
 * of an object file to a free one, and its sections' sh_addr are set to it, as
 * LLVM does. The function is e_entry, or an object file's last global one. */
struct code code_load(const char *path);

/* Code that returns its argument, or traps, and the smallest image that names
 * it. */
struct code code_with_symbol(const char *name, int traps);

void code_release(struct code *code);

#endif
