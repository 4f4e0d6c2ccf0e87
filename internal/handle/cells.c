#include "cells.h"

#include <stdlib.h>

struct block {
  _Alignas(CELL_SIZE) char cells[BLOCK_CELLS * CELL_SIZE];
  struct block *before;
};

/* A leak checker of the host's finds every block from here: Go's own memory is
 * out of its sight. */
static struct block *newest;

static
    __attribute__((tls_model("initial-exec"))) __thread struct block *offered;

void *__real_malloc(size_t size);

int cells_offer(void) {
  struct block *block = __real_malloc(sizeof *block);
  if (!block) return 0;
  block->before = __atomic_load_n(&newest, __ATOMIC_RELAXED);
  while (!__atomic_compare_exchange_n(&newest, &block->before, block, 1,
                                      __ATOMIC_RELEASE, __ATOMIC_RELAXED)) {
  }
  offered = block;
  return 1;
}

/* go-pointer's pointers are malloc(1), and cgo ends the process when that
 * fails. Linked with --wrap=malloc, it is served from memory that is there
 * already. */
void *__wrap_malloc(size_t size) {
  struct block *block = offered;
  if (size != 1 || !block) return __real_malloc(size);
  offered = NULL;
  return block->cells;
}
