#include "block.h"

#include <stdlib.h>
#include <string.h>

/* A leak checker of the host's finds every block from here: Go's own memory is
 * out of its sight. */
struct block {
  _Alignas(64) struct block *before;
  _Alignas(64) char slots[];
};

static struct block *newest;

static
    __attribute__((tls_model("initial-exec"))) __thread struct block *offered;

void *block_offer(size_t size) {
  struct block *block =
      aligned_alloc(_Alignof(struct block), sizeof *block + size);
  if (!block) return NULL;
  memset(block, 0, sizeof *block + size);
  block->before = __atomic_load_n(&newest, __ATOMIC_RELAXED);
  while (!__atomic_compare_exchange_n(&newest, &block->before, block, 1,
                                      __ATOMIC_RELEASE, __ATOMIC_RELAXED)) {
  }
  offered = block;
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

void block_offer_again(void *slots) { offered = block_of(slots); }

void *__real_malloc(size_t size);
void *__libc_malloc(size_t size) __attribute__((weak));

/* What cgo allocates (linked with --wrap=malloc; the library's own C code asks
 * guest_try_malloc). go-pointer's pointers are malloc(1), and served from
 * memory that is there already. What else there is, the record of a thread that
 * starts, may not fail either: cgo ends the process. */
void *__wrap_malloc(size_t size) {
  struct block *block = offered;
  if (size == 1 && block) {
    offered = NULL;
    return block->slots;
  }
  void *memory = __real_malloc(size);
  return memory || !__libc_malloc ? memory : __libc_malloc(size);
}
