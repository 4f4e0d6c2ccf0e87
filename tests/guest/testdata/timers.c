/*
 * Timer signals at a high rate interrupt the library wherever it is. Their
 * handler has no SA_ONSTACK, so that it runs on the stack in use, and needs
 * much of it: on a goroutine's of a few KiB it would destroy what lies below.
 *
 * usage: timers thread|process|profile KIB
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "library.h"

enum { THREADS = 4, SECONDS = 1, PERIOD_US = 200, MOST_KIB = 64 };

static volatile int finish;
static volatile long handled, strayed;
static __thread int hosts; /* this thread is the host's */
static size_t depth;
static const char *kind;
static pthread_barrier_t ready;

static __attribute__((noinline)) void use_stack(size_t size) {
  char used[size];
  memset(used, 0x55, size);
  __asm__ volatile("" ::"r"(used) : "memory");
}

static void handler(int signal) {
  (void)signal;
  if (!hosts) __atomic_add_fetch(&strayed, 1, __ATOMIC_RELAXED);
  use_stack(depth);
  __atomic_add_fetch(&handled, 1, __ATOMIC_RELAXED);
}

static void aim_at_this_thread(timer_t *timer) {
  struct sigevent event = {.sigev_notify = SIGEV_THREAD_ID,
                           .sigev_signo = SIGALRM};
  event._sigev_un._tid = (int)syscall(SYS_gettid);
  CHECK(timer_create(CLOCK_MONOTONIC, &event, timer) == 0, "timer_create");
  struct itimerspec period = {{0, PERIOD_US * 1000}, {0, PERIOD_US * 1000}};
  CHECK(timer_settime(*timer, 0, &period, NULL) == 0, "timer_settime");
}

static void *work(void *argument) {
  timer_t timer;
  hosts = 1;
  pthread_barrier_wait(&ready);
  int aimed = strcmp(kind, "thread") == 0;
  if (aimed) aim_at_this_thread(&timer);
  for (unsigned i = (uintptr_t)argument; !finish; i++) {
    library_pair();
    if (i % 4 == 0) library_failure();
    if (i % 4 == 1) library_batch();
  }
  if (aimed) timer_delete(timer);
  return NULL;
}

static void set_timer(int which, int microseconds) {
  struct itimerval period = {{0, microseconds}, {0, microseconds}};
  CHECK(setitimer(which, &period, NULL) == 0, "setitimer");
}

int main(int argc, char **argv) {
  CHECK(argc == 3, "usage: timers thread|process|profile KIB");
  kind = argv[1];
  depth = strtoul(argv[2], NULL, 10) << 10;
  CHECK(depth <= MOST_KIB << 10, "too much");
  hosts = 1;
  struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
  CHECK(sigaction(SIGALRM, &action, NULL) == 0, "sigaction");
  CHECK(sigaction(SIGPROF, &action, NULL) == 0, "sigaction");
  library_load();
  pthread_t threads[THREADS];
  pthread_barrier_init(&ready, NULL, THREADS + 1);
  for (uintptr_t i = 0; i < THREADS; i++)
    CHECK(pthread_create(&threads[i], NULL, work, (void *)i) == 0, "no thread");
  pthread_barrier_wait(&ready);
  if (strcmp(kind, "process") == 0) set_timer(ITIMER_REAL, PERIOD_US);
  if (strcmp(kind, "profile") == 0) set_timer(ITIMER_PROF, PERIOD_US);
  struct timespec end;
  clock_gettime(CLOCK_MONOTONIC, &end);
  end.tv_sec += SECONDS;
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &end, NULL) != 0)
    library_pair();
  finish = 1;
  set_timer(ITIMER_REAL, 0);
  set_timer(ITIMER_PROF, 0);
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  CHECK(strayed == 0, "%ld of %ld signals met a thread that is not the host's",
        strayed, handled);
  CHECK(handled > 10, "only %ld signals were handled", handled);
  return 0;
}
