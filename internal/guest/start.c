/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* How a thread gets into Go. */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guest.h"
#include "own.h"

#define PER_THREAD static __attribute__((tls_model("initial-exec"))) __thread

/* Held by the thread that is in Go, and by the one that starts it. */
static struct guest_lock in_go;

static _Atomic int begun; /* to start, or started */
static int running;
static int child; /* of a process that had loaded the library */

int guest_begun(void) { return begun; }

static int32_t refuse(const struct guest_call *call, int32_t status,
                      const char *text, ...) {
  va_list arguments;
  va_start(arguments, text);
  vsnprintf(call->text, call->text_size, text, arguments);
  va_end(arguments);
  return status;
}

static int32_t cannot_start(const struct guest_call *call, const char *what,
                            int error) {
  int32_t status = error == EAGAIN || error == ENOMEM ? JITDEBUG_E_MEMORY
                                                      : JITDEBUG_E_UNSUPPORTED;
  return refuse(call, child ? JITDEBUG_E_FORKED : status,
                "Go, in which the library is written, cannot start in this "
                "process: %s: %s",
                what, strerror(error));
}

static _Atomic uint32_t up;

void guest_started(void) {
  up = 1;
  own_wake(&up);
}

#if defined(__x86_64__)
#define START _rt0_amd64_linux_lib
#elif defined(__aarch64__)
#define START _rt0_arm64_linux_lib
#endif

/* Go's own start, in its runtime: see lib/go.edits. A Go program has none. */
void START(int argc, void **argv) __attribute__((weak));

/* What Go is told of the process is what it needs: none of its arguments and of
 * its environment, and not its random bytes, which Go would overwrite. */
static void start(void) {
  static unsigned char random[16];
  static const char one[] = "GOMAXPROCS=1";
  static void *block[24];
  void **next = block;
  unsigned long known[] = {AT_PAGESZ, AT_SECURE, AT_HWCAP, AT_HWCAP2,
                           AT_SYSINFO_EHDR};
  *next++ = NULL; /* no arguments */
  *next++ = (void *)one;
  *next++ = NULL;
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    *next++ = (void *)known[i];
    *next++ = (void *)getauxval(known[i]);
  }
  if (getauxval(AT_RANDOM)) {
    memcpy(random, (void *)getauxval(AT_RANDOM), sizeof random);
    *next++ = (void *)AT_RANDOM;
    *next++ = random;
  }
  *next++ = (void *)OWN_WINDOW;
  *next++ = (void *)own_window();
  *next = (void *)AT_NULL;
  up = 0;
  START(0, block);
  while (!up) own_wait(&up, 0);
}

#ifndef GO_RACE /* Go's race detector has this function too */
extern void __tsan_init(void) __attribute__((weak));
#endif

int guest_forbidden_in_child(void) {
#ifdef GO_RACE
  return 0;
#else
  const char *options = getenv("TSAN_OPTIONS");
  return __tsan_init && !(options && strstr(options, "die_after_fork=0"));
#endif
}

static int32_t start_if_possible(const struct guest_call *call) {
  char *stacks;
  int error;
  if (child && guest_forbidden_in_child())
    return refuse(
        call, JITDEBUG_E_FORKED,
        "Go, in which the library is written, cannot start in this "
        "forked child: ThreadSanitizer ends one that starts a thread");
  sigset_t mask;
  if ((error = own_block_signals(&mask)))
    return cannot_start(call, "signals (rt_sigprocmask)", error);
  pthread_sigmask(SIG_SETMASK, &mask, NULL);
  if ((error = guest_cannot_wait())) /* it would wait for good */
    return cannot_start(call, "waiting (futex)", error);
  if ((error = own_take_memory(own_stacks_size(), &stacks)))
    return cannot_start(call, "no memory (mmap)", error);
  if ((error = own_make_threads(stacks))) {
    own_give_back_memory();
    return cannot_start(
        call, "no memory for threads, or no threads left (pthread_create)",
        error);
  }
  start();
  own_keep(own_wait_for_the_end);
  running = 1;
  return JITDEBUG_OK;
}

/*
 * A thread's end. Go notes each thread that has entered it under a key of
 * thread-specific data, whose destructor enters Go once more. In a forked child
 * that would be the dead Go, so the note is taken away there. The key's number
 * is Go's secret: it is the one that the first entry of all sets.
 */
static pthread_key_t go_key;
static int go_key_known;

static void note_fork(void) {
  child = 1;
  own_leave_allocator();
  if (go_key_known) pthread_setspecific(go_key, NULL);
  /* Go is yet to start, and a thread that was about to is gone. */
  if (!begun) in_go = (struct guest_lock){0};
}

__attribute__((constructor)) static void watch_forks(void) {
  pthread_atfork(NULL, NULL, note_fork);
}

enum { KEYS = PTHREAD_KEYS_MAX };

static void list_keys(char set[KEYS]) {
  for (pthread_key_t key = 0; key < KEYS; key++)
    set[key] = pthread_getspecific(key) != NULL;
}

static void find_go_key(const char before_entry[KEYS]) {
  for (pthread_key_t key = 0; key < KEYS; key++)
    if (!before_entry[key] && pthread_getspecific(key)) {
      go_key = key;
      go_key_known = 1;
    }
}

/* A signal handler of the host's that interrupts Go runs on a goroutine's
 * stack, which begins with a few KiB: the first call makes it large, and until
 * then no signal comes. */
static int32_t first_run(const struct guest_call *call) {
  char keys[KEYS];
  sigset_t mask;
  int error = own_block_signals(&mask);
  if (error)
    return refuse(call, child ? JITDEBUG_E_FORKED : JITDEBUG_E_UNSUPPORTED,
                  "signals cannot be blocked, as a thread's first call must: "
                  "rt_sigprocmask: %s",
                  strerror(error));
  if (!go_key_known) list_keys(keys);
  guest_cannot_wait(); /* the allocator wants to know */
  int32_t status = call->go(call->argument);
  if (!go_key_known) find_go_key(keys);
  pthread_sigmask(SIG_SETMASK, &mask, NULL);
  return status;
}

static int32_t run(const struct guest_call *call) {
  PER_THREAD int entered;
  if (__builtin_expect(!running, 0)) {
    begun = 1;
    int32_t status = start_if_possible(call);
    begun = running;
    if (status != JITDEBUG_OK) return status;
  }
  if (__builtin_expect(!own_memory_suffices(), 0))
    return refuse(call, JITDEBUG_E_MEMORY, "out of memory for Go's heap");
  if (__builtin_expect(entered, 1)) return call->go(call->argument);
  int32_t status = first_run(call);
  entered = 1;
  return status;
}

void guest_leave(void) {
  if (!own_program()) guest_unlock(&in_go);
}

void guest_return(void) {
  if (!own_program()) guest_lock(&in_go);
}

static int32_t run_alone(const struct guest_call *call) {
  if (!call->nowait)
    guest_lock(&in_go);
  else if (!guest_try_lock(&in_go))
    return refuse(call, JITDEBUG_E_BUSY,
                  "JITDEBUG_NOWAIT: another thread is changing the list");
  int32_t status = run(call);
  guest_unlock(&in_go);
  return status;
}

struct blocking {
  const struct guest_call *call;
  int32_t status;
};

static void *run_blocking(void *argument) {
  struct blocking *blocking = argument;
  blocking->status = run_alone(blocking->call);
  return NULL;
}

int32_t guest_run(const struct guest_call *call) {
  struct blocking blocking = {.call = call};
  own_call_blocking(run_blocking, &blocking);
  return blocking.status;
}
