#include "pair.h"

#include <stdint.h>
#include <stdlib.h>

struct code_entry {
  struct code_entry *next, *prev;
  const void *symfile;
  uint64_t size;
};

struct {
  uint32_t version, action;
  struct code_entry *relevant, *first;
} __jit_debug_descriptor = {1, 0, NULL, NULL};

void __jit_debug_register_code(void);
__attribute__((noinline)) void __jit_debug_register_code(void) {
  __asm__ volatile("" ::: "memory");
}

void pair_register(const void *image, size_t size) {
  struct code_entry *entry = calloc(1, sizeof *entry);
  if (!entry) abort();
  entry->symfile = image;
  entry->size = size;
  entry->next = __jit_debug_descriptor.first;
  __jit_debug_descriptor.first = entry;
  __jit_debug_descriptor.relevant = entry;
  __jit_debug_descriptor.action = 1;
  __jit_debug_register_code();
  __jit_debug_descriptor.action = 0;
  __jit_debug_descriptor.relevant = NULL;
}
