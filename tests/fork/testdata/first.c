/* Forks while another thread makes the first call of all. */
#define _GNU_SOURCE
#include <pthread.h>

#include "child.h"

static volatile int begin, returned;

static void *call_first(void *unused) {
  static struct image image;
  image_make(&image, 1);
  while (!begin) continue;
  CHECK(jitdebug_register(&image, sizeof image, 0, &live) == 0, "%s",
        jitdebug_last_error());
  returned = 1;
  return unused;
}

/* usage: first [fork] */
int main(int argc, char **argv) {
  int forking = argc > 1 && strcmp(argv[1], "fork") == 0;
  pthread_t thread;
  descriptor = list_descriptor(RTLD_DEFAULT);
  least_entries = 0;
  CHECK(pthread_create(&thread, NULL, call_first, NULL) == 0, "no thread");
  int last;
  do {
    last = returned;
    begin = 1;
    pid_t child = forking ? fork() : raw_clone();
    if (child == 0) {
      if (forking)
        child_goes_on();
      else
        child_calls_everything();
      child_ends(NULL);
    }
    child_was_well(child);
  } while (!last);
  pthread_join(thread, NULL);
  CHECK(list_length(descriptor, 1) == 1, "the parent's list is not right");
  CHECK(jitdebug_unregister(live) == 0, "%s", jitdebug_last_error());
  return 0;
}
