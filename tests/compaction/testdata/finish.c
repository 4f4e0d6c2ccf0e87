/* finish NAME...: a function of each name, which a generated one calls, calls
 * work: there another thread has its image merged, and then written anew. */
#define _GNU_SOURCE
#include <pthread.h>

#include "generate.h"

static void *change(void *nothing) {
  jitdebug_registration *neighbour = generate_others();
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
    caller(called);
  }
  return 0;
}
