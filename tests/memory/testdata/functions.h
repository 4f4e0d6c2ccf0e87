/* Functions to register one at a time, so that they share images, and
 * whether a debugger would find each of them. */
#ifndef FUNCTIONS_H
#define FUNCTIONS_H

#include <jitdebug.h>

#include "list.h"

enum { FUNCTION_SLOT = 32, FUNCTION_SIZE = 24 };

static const jitdebug_line function_lines[] = {{0, 1, 0}, {8, 2, 0}};

/* Nobody calls them. */
static inline uintptr_t function_address(size_t i) {
  return (uintptr_t)UINT64_C(0x200000000000) + i * FUNCTION_SLOT;
}

static inline jitdebug_function function_make(size_t i) {
  return (jitdebug_function){
      .struct_size = sizeof(jitdebug_function),
      .unwind = JITDEBUG_UNWIND_FRAME_POINTER,
      .name = "function",
      .address = (void *)function_address(i),
      .size = FUNCTION_SIZE,
      .file = "file",
      .lines = function_lines,
      .line_count = sizeof function_lines / sizeof *function_lines};
}

/* Counts in shown[i] how many images have function i, of those below count. */
static inline void functions_shown(unsigned char *shown, size_t count) {
  memset(shown, 0, count);
  for (const struct code_entry *entry = list_descriptor(RTLD_DEFAULT)->first;
       entry; entry = entry->next) {
    const struct list_symbols symbols = list_symbols(entry);
    for (size_t n = 1; n < symbols.count; n++) {
      const Elf64_Sym *symbol = &symbols.all[n];
      if (symbol->st_shndx == SHN_UNDEF) continue;
      uint64_t address =
          symbols.sections[symbol->st_shndx].sh_addr + symbol->st_value;
      size_t function = (address - function_address(0)) / FUNCTION_SLOT;
      CHECK(function < count && address == function_address(function) &&
                symbol->st_size == FUNCTION_SIZE,
            "a symbol at %#zx", (size_t)address);
      shown[function]++;
    }
  }
}

#endif
