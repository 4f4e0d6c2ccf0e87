/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* Go as a guest in a process that it does not own: what the C side needs. */
#ifndef JITDEBUG_GUEST_H
#define JITDEBUG_GUEST_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "../../include/jitdebug.h"

/* All zero at first. internal/gdbjit has one too, for code that is not in C. */
struct guest_lock {
  _Atomic uint32_t state;   /* 0: free; 1: held; 2: waited for */
  _Atomic uint32_t starved; /* how many were woken in vain */
};

void guest_lock(struct guest_lock *lock);
int guest_try_lock(struct guest_lock *lock); /* whether it was free */
void guest_unlock(struct guest_lock *lock);

/* A call that is to run in Go. */
struct guest_call {
  int32_t (*go)(void *argument); /* returns a status */
  void *argument;
  int nowait; /* answers JITDEBUG_E_BUSY where another thread is in Go */
  char *text; /* a sentence, where Go cannot be entered */
  size_t text_size;
};

/* Runs a call in Go, which has one processor here: threads come one at a time.
 * The first starts Go, where there are memory and threads for it and no sandbox
 * forbids what it needs; else each call says what is missing and the next one
 * tries again. What Go does to a thread when it comes for the first time is
 * undone. */
int32_t guest_run(const struct guest_call *call);

/* Around what a thread in Go waits for, called through cgo: others may enter Go
 * meanwhile. */
void guest_leave(void);
void guest_return(void);

/* Whether Go has been started in this copy of the library, be it by the process
 * that this one was forked from: in a child it cannot be started again. */
int guest_begun(void);

/* Asks whether a sandbox forbids to wait: an error's number, or 0. */
int guest_cannot_wait(void);

/* Whether a sanitizer ends a forked child that starts threads. */
int guest_forbidden_in_child(void);

/* malloc and aligned_alloc for what may fail. */
void *guest_try_malloc(size_t size);
void *guest_try_aligned(size_t alignment, size_t size);

/* Has the next malloc(1) that Go makes on this thread, which is go-pointer's,
 * return this memory. */
void guest_offer(void *memory);

/* Two blocks of C memory for Go, each only where none is there yet and its size
 * is not 0; false if malloc fails, where cgo's C.malloc would end the process.
 */
int guest_malloc(void **first, size_t first_size, void **second,
                 size_t second_size);

/* Frees blocks of which each begins with the address of the next. */
void guest_free_chain(uintptr_t first);

/* Puts aside what Go's heap takes to grow by so many bytes, or returns 0. The
 * runtime cannot be refused, it ends the process. */
int guest_headroom(size_t bytes);

/* Tells the thread that starts Go that it is up. */
void guest_started(void);

#endif
