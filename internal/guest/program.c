/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* Whether this code is the program, or a guest in one. */
#include <sys/auxv.h>

#include "own.h"

extern const char __ehdr_start[] __attribute__((visibility("hidden")));
extern const char _end[] __attribute__((visibility("hidden")));

/* Where the program's headers are, as the kernel says, is in this file or in
 * another. */
int own_program(void) {
  static _Atomic int known; /* 1: it is not, 2: it is */
  if (!known) {
    uintptr_t headers = getauxval(AT_PHDR);
    known =
        headers >= (uintptr_t)__ehdr_start && headers < (uintptr_t)_end ? 2 : 1;
  }
  return known == 2;
}
