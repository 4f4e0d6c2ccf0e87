#define _GNU_SOURCE
#include "descriptor.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
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

struct gdbjit_choice gdbjit_choice(void) {
  return (struct gdbjit_choice){gdbjit_pair, gdbjit_notice};
}

void gdbjit_inherit(const struct gdbjit_choice *choice) {
  gdbjit_pair = choice->pair;
  gdbjit_notice = choice->notice;
}

/* The object lies beside the library, which need not be where the loader looks;
 * and the library is where its descriptor is, in a forked child too. */
static const struct gdbjit_pair *local_pair(void) {
  static const char name[] = "libjitdebug-local.so.1";
  Dl_info library;
  char path[PATH_MAX];
  if (!dladdr(gdbjit_pair.descriptor, &library)) return NULL;
  const char *slash = strrchr(library.dli_fname, '/');
  int directory = slash ? (int)(slash + 1 - library.dli_fname) : 0;
  int length =
      snprintf(path, sizeof path, "%.*s%s", directory, library.dli_fname, name);
  if (length < 0 || length >= (int)sizeof path) return NULL;
  void *object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  return object ? dlsym(object, "jitdebug_local_pair") : NULL;
}

void gdbjit_choose(int program_has_one) {
  /* RTLD_DEFAULT would find this library's own first: it is bound -Bsymbolic.
   */
  void *program = dlopen(NULL, RTLD_NOW);
  const void *found = dlsym(program, "__jit_debug_descriptor");
  const struct gdbjit_pair *local = program_has_one ? local_pair() : NULL;
  if (local) gdbjit_pair = *local;
  if (local)
    gdbjit_notice =
        "the program has a __jit_debug_descriptor of its own: gdb reads that "
        "and the library's (gdb 15 excepted), lldb only the program's";
  else if (program_has_one)
    gdbjit_notice =
        "the program has a __jit_debug_descriptor of its own, and "
        "libjitdebug-local.so.1 is not beside libjitdebug.so.1: gdb and lldb "
        "read only the program's";
  else if (found && found != gdbjit_pair.descriptor)
    gdbjit_notice =
        "a library that was loaded before this one has a "
        "__jit_debug_descriptor of its own: gdb reads both, lldb only that";
  else
    gdbjit_notice = "";
}
