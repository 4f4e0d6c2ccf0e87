/* The descriptor and the list that a debugger reads, as the gdb manual has
 * them, "JIT Compilation Interface"; and the list as the process itself sees
 * it. */
#ifndef LIST_H
#define LIST_H

#include <dlfcn.h>
#include <stdint.h>

#include "check.h"
#include "image.h"

struct code_entry {
  struct code_entry *next, *prev;
  const struct image *symfile;
  uint64_t size;
};

struct descriptor {
  uint32_t version, action;
  struct code_entry *relevant, *first;
};

enum { ACTION_NONE, ACTION_REGISTER, ACTION_UNREGISTER };

/* Not by its name: the linker would give the program a descriptor of its own
 * (a copy relocation). */
static inline struct descriptor *list_descriptor(void *library) {
  struct descriptor *found = dlsym(library, "__jit_debug_descriptor");
  CHECK(found && found->version == 1, "no descriptor of version 1");
  return found;
}

/* Walks the list and returns how many entries it has, or -1 if one is not
 * whole or there are more than limit. */
static inline long list_length(const struct descriptor *descriptor,
                               long limit) {
  long length = 0;
  for (const struct code_entry *entry = descriptor->first; entry;
       entry = entry->next)
    if (++length > limit || !entry->symfile ||
        !image_whole(entry->symfile, entry->size))
      return -1;
  return length;
}

#endif
