/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* A conservative collector of the host's, Boehm's, scans a thread that it has
 * stopped from its stack pointer to its base. In Go that pointer is in another
 * stack. A thread that it knows as blocked it neither stops nor scans beyond
 * where that began. */
#include "own.h"

extern void *GC_do_blocking(void *(*call)(void *), void *argument)
    __attribute__((weak));
extern int GC_thread_is_registered(void) __attribute__((weak));

void *own_call_blocking(void *(*call)(void *), void *argument) {
  if (GC_do_blocking && GC_thread_is_registered && GC_thread_is_registered())
    return GC_do_blocking(call, argument);
  return call(argument);
}
