/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* Go's threads, made before Go starts. The runtime's calls of pthread_create
 * get one of these (linked with --wrap), so that they cannot fail. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guest.h"
#include "own.h"

enum { THREADS = OWN_KEEPER + 1 };
enum { WAITS, RUNS, GOES };

static struct thread {
  _Atomic uint32_t state;
  void *(*run)(void *);
  void *argument;
  char *stack;
  size_t stack_size;
  pthread_t thread;
  _Atomic uint32_t number; /* once it runs */
} threads[THREADS];

static int made, handed_out;

static __attribute__((tls_model("initial-exec"))) __thread struct thread *self;

static void *wait_for_work(void *argument) {
  self = argument;
  self->number = (uint32_t)syscall(SYS_gettid);
  own_wake(&self->number);
  pthread_setname_np(pthread_self(), "libjitdebug");
  while (self->state == WAITS) own_wait(&self->state, WAITS);
  return self->state == RUNS ? self->run(self->argument) : NULL;
}

int own_thread(pid_t number) {
  for (int i = 0; i < THREADS; i++) {
    while (!threads[i].number) own_wait(&threads[i].number, 0);
    if (threads[i].number == (uint32_t)number) return 1;
  }
  return 0;
}

/* The C library takes thread-local storage, the host's too, out of a stack. */
static size_t stack_size(void) {
  static size_t size;
  if (!size) {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    size_t (*least)(const pthread_attr_t *) =
        (size_t (*)(const pthread_attr_t *))dlsym(RTLD_DEFAULT,
                                                  "__pthread_get_minstack");
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size = OWN_STACK + (least ? least(&attributes) : OWN_STACK);
    size = (size + page - 1) & -page;
    pthread_attr_destroy(&attributes);
  }
  return size;
}

size_t own_stacks_size(void) {
  return THREADS * ((size_t)sysconf(_SC_PAGESIZE) + stack_size());
}

int own_block_signals(sigset_t *before) {
  static const int faults[] = {SIGSEGV, SIGBUS,  SIGFPE,
                               SIGILL,  SIGTRAP, SIGSYS};
  sigset_t blocked;
  sigfillset(&blocked);
  for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
    sigdelset(&blocked, faults[i]);
  return pthread_sigmask(SIG_SETMASK, &blocked, before);
}

int __real_pthread_attr_init(pthread_attr_t *attributes);
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*run)(void *), void *argument);

/* They inherit the mask: a signal that is sent to the process is the host's. */
int own_make_threads(char *stacks) {
  const size_t size = stack_size(), guard = (size_t)sysconf(_SC_PAGESIZE);
  sigset_t before;
  int error = 0;
  made = handed_out = 0;
  own_block_signals(&before);
  while (made < THREADS && !error) {
    struct thread *thread = &threads[made];
    pthread_attr_t attributes;
    char *stack = stacks + (size_t)made * (guard + size) + guard;
    mprotect(stack - guard, guard, PROT_NONE);
    *thread = (struct thread){.stack = stack, .stack_size = size};
    __real_pthread_attr_init(&attributes);
    pthread_attr_setstack(&attributes, stack, size);
    error = __real_pthread_create(&thread->thread, &attributes, wait_for_work,
                                  thread);
    pthread_attr_destroy(&attributes);
    if (!error) made++;
  }
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (error) own_send_away();
  return error;
}

static void set(struct thread *thread, uint32_t state) {
  thread->state = state;
  own_wake(&thread->state);
}

void own_send_away(void) {
  for (int i = 0; i < made; i++) set(&threads[i], GOES);
  for (int i = 0; i < made; i++) pthread_join(threads[i].thread, NULL);
  made = 0;
}

static void hand_out(struct thread *thread, void *(*run)(void *),
                     void *argument) {
  thread->run = run;
  thread->argument = argument;
  pthread_detach(thread->thread);
  set(thread, RUNS);
}

void own_keep(void *(*keeper)(void *)) {
  hand_out(&threads[OWN_KEEPER], keeper, NULL);
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*run)(void *), void *argument) {
  if (own_program())
    return __real_pthread_create(thread, attributes, run, argument);
  if (handed_out == OWN_THREADS) return EAGAIN;
  hand_out(&threads[handed_out++], run, argument);
  return 0;
}

/* What Go believes of the stacks of its threads. */
int __wrap_pthread_attr_init(pthread_attr_t *attributes) {
  int error = __real_pthread_attr_init(attributes);
  if (!error && !own_program())
    pthread_attr_setstacksize(attributes, OWN_STACK);
  return error;
}

/* cgo asks for a thread's stack and does not look whether the answer failed, as
 * it can where memory is out: an empty answer makes Go estimate. For a thread
 * of its own the C library would call malloc. */
int __real_pthread_getattr_np(pthread_t thread, pthread_attr_t *attributes);
int __wrap_pthread_getattr_np(pthread_t thread, pthread_attr_t *attributes) {
  if (self) {
    __real_pthread_attr_init(attributes);
    return pthread_attr_setstack(attributes, self->stack, self->stack_size);
  }
  int status = __real_pthread_getattr_np(thread, attributes);
  if (status != 0) __real_pthread_attr_init(attributes);
  return status;
}

/* A thread's first malloc takes an arena of the C library's, 64 MiB of
 * addresses, and so does its first free. Go's threads need a few bytes, as they
 * start. */
static char bytes[256];
static _Atomic size_t bytes_used;

void *own_thread_malloc(size_t size) {
  const size_t aligned = (size + 15) & ~(size_t)15;
  if (!self || aligned > sizeof bytes) return NULL;
  size_t at = atomic_fetch_add(&bytes_used, aligned);
  return at + aligned <= sizeof bytes ? bytes + at : NULL;
}

int own_thread_free(void *memory) {
  return (char *)memory >= bytes && (char *)memory < bytes + sizeof bytes;
}
