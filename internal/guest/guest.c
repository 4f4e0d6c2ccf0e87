#define _GNU_SOURCE
#include "guest.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * Loading. The Go runtime starts in one of this library's constructors, on a
 * thread of its own, and takes signals for itself. The constructor below that
 * runs first remembers what the host had; the one that runs last waits for the
 * runtime and gives everything back, so that dlopen() returns to a host that
 * finds its signals as they were.
 *
 * The system call is used directly: glibc's sigaction() hides two signals of
 * its own, which Go changes too.
 */
enum { SIGNALS = 64 };

struct disposition {
  void (*handler)(int);
  unsigned long flags;
  void (*restorer)(void);
  uint64_t mask;
};

extern const char __ehdr_start[] __attribute__((visibility("hidden")));
extern const char _end[] __attribute__((visibility("hidden")));

static int ours(uintptr_t address) {
  return address >= (uintptr_t)__ehdr_start && address < (uintptr_t)_end;
}

/* In a Go test this is the program itself, and Go starts after its
 * constructors. */
static int is_program(void) { return ours(getauxval(AT_PHDR)); }

static struct disposition before[SIGNALS + 1];
static sigset_t mask_before;

static long disposition(int signal, const struct disposition *set,
                        struct disposition *get) {
  return syscall(SYS_rt_sigaction, signal, set, get, sizeof(uint64_t));
}

/* With every signal blocked here, the runtime's threads inherit the block: a
 * signal sent to the process is the host's, and must not run on them. */
__attribute__((constructor(101))) static void remember(void) {
  sigset_t all;
  if (is_program()) return;
  for (int signal = 1; signal <= SIGNALS; signal++)
    disposition(signal, NULL, &before[signal]);
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

/* A handler that another thread of the host sets meanwhile is the host's. */
static int set_by_go(const struct disposition *now,
                     const struct disposition *then) {
  return ours((uintptr_t)now->handler) ||
         (now->handler == then->handler && now->flags != then->flags);
}

/* Without a priority a constructor runs in link order, and the Go object, with
 * the runtime's own constructor, is linked first. */
__attribute__((constructor)) static void give_back(void) {
  if (is_program()) return;
  pthread_mutex_lock(&start_lock);
  while (!started) pthread_cond_wait(&start, &start_lock);
  pthread_mutex_unlock(&start_lock);
  for (int signal = 1; signal <= SIGNALS; signal++) {
    struct disposition now;
    if (disposition(signal, NULL, &now) == 0 &&
        set_by_go(&now, &before[signal]))
      disposition(signal, &before[signal], NULL);
  }
  pthread_sigmask(SIG_SETMASK, &mask_before, NULL);
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

int guest_malloc(void **first, size_t first_size, void **second,
                 size_t second_size) {
  if (!*first && first_size) *first = malloc(first_size);
  if (!*second && second_size) *second = malloc(second_size);
  return (*first || !first_size) && (*second || !second_size);
}

int guest_headroom(void) {
  enum { SIZE = 80 << 20 };
  long probe = syscall(SYS_mmap, NULL, SIZE, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (probe == -1) return 0;
  syscall(SYS_munmap, probe, SIZE);
  return 1;
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
