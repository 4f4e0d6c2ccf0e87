/* A JIT in a plugin, which brings its own copy of the library. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <jitdebug.h>
#include <string.h>

#include "check.h"
#include "runtime.h"

static __typeof__(jitdebug_register) *do_register;
static __typeof__(jitdebug_unregister) *do_unregister;
static __typeof__(jitdebug_last_error) *last_error;

void plugin_load(const char *library) {
  void *copy = dlopen(library, RTLD_NOW | RTLD_LOCAL);
  CHECK(copy, "%s", dlerror());
  do_register = (__typeof__(do_register))dlsym(copy, "jitdebug_register");
  do_unregister = (__typeof__(do_unregister))dlsym(copy, "jitdebug_unregister");
  last_error = (__typeof__(last_error))dlsym(copy, "jitdebug_last_error");
  Dl_info where;
  CHECK(dladdr((void *)do_register, &where) &&
            strcmp(where.dli_fname, library) == 0,
        "%s is not a copy of its own", library);
}

struct plugin {
  struct code code;
  struct emitted emitted;
  jitdebug_registration *registration;
};

static struct code *make(const char *name) {
  struct plugin *made = malloc(sizeof *made);
  made->emitted = emit(name);
  made->code.function = made->emitted.function;
  CHECK(do_register(made->emitted.image, made->emitted.size, 0,
                    &made->registration) == 0,
        "%s", last_error());
  return &made->code;
}

static void destroy(struct code *code) {
  struct plugin *made = (struct plugin *)code;
  CHECK(do_unregister(made->registration) == 0, "%s", last_error());
  unemit(&made->emitted);
  free(made);
}

const struct runtime plugin_runtime = {make, destroy};
