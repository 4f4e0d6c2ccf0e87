/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* Waiting. The C library's locks end the process where a sandbox forbids the
 * system call to wait: these give the processor up instead. */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guest.h"
#include "own.h"

static _Atomic int forbidden; /* the error, for good */

static int wait_once(_Atomic uint32_t *word, uint32_t value) {
  if (syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL) == 0 ||
      errno == EAGAIN || errno == EINTR)
    return 0;
  return forbidden = errno;
}

void own_wait(_Atomic uint32_t *word, uint32_t value) {
  if (wait_once(word, value) != 0) sched_yield();
}

int guest_cannot_wait(void) {
  _Atomic uint32_t word = 0;
  return wait_once(&word, 1);
}

int own_waiting_is_forbidden(void) { return forbidden; }

void own_wake(_Atomic uint32_t *word) {
  syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT_MAX);
}

enum { FREE, HELD, WAITED_FOR };

int guest_try_lock(struct guest_lock *lock) {
  uint32_t expected = FREE;
  return atomic_compare_exchange_strong_explicit(&lock->state, &expected, HELD,
                                                 memory_order_acquire,
                                                 memory_order_relaxed);
}

static int spin(struct guest_lock *lock) {
  enum { TURNS = 100 }; /* shorter than a sleep */
  for (int i = 0; i < TURNS; i++) {
    if (lock->state == FREE && guest_try_lock(lock)) return 1;
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
  }
  return 0;
}

/* A thread that is awake takes the lock before one that has to wake up. One
 * that was woken in vain has the others wait for it. */
void guest_lock(struct guest_lock *lock) {
  int starved = 0;
  for (uint32_t others; (others = lock->starved);)
    own_wait(&lock->starved, others);
  if (spin(lock)) return;
  for (int woken = 0; atomic_exchange(&lock->state, WAITED_FOR) != FREE;
       woken = 1) {
    if (woken && !starved) {
      starved = 1;
      lock->starved++;
    }
    own_wait(&lock->state, WAITED_FOR);
  }
  if (starved && --lock->starved == 0) own_wake(&lock->starved);
}

void guest_unlock(struct guest_lock *lock) {
  if (atomic_exchange(&lock->state, FREE) == WAITED_FOR)
    syscall(SYS_futex, &lock->state, FUTEX_WAKE_PRIVATE, 1);
}
