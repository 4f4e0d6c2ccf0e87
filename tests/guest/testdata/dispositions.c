/*
 * Compares what sigaction says of every signal before and after the library is
 * loaded, by the loader (LINKED) or by dlopen, and after calls. The system call
 * is used directly: it tells all, of all signals.
 *
 * usage: dispositions KIND   (what the host has set before the load)
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "library.h"

enum { SIGNALS = 64 };

struct disposition {
  void (*handler)(int);
  unsigned long flags;
  void (*restorer)(void);
  uint64_t mask;
};

static struct disposition before[SIGNALS + 1];

static long disposition(int signal, const struct disposition *set,
                        struct disposition *get) {
  return syscall(SYS_rt_sigaction, signal, set, get, sizeof(uint64_t));
}

static void handler(int signal) { (void)signal; }

static void restorer(void) {}

/* Two more are the C library's own. */
static int settable(int signal) {
  return signal != SIGKILL && signal != SIGSTOP && signal != 32 && signal != 33;
}

static void *nothing(void *unused) { return unused; }

/* The C library takes a signal for itself when the first thread is made, which
 * is not to be taken for the library's doing. */
static void make_thread(void) {
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, nothing, NULL) == 0, "no thread");
  pthread_join(thread, NULL);
}

static void set_up(const char *kind) {
  make_thread();
  for (int signal = 1; signal <= SIGNALS; signal++) {
    struct disposition set = {.flags = 0x04000000 /* SA_RESTORER */,
                              .restorer = restorer};
    if (!settable(signal) || strcmp(kind, "none") == 0) continue;
    if (strcmp(kind, "ignored") == 0) {
      set.handler = SIG_IGN;
    } else {
      set.handler = handler;
      set.mask = UINT64_C(1) << (signal % 30);
      if (strcmp(kind, "onstack") == 0)
        set.flags |= SA_ONSTACK | SA_SIGINFO | SA_RESTART;
    }
    CHECK(disposition(signal, &set, NULL) == 0, "signal %d: %s", signal,
          strerror(errno));
  }
}

static void remember(void) {
  for (int signal = 1; signal <= SIGNALS; signal++)
    CHECK(disposition(signal, NULL, &before[signal]) == 0, "signal %d", signal);
}

static void compare(const char *when) {
  for (int signal = 1; signal <= SIGNALS; signal++) {
    struct disposition now;
    struct disposition *was = &before[signal];
    CHECK(disposition(signal, NULL, &now) == 0, "signal %d", signal);
    CHECK(
        now.handler == was->handler && now.flags == was->flags &&
            now.restorer == was->restorer && now.mask == was->mask,
        "%s: signal %d: handler %p, flags %#lx, mask %#lx; was %p, %#lx, %#lx",
        when, signal, (void *)now.handler, now.flags, (long)now.mask,
        (void *)was->handler, was->flags, (long)was->mask);
  }
}

#ifdef LINKED
/* The loader calls this before any library's constructors. */
static void before_libraries(int argc, char **argv, char **environment) {
  (void)environment;
  set_up(argc > 1 ? argv[1] : "none");
  remember();
}

__attribute__((section(".preinit_array"),
               used)) static void (*const preinit)(int, char **,
                                                   char **) = before_libraries;

__attribute__((constructor)) static void after_libraries(void) {
  compare("in the program's constructor");
}
#endif

int main(int argc, char **argv) {
  CHECK(argc > 1, "usage: dispositions KIND");
  (void)argv;
#ifndef LINKED
  set_up(argv[1]);
  remember();
#endif
  library_load();
  compare("after the load");
  library_exercise();
  compare("after calls");
  return 0;
}
