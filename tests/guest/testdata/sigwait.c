/*
 * A signal to the process that every thread of the host blocks, and one waits
 * for, is never taken by a thread of the library's.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "library.h"

enum { TIMES = 1000, THREADS = 2 };

static volatile int finish;

static void *work(void *unused) {
  while (!finish) {
    library_pair();
    library_failure();
  }
  return unused;
}

static void send_and_wait(int signal) {
  sigset_t set;
  struct timespec limit = {10, 0};
  sigemptyset(&set);
  sigaddset(&set, signal);
  for (int i = 0; i < TIMES; i++) {
    CHECK(kill(getpid(), signal) == 0, "kill");
    CHECK(sigtimedwait(&set, NULL, &limit) == signal,
          "%s: number %d of %d was not received", strsignal(signal), i + 1,
          TIMES);
  }
}

int main(void) {
  /* Not those that come of a thread's own fault: nobody waits for them. */
  const int signals[] = {SIGUSR1, SIGTERM,  SIGALRM,     SIGINT,
                         SIGHUP,  SIGCHLD,  SIGPIPE,     SIGURG,
                         SIGPROF, SIGRTMIN, SIGRTMIN + 1};
  sigset_t all;
  pthread_t threads[THREADS];
#ifndef LINKED
  library_load(); /* its threads do not learn of the block */
#endif
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, NULL);
  library_load();
  for (int i = 0; i < THREADS; i++)
    CHECK(pthread_create(&threads[i], NULL, work, NULL) == 0, "no thread");
  for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
    send_and_wait(signals[i]);
  finish = 1;
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  return 0;
}
