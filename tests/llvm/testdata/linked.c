/* A JIT in C, linked with the library; and the library's list. */
#include <dlfcn.h>
#include <jitdebug.h>

#include "list.h"
#include "runtime.h"

struct linked {
  struct code code;
  struct emitted emitted;
  jitdebug_registration *registration;
};

static struct code *make(const char *name) {
  struct linked *made = malloc(sizeof *made);
  made->emitted = emit(name);
  made->code.function = made->emitted.function;
  CHECK(jitdebug_register(made->emitted.image, made->emitted.size,
                          JITDEBUG_BORROW, &made->registration) == 0,
        "%s", jitdebug_last_error());
  return &made->code;
}

static void destroy(struct code *code) {
  struct linked *made = (struct linked *)code;
  CHECK(jitdebug_unregister(made->registration) == 0, "%s",
        jitdebug_last_error());
  unemit(&made->emitted);
  free(made);
}

const struct runtime linked_runtime = {make, destroy};

/* Where the program has a descriptor of its own, the library uses the one of
 * the object beside it. */
static struct descriptor *descriptor(void) {
  void *beside = dlopen("libjitdebug-local.so.1", RTLD_NOW | RTLD_NOLOAD);
  if (beside)
    return *(struct descriptor **)dlsym(beside, "jitdebug_local_pair");
  return list_descriptor(dlopen("libjitdebug.so.1", RTLD_NOW | RTLD_NOLOAD));
}

long list_count(void) {
  long count = 0;
  for (struct code_entry *entry = descriptor()->first; entry;
       entry = entry->next)
    CHECK(++count < 1000000, "the list has no end");
  return count;
}
