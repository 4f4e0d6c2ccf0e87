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

/* The symbols of an entry's image, and their names. The first is none, and one
 * whose section is SHN_UNDEF has gone. */
struct list_symbols {
  const Elf64_Shdr *sections;
  const Elf64_Sym *all;
  size_t count;
  const char *names;
};

static inline struct list_symbols list_symbols(const struct code_entry *entry) {
  const char *image = (const char *)entry->symfile;
  const Elf64_Ehdr *header = (const Elf64_Ehdr *)image;
  const Elf64_Shdr *sections = (const Elf64_Shdr *)(image + header->e_shoff);
  for (int i = 1; i < header->e_shnum; i++)
    if (sections[i].sh_type == SHT_SYMTAB)
      return (struct list_symbols){
          .sections = sections,
          .all = (const Elf64_Sym *)(image + sections[i].sh_offset),
          .count = sections[i].sh_size / sizeof(Elf64_Sym),
          .names = image + sections[sections[i].sh_link].sh_offset};
  return (struct list_symbols){0};
}

#endif
