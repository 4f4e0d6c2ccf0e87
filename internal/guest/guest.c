/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* What Go's runtime calls of the C library, and does not get. */
#define _GNU_SOURCE
#include "guest.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "own.h"

/* Go installs its signal handlers through this (linked with --wrap=sigaction),
 * and must believe that it did: the dispositions are the host's. */
int __real_sigaction(int signal, const struct sigaction *set,
                     struct sigaction *get);
int __wrap_sigaction(int signal, const struct sigaction *set,
                     struct sigaction *get) {
  if (own_program()) return __real_sigaction(signal, set, get);
  if (get) memset(get, 0, sizeof *get);
  return 0;
}

/* What Go's C code allocates and frees (linked with --wrap). go-pointer's
 * pointers are malloc(1), and served from memory that is there already: cgo
 * ends the process where malloc fails. This library's own C code asks
 * guest_try_malloc. */
static __attribute__((tls_model("initial-exec"))) __thread void *offered;

void *__real_malloc(size_t size) __attribute__((weak));
void __real_free(void *memory) __attribute__((weak));

/* The C library's allocator ends the process where a thread has to wait for
 * another, and a sandbox forbids it. This library's threads come one at a time
 * there. */
static struct guest_lock allocator;

static int enter_allocator(void) {
  int alone = own_waiting_is_forbidden();
  if (alone) guest_lock(&allocator);
  return alone;
}

static void leave_allocator(int alone) {
  if (alone) guest_unlock(&allocator);
}

void own_leave_allocator(void) { allocator = (struct guest_lock){0}; }

void guest_offer(void *memory) { offered = memory; }

void *__wrap_malloc(size_t size) {
  void *memory = offered;
  if (size == 1 && memory) {
    offered = NULL;
    return memory;
  }
  memory = own_thread_malloc(size);
  return memory ? memory : guest_try_malloc(size);
}

void __wrap_free(void *memory) {
  if (own_thread_free(memory)) return;
  int alone = enter_allocator();
  __real_free(memory);
  leave_allocator(alone);
}

void *guest_try_malloc(size_t size) {
  int alone = enter_allocator();
  void *memory = __real_malloc ? __real_malloc(size) : malloc(size);
  leave_allocator(alone);
  return memory;
}

void *guest_try_aligned(size_t alignment, size_t size) {
  int alone = enter_allocator();
  void *memory = aligned_alloc(alignment, size);
  leave_allocator(alone);
  return memory;
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
