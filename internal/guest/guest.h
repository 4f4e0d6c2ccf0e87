/* Go as a guest in a process that it does not own: what the C side needs. */
#ifndef JITDEBUG_GUEST_H
#define JITDEBUG_GUEST_H

#include <stddef.h>
#include <stdint.h>

/* Runs call(argument), which enters Go, as this thread's first entry. Go then
 * prepares the thread for good: it unblocks signals and sets an alternate stack
 * where there is none. Both are put back before this returns. */
int guest_first_entry(int (*call)(void *), void *argument);

/* malloc for what may fail. */
void *guest_try_malloc(size_t size);

/* Two blocks of C memory for Go, each only where none is there yet and its size
 * is not 0; false if malloc fails, where cgo's C.malloc would end the process.
 */
int guest_malloc(void **first, size_t first_size, void **second,
                 size_t second_size);

/* Frees blocks of which each begins with the address of the next. */
void guest_free_chain(uintptr_t first);

/* Says whether the kernel would give Go's heap what it takes to grow by so many
 * bytes: an arena and a step into it, and the stack of a thread that collects.
 * The runtime cannot be refused, it ends the process. */
int guest_headroom(size_t bytes);

/* Says whether there are memory and threads for the Go runtime to start with,
 * which ends the process where there are not. */
int guest_can_start(void);

/* Tells the thread that loads the library that the runtime is up. */
void guest_started(void);

#endif
