/* The host's allocators, as definitions that stand before libc's for the
 * library too (link with -rdynamic). A thread can make them fail for itself. */
#ifndef FAILING_H
#define FAILING_H

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* While armed, the allocation of this number fails, and with all those after
 * it. Numbers begin at 1. */
static __thread struct {
  int armed, all;
  unsigned long at, count, failed;
} failing;

static inline void fail_from(unsigned long at, int all) {
  failing.at = at;
  failing.all = all;
  failing.count = failing.failed = 0;
  failing.armed = 1;
}

/* Returns how many allocations failed. */
static inline unsigned long fail_no_more(void) {
  failing.armed = 0;
  return failing.failed;
}

static int fails_now(void) {
  if (!failing.armed) return 0;
  failing.count++;
  if (failing.count != failing.at &&
      !(failing.all && failing.count > failing.at))
    return 0;
  failing.failed++;
  errno = ENOMEM;
  return 1;
}

/* What this thread allocated and nobody freed, or the other way round. */
static __thread long outstanding;

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *block, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *block);

static __thread void *newest;

static void *counted(void *block) {
  outstanding += block != NULL;
  newest = block;
  return block;
}

void *malloc(size_t size) {
  return fails_now() ? NULL : counted(__libc_malloc(size));
}

void *calloc(size_t count, size_t size) {
  return fails_now() ? NULL : counted(__libc_calloc(count, size));
}

void *realloc(void *block, size_t size) {
  if (fails_now()) return NULL;
  void *moved = __libc_realloc(block, size);
  outstanding += !block && moved;
  return moved;
}

void *aligned_alloc(size_t alignment, size_t size) {
  return fails_now() ? NULL : counted(__libc_memalign(alignment, size));
}

int posix_memalign(void **block, size_t alignment, size_t size) {
  if (fails_now()) return ENOMEM;
  *block = counted(__libc_memalign(alignment, size));
  return *block ? 0 : ENOMEM;
}

void free(void *block) {
  outstanding -= block != NULL;
  __libc_free(block);
}

/* Go starts a thread when it sees fit, in whichever thread is in it: not this
 * one's are the block that is handed over, which the new thread frees, and what
 * the C library keeps for it. */
int pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                   void *(*start)(void *), void *argument) {
  static int (*_Atomic real)(pthread_t *, const pthread_attr_t *,
                             void *(*)(void *), void *);
  const long before = outstanding - (argument && argument == newest);
  if (!real) *(void **)&real = dlsym(RTLD_NEXT, "pthread_create");
  const int status = real(thread, attributes, start, argument);
  if (status == 0) outstanding = before;
  return status;
}

void *mmap(void *address, size_t length, int protection, int flags, int fd,
           off_t offset) {
  if (fails_now()) return MAP_FAILED;
  return (void *)syscall(SYS_mmap, address, length, protection, flags, fd,
                         offset);
}

#endif
