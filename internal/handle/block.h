/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* The memory of blocks of slots, and go-pointer's pointers to them. */
#ifndef JITDEBUG_HANDLE_BLOCK_H
#define JITDEBUG_HANDLE_BLOCK_H

#include <stddef.h>

/* Returns zeroed memory for a block, never to be freed, or NULL; it is also the
 * answer to the next malloc(1) that the library makes on this thread. */
void *block_offer(size_t size);

/* The chain of all blocks, newest first: its head, and of a block's slots those
 * of the block before. A process that inherits the chain offers each again. */
void *block_newest(void);
void *block_before(void *slots);
void block_inherit(void *newest);
void block_offer_again(void *slots);

#endif
