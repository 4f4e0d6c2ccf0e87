#define _GNU_SOURCE
#include "guest.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

extern const char __ehdr_start[] __attribute__((visibility("hidden")));
extern const char _end[] __attribute__((visibility("hidden")));

/* In a Go test this is the program itself, and nobody's guest. */
static int is_program(void) {
  uintptr_t headers = getauxval(AT_PHDR);
  return headers >= (uintptr_t)__ehdr_start && headers < (uintptr_t)_end;
}

/* Go installs its signal handlers through this (linked with --wrap=sigaction),
 * and must believe that it did: the dispositions are the host's. */
int __real_sigaction(int signal, const struct sigaction *set,
                     struct sigaction *get);
int __wrap_sigaction(int signal, const struct sigaction *set,
                     struct sigaction *get) {
  if (is_program()) return __real_sigaction(signal, set, get);
  if (get) memset(get, 0, sizeof *get);
  return 0;
}

/*
 * The Go runtime starts on a thread of its own, which one of this library's
 * constructors makes. With every signal blocked meanwhile, that thread and
 * those that it makes inherit the block: a signal that is sent to the process
 * is the host's, and must not end there.
 */
static sigset_t mask_before;

__attribute__((constructor(101))) static void block_signals(void) {
  sigset_t all;
  if (is_program()) return;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &mask_before);
}

static pthread_mutex_t start_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t start = PTHREAD_COND_INITIALIZER;
static int started;

void guest_started(void) {
  pthread_mutex_lock(&start_lock);
  started = 1;
  pthread_cond_broadcast(&start);
  pthread_mutex_unlock(&start_lock);
}

/* Without a priority a constructor runs in link order, and the Go object, with
 * the runtime's own constructor, is linked first. */
__attribute__((constructor)) static void wait_for_go(void) {
  if (is_program()) return;
  pthread_sigmask(SIG_SETMASK, &mask_before, NULL);
  pthread_mutex_lock(&start_lock);
  while (!started) pthread_cond_wait(&start, &start_lock);
  pthread_mutex_unlock(&start_lock);
}

/*
 * A thread's end. Go notes each thread that has entered it under a key of
 * thread-specific data, whose destructor enters Go once more. In a forked child
 * that would be the dead Go, so the note is taken away there. The key's number
 * is Go's secret: it is the one that the first entry of all sets.
 */
static pthread_key_t go_key;
static int go_key_known;

static void forget_thread(void) {
  if (go_key_known) pthread_setspecific(go_key, NULL);
}

__attribute__((constructor)) static void watch_forks(void) {
  pthread_atfork(NULL, NULL, forget_thread);
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

int guest_first_entry(int (*call)(void *), void *argument) {
  char keys[KEYS];
  sigset_t all, mask;
  stack_t alternate;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &mask);
  int known = sigaltstack(NULL, &alternate) == 0;
  if (!go_key_known) list_keys(keys);
  int result = call(argument);
  if (!go_key_known) find_go_key(keys);
  if (known && (alternate.ss_flags & SS_DISABLE)) sigaltstack(&alternate, NULL);
  pthread_sigmask(SIG_SETMASK, &mask, NULL);
  return result;
}

/* cgo asks for a thread's stack and does not look whether the answer failed, as
 * it can where memory is out (linked with --wrap=pthread_getattr_np): an empty
 * answer makes Go estimate. */
int __real_pthread_getattr_np(pthread_t thread, pthread_attr_t *attributes);
int __wrap_pthread_getattr_np(pthread_t thread, pthread_attr_t *attributes) {
  int status = __real_pthread_getattr_np(thread, attributes);
  if (status != 0) pthread_attr_init(attributes);
  return status;
}

void *__real_malloc(size_t size) __attribute__((weak));

void *guest_try_malloc(size_t size) {
  return __real_malloc ? __real_malloc(size) : malloc(size);
}

/* Under ThreadSanitizer a block may be freed by another thread than the one
 * that asked for it: it cannot see the lock that passes the block on, which is
 * Go's. Go's own race detector has functions of these names, which are not for
 * C. */
extern void __tsan_release(void *) __attribute__((weak));
extern void __tsan_acquire(void *) __attribute__((weak));
static char passed_on;

static void pass_on(void (*how)(void *)) {
#ifndef GO_RACE
  if (how) how(&passed_on);
#endif
}

int guest_malloc(void **first, size_t first_size, void **second,
                 size_t second_size) {
  if (!*first && first_size) *first = guest_try_malloc(first_size);
  if (!*second && second_size) *second = guest_try_malloc(second_size);
  pass_on(__tsan_release);
  return (*first || !first_size) && (*second || !second_size);
}

void guest_free_chain(uintptr_t first) {
  pass_on(__tsan_acquire);
  for (void **block = (void **)first; block;) {
    void **next = *block;
    free(block);
    block = next;
  }
}

static int room_for(size_t size) {
  long probe = syscall(SYS_mmap, NULL, size, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (probe == -1) return 0;
  syscall(SYS_munmap, probe, size);
  return 1;
}

int guest_headroom(size_t bytes) {
  const size_t growth = (size_t)80 << 20;
  return bytes <= SIZE_MAX - growth && room_for(growth + bytes);
}

static void *wait_at(void *barrier) {
  pthread_mutex_lock(barrier);
  pthread_mutex_unlock(barrier);
  return NULL;
}

/* A new runtime reserves most of a gigabyte, and has five threads. */
int guest_can_start(void) {
  enum { THREADS = 5 };
  pthread_mutex_t barrier = PTHREAD_MUTEX_INITIALIZER;
  pthread_t threads[THREADS];
  sigset_t all, mask;
  int count = 0;
  if (!room_for((size_t)1 << 30)) return 0;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &mask);
  pthread_mutex_lock(&barrier);
  while (count < THREADS &&
         pthread_create(&threads[count], NULL, wait_at, &barrier) == 0)
    count++;
  pthread_mutex_unlock(&barrier);
  for (int i = 0; i < count; i++) pthread_join(threads[i], NULL);
  pthread_sigmask(SIG_SETMASK, &mask, NULL);
  return count == THREADS;
}

/* The Go runtime ends the process when its mmap fails. So it goes straight to
 * the kernel (linked with --wrap=mmap): a host that puts an mmap of its own in
 * front, to count or to limit, must not be able to make it fail. */
void *__wrap_mmap(void *address, size_t length, int protection, int flags,
                  int fd, off_t offset) {
  void *memory =
      (void *)syscall(SYS_mmap, address, length, protection, flags, fd, offset);
  /* gdb's gcore would write out what is only reserved, a gigabyte of it; what
   * is mapped over it later is not marked. */
  if (memory != MAP_FAILED && protection == PROT_NONE) {
    int saved = errno;
    madvise(memory, length, MADV_DONTDUMP);
    errno = saved;
  }
  return memory;
}
