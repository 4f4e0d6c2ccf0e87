/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#define _GNU_SOURCE
#include "copies.h"

#include <dlfcn.h>

#define SONAME "libjitdebug.so.1"

uintptr_t copies_base(const void *address) {
  Dl_info object;
  return dladdr(address, &object) ? (uintptr_t)object.dli_fbase : 0;
}

void copies_functions(struct copy *copy, void *handle) {
#define X(name) copy->name = (__typeof__(copy->name))dlsym(handle, #name);
  COPIES_FUNCTIONS(X)
#undef X
}

const struct copy *copies_first(void) {
  static struct copy first;
  /* Answered in the order of loading, whatever path a copy came from. */
  void *handle = dlopen(SONAME, RTLD_NOW | RTLD_NOLOAD);
  if (!handle) return NULL;
  struct copy found;
  copies_functions(&found, handle);
  if (!found.jitdebug_version ||
      copies_base((void *)found.jitdebug_version) == copies_base(&first))
    return NULL;
  first = found;
  return &first;
}
