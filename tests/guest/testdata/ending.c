/*
 * The process ends as it would without the library.
 *
 * usage: ending HOW
 *   last   the main thread leaves, and then a thread that called the library
 *   later  and one that was started by that
 *   term   SIGTERM while the main thread waits
 *   left   SIGTERM after it has left
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "library.h"

static pthread_t main_thread;

static void *use(void *unused) {
  library_exercise();
  usleep(20000);
  return unused;
}

static void *use_after(void *unused) {
  pthread_t next;
  pthread_join(main_thread, NULL);
  library_exercise();
  CHECK(pthread_create(&next, NULL, use, NULL) == 0, "pthread_create");
  return unused;
}

static void *end_all(void *unused) {
  pthread_join(main_thread, NULL);
  kill(getpid(), SIGTERM);
  for (;;) pause();
  return unused;
}

int main(int argc, char **argv) {
  CHECK(argc == 2, "usage: ending HOW");
  const char *how = argv[1];
  pthread_t other;
  main_thread = pthread_self();
  library_load();
  library_exercise();
  if (strcmp(how, "term") == 0) {
    kill(getpid(), SIGTERM);
    for (;;) pause();
  }
  void *(*run)(void *) = strcmp(how, "left") == 0    ? end_all
                         : strcmp(how, "later") == 0 ? use_after
                                                     : use;
  CHECK(pthread_create(&other, NULL, run, NULL) == 0, "pthread_create");
  pthread_exit(NULL);
}
