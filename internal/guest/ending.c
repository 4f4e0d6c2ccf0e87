/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* The end of a process whose main thread has left by pthread_exit. The C
 * library ends it with the last thread; Go's would go on. So one of the
 * library's own threads waits for the others, and ends the process behind them.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "own.h"

enum { GONE, NOT_TOLD };

/* Waits for a thread's end, of which that need not know. A lock of this kind
 * has its owner's number as its value, and the kernel gives it to who waits
 * when the owner ends: so this makes a lock that the thread seems to own. */
static int wait_for(pid_t thread) {
  for (;;) {
    _Atomic uint32_t lock = (uint32_t)thread;
    if (syscall(SYS_futex, &lock, FUTEX_LOCK_PI_PRIVATE, 0, NULL) == 0) {
      syscall(SYS_futex, &lock, FUTEX_UNLOCK_PI_PRIVATE, 0, NULL);
      return GONE;
    }
    if (errno == ESRCH) return GONE;
    if (errno != EAGAIN && errno != EINTR) return NOT_TOLD;
    sched_yield();
  }
}

/* Returns a thread of the host's other than the main one, 0 if there is none,
 * or -1. */
static pid_t another(void) {
  DIR *threads = opendir("/proc/self/task");
  struct dirent *entry;
  pid_t found = 0;
  if (!threads) return -1;
  while (!found && (entry = readdir(threads))) {
    pid_t number = atoi(entry->d_name);
    if (number > 0 && number != getpid() && !own_thread(number)) found = number;
  }
  closedir(threads);
  return found;
}

void *own_wait_for_the_end(void *unused) {
  /* Who waits for a lock lends its owner its priority. */
  const struct sched_param none = {0};
  sigset_t mask;
  pid_t thread = getpid();
  if (sched_setscheduler(0, SCHED_OTHER, &none) != 0) return unused;
  do {
    if (wait_for(thread) == NOT_TOLD) return unused;
    thread = another();
  } while (thread > 0);
  if (thread < 0) return unused;
  sigemptyset(&mask);
  pthread_sigmask(SIG_SETMASK, &mask, NULL);
  exit(EXIT_SUCCESS);
}
