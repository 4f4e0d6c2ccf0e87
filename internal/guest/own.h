/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* What the C files of this package have in common. */
#ifndef JITDEBUG_GUEST_OWN_H
#define JITDEBUG_GUEST_OWN_H

#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A Go program, such as a test, is nobody's guest: Go does as ever there. */
int own_program(void);

/* Waits while *word has this value, and wakes all who wait. Where a sandbox
 * forbids to wait the processor is given up. */
void own_wait(_Atomic uint32_t *word, uint32_t value);
void own_wake(_Atomic uint32_t *word);

/* Whether a wait has been forbidden. */
int own_waiting_is_forbidden(void);

/* All but faults: one that is blocked ends the process, and a breakpoint is
 * one. Returns an error's number, or 0. */
int own_block_signals(sigset_t *before);

/* Go's threads are made before it, for it ends the process where it cannot have
 * one. They are the only ones that it will ever ask for. */
enum {
  OWN_THREADS = 2,          /* Go's */
  OWN_KEEPER = OWN_THREADS, /* the library's, see ending.c */
  OWN_STACK = 256 << 10     /* what a thread of them uses */
};

/* The memory that their stacks take. */
size_t own_stacks_size(void);

/* Makes them, or returns the error of pthread_create. They wait for Go; or are
 * sent away, if something else is missing. */
int own_make_threads(char *stacks);
void own_send_away(void);

/* Gives the keeper its work. */
void own_keep(void *(*keeper)(void *));

/* Whether this is one of them, by its number. */
int own_thread(pid_t thread);

/* The keeper's work: see ending.c. */
void *own_wait_for_the_end(void *unused);

/* Memory for Go, so much that it can start: an error's number, or 0. The first
 * bytes of it are the caller's. */
int own_take_memory(size_t callers, char **memory);
void own_give_back_memory(void);

/* The lowest address that Go's heap may have. Go learns it from the auxiliary
 * vector, where it is the entry of this type: see lib/go.edits. */
enum { OWN_WINDOW = 0x6a6974 };
uintptr_t own_window(void);

/* Whether a call may enter Go: there is memory for what it allocates unasked.
 */
int own_memory_suffices(void);

/* Calls, in a way that the host's garbage collector can stand: see collector.c.
 */
void *own_call_blocking(void *(*call)(void *), void *argument);

/* In a forked child: nobody is in the allocator. */
void own_leave_allocator(void);

/* What malloc returns on Go's threads, or NULL on others. */
void *own_thread_malloc(size_t size);
int own_thread_free(void *memory);

#endif
