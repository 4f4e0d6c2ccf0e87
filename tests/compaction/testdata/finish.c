/* finish NAME...: a function of each name, which a generated one calls, calls
 * work: there another thread adds others, and takes out the next one. */
#define _GNU_SOURCE
#include <pthread.h>

#include "generate.h"

static jitdebug_registration *neighbour;

static void *change(void *nothing) {
  generate_others();
  CHECK(jitdebug_unregister(neighbour) == 0, "%s", jitdebug_last_error());
  return nothing;
}

__attribute__((noinline)) void work(void) {
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, change, NULL) == 0, "no thread");
  CHECK(pthread_join(thread, NULL) == 0, "no end");
}

int main(int argc, char **argv) {
  start();
  for (int i = 1; i < argc; i++) {
    /* Not on the stack, where the library would see them. */
    static void *called[2];
    generated *caller = (void *)(memory + SLOT * count);
    generate("caller");
    called[0] = memory + SLOT * count;
    called[1] = (void *)work;
    generate(argv[i]);
    neighbour = generate("neighbour");
    caller(called);
  }
  return 0;
}
