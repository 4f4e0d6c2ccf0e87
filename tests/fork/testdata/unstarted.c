/*
 * Forks, while other threads work, a parent that has loaded the library and not
 * called it: each child starts it by itself, in the copy that it has.
 *
 * usage: unstarted COUNT
 */
#define _GNU_SOURCE
#include <stdatomic.h>

#include "busy.h"
#include "child.h"

static atomic_int stop;

static void *allocate(void *unused) {
  while (!stop) free(malloc(100));
  return unused;
}

static void use_in_child(void) {
  struct image image;
  jitdebug_registration *handle;
  char line[4096];
  image_make(&image, 1);
  child_expects(jitdebug_register(&image, sizeof image, 0, &handle) == 0,
                jitdebug_last_error());
  child_expects(list_length(descriptor, CHILD_LIST_LIMIT) == 1, "the list");
  child_expects(jitdebug_unregister(handle) == 0, jitdebug_last_error());
  FILE *maps = fopen("/proc/self/maps", "r");
  child_expects(maps != NULL, "maps");
  while (fgets(line, sizeof line, maps))
    child_expects(!strstr(line, "memfd:"), "a second copy");
}

int main(int argc, char **argv) {
  enum { THREADS = 3, AT_ONCE = 8 };
  pthread_t threads[THREADS];
  CHECK(argc == 2, "usage: unstarted COUNT");
  int count = atoi(argv[1]);
  descriptor = list_descriptor(RTLD_DEFAULT);
  for (int i = 0; i < THREADS; i++)
    CHECK(pthread_create(&threads[i], NULL, allocate, NULL) == 0, "no thread");
  for (int i = 0; i < count; i += AT_ONCE) {
    pid_t children[AT_ONCE];
    for (int n = 0; n < AT_ONCE; n++) {
      children[n] = fork();
      if (children[n] == 0) {
        use_in_child();
        child_ends(NULL);
      }
    }
    for (int n = 0; n < AT_ONCE; n++) child_was_well(children[n]);
  }
  stop = 1;
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  return 0;
}
