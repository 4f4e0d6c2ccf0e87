/*
 * A forked child that registers, closes every descriptor and opens some of its
 * own: pipes, sockets, a fifo. It prints its number, waits for a debugger that
 * attaches, and for a signal, SIGUSR1; then what it put into them is still
 * there.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "child.h"

enum { PAIRS = 40, KEPT = 4 };

static void register_one(void) {
  static struct image image;
  jitdebug_registration *handle;
  image_make(&image, 1);
  child_expects(jitdebug_register(&image, sizeof image, 0, &handle) == 0,
                jitdebug_last_error());
}

__attribute__((noinline)) static void wait_for_debugger(void) {
  sigset_t awaited;
  int signal;
  sigemptyset(&awaited);
  sigaddset(&awaited, SIGUSR1);
  sigwait(&awaited, &signal);
}

static void child_runs(void) {
  int ends[PAIRS][2], unread;
  char number[32];
  register_one();
  snprintf(number, sizeof number, "%d\n", getpid());
  child_expects(write(1, number, strlen(number)) > 0, "write");
  close_range(0, ~0u, 0);
  for (int i = 0; i < PAIRS; i++) {
    child_expects((i % 2 ? socketpair(AF_UNIX, SOCK_STREAM, 0, ends[i])
                         : pipe(ends[i])) == 0,
                  "a pair");
    child_expects(write(ends[i][1], "kept", KEPT) == KEPT, "write");
  }
  wait_for_debugger();
  for (int i = 0; i < PAIRS; i++)
    child_expects(ioctl(ends[i][0], FIONREAD, &unread) == 0 && unread == KEPT,
                  "what was in a pair is gone");
}

int main(void) {
  sigset_t awaited;
  sigemptyset(&awaited);
  sigaddset(&awaited, SIGUSR1);
  sigprocmask(SIG_BLOCK, &awaited, NULL);
  register_one();
  pid_t child = fork();
  if (child == 0) {
    prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
    alarm(100);
    child_runs();
    _exit(0);
  }
  child_was_well(child);
  return 0;
}
