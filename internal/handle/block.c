/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
#include "block.h"

#include <stdlib.h>
#include <string.h>

#include "../guest/guest.h"

/* A leak checker of the host's finds every block from here: Go's own memory is
 * out of its sight. */
struct block {
  _Alignas(64) struct block *before;
  _Alignas(64) char slots[];
};

static struct block *newest;

void *block_offer(size_t size) {
  struct block *block =
      guest_try_aligned(_Alignof(struct block), sizeof *block + size);
  if (!block) return NULL;
  memset(block, 0, sizeof *block + size);
  block->before = __atomic_load_n(&newest, __ATOMIC_RELAXED);
  while (!__atomic_compare_exchange_n(&newest, &block->before, block, 1,
                                      __ATOMIC_RELEASE, __ATOMIC_RELAXED)) {
  }
  guest_offer(block->slots);
  return block->slots;
}

static struct block *block_of(void *slots) {
  return slots ? (struct block *)((char *)slots - offsetof(struct block, slots))
               : NULL;
}

void *block_newest(void) { return newest ? newest->slots : NULL; }

void *block_before(void *slots) {
  struct block *before = block_of(slots)->before;
  return before ? before->slots : NULL;
}

void block_inherit(void *slots) { newest = block_of(slots); }

void block_offer_again(void *slots) { guest_offer(slots); }
