/* host [-c] OBJECT...: loads the objects and registers them, then calls the
 * function of each. With -c the library is told about their code alone. */
#include <jitdebug.h>
#include <string.h>

#include "check.h"
#include "loader.h"

__attribute__((noinline)) void all_registered(void) { __asm__ volatile(""); }

__attribute__((noinline)) static int call(void *entry) {
  int result = ((int (*)(int))entry)(4);
  __asm__ volatile("" : : "r"(entry)); /* for values at the entry */
  return result;
}

int main(int argc, char **argv) {
  enum telling telling = ALL_BY_INDEX;
  int first = 1;
  if (argc > 1 && !strcmp(argv[1], "-c")) {
    telling = CODE_BY_NAME;
    first++;
  }
  jitdebug_registration **registrations =
      calloc((size_t)argc, sizeof *registrations);
  void **entries = calloc((size_t)argc, sizeof *entries);
  for (int i = first; i < argc; i++) {
    struct loaded l = load_object(argv[i], telling);
    int32_t status = jitdebug_register_object(l.object, l.size, l.sections,
                                              l.count, 0, &registrations[i]);
    CHECK(status == JITDEBUG_OK, "%s: %s", argv[i], jitdebug_last_error());
    entries[i] = l.entry;
    memset(l.object, 0xee, l.size);
    free(l.object);
    free(l.sections);
  }
  all_registered();
  for (int i = first; i < argc; i++)
    CHECK(call(entries[i]) == 30, "%s", argv[i]);
  for (int i = first; i < argc; i++)
    CHECK(jitdebug_unregister(registrations[i]) == JITDEBUG_OK, "%s",
          jitdebug_last_error());
  puts("done");
  return 0;
}
