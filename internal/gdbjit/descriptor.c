/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#define _GNU_SOURCE
#include "descriptor.h"

#include <dlfcn.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>

struct jit_descriptor __jit_debug_descriptor = {1, 0, 0, 0};

/* A debugger's breakpoint: called for the address alone, so it must stay a
 * function of its own that the compiler neither inlines nor drops. */
__attribute__((noinline, used)) void __jit_debug_register_code(void) {
  __asm__ volatile("" ::: "memory");
}

struct gdbjit_pair gdbjit_pair = {&__jit_debug_descriptor,
                                  __jit_debug_register_code};

const char *gdbjit_notice;

const char *gdbjit_local;

struct gdbjit_choice gdbjit_choice(void) {
  return (struct gdbjit_choice){gdbjit_pair, gdbjit_notice, gdbjit_local};
}

void gdbjit_inherit(const struct gdbjit_choice *choice) {
  gdbjit_pair = choice->pair;
  gdbjit_notice = choice->notice;
  gdbjit_local = choice->local;
}

/* Now: the path can be relative, and the working directory change. */
__attribute__((constructor)) static void find_local(void) {
  static const char name[] = "libjitdebug-local.so.1";
  Dl_info library;
  char *path = dladdr(&__jit_debug_descriptor, &library)
                   ? realpath(library.dli_fname, NULL)
                   : NULL;
  char *slash = path ? strrchr(path, '/') : NULL;
  size_t directory = slash ? (size_t)(slash + 1 - path) : 0;
  char *local = directory ? malloc(directory + sizeof name) : NULL;
  if (local) memcpy(mempcpy(local, path, directory), name, sizeof name);
  free(path);
  gdbjit_local = local;
}

static const struct gdbjit_pair *local_pair(void) {
  void *object =
      gdbjit_local ? dlopen(gdbjit_local, RTLD_NOW | RTLD_LOCAL) : NULL;
  return object ? dlsym(object, "jitdebug_local_pair") : NULL;
}

static int in_namespace(void) {
  Dl_info library;
  struct link_map *map;
  Lmid_t space;
  return dladdr1(&gdbjit_pair, &library, (void **)&map, RTLD_DL_LINKMAP) &&
         dlinfo(map, RTLD_DI_LMID, &space) == 0 && space != LM_ID_BASE;
}

void gdbjit_choose(int program_has_one, int local_has_symbols) {
  /* RTLD_DEFAULT would find this library's own first: it is bound -Bsymbolic.
   */
  void *program = dlopen(NULL, RTLD_NOW);
  const void *found = dlsym(program, "__jit_debug_descriptor");
  const struct gdbjit_pair *local =
      program_has_one && local_has_symbols ? local_pair() : NULL;
  if (local) gdbjit_pair = *local;
  if (local)
    gdbjit_notice =
        "the program has a __jit_debug_descriptor of its own: gdb reads that "
        "and the library's (gdb 15 excepted), lldb only the program's";
  else if (program_has_one)
    gdbjit_notice =
        "the program has a __jit_debug_descriptor of its own, and "
        "libjitdebug-local.so.1 is not beside libjitdebug.so.1, or stripped of "
        "its symbols: gdb and lldb read only the program's";
  else if (in_namespace())
    gdbjit_notice =
        "the library is in a namespace of its own (dlmopen): it shares no list "
        "with copies outside, and debuggers may not look there";
  else if (found && found != gdbjit_pair.descriptor)
    gdbjit_notice =
        "a library that was loaded before this one has a "
        "__jit_debug_descriptor of its own: gdb reads both, lldb only that";
  else
    gdbjit_notice = "";
}
