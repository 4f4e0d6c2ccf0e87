/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* Go's memory. The runtime ends the process where the kernel refuses it some.
 * So it gets it from here (it is linked with --wrap=mmap), out of a region that
 * was had before, and no call enters Go unless enough of that is left. */
#define _GNU_SOURCE
#include <errno.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guest.h"
#include "own.h"

enum {
  ARENA = 4 << 20, /* of Go's heap, see lib/go.edits */
  START =
      40 << 20,    /* what it starts with, and has left: most of it untouched */
  LEFT = 10 << 20, /* what a call may need that has not asked */
  REFILL = 24 << 20,
  WINDOW_BITS = 41 /* of the heap's addresses, see lib/go.edits */
};

/* What is left is between low and high. Go's heap is taken from low, in arenas,
 * and smaller things from high. */
static struct {
  struct guest_lock lock;
  char *low, *high;
} region;

static struct {
  char *memory;
  size_t size;
} first;

static uintptr_t window;

/* The kernel's own mmap: a host that puts one of its own in front, to count or
 * to limit, must not be able to make it fail. */
static void *map(void *address, size_t size, int protection, int flags, int fd,
                 off_t offset) {
  return (void *)syscall(SYS_mmap, address, size, protection, flags, fd,
                         offset);
}

/* Whether Go's heap may be there. */
static int in_window(const void *memory, size_t size) {
  uintptr_t offset = (uintptr_t)memory - window;
  return offset < (uintptr_t)1 << WINDOW_BITS &&
         size <= ((uintptr_t)1 << WINDOW_BITS) - offset;
}

/* Untouched memory costs nothing but addresses: no huge pages for a few bytes,
 * nothing in core files. */
static void *map_region(void *address, size_t size) {
  void *memory = map(address, size, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) return NULL;
  madvise(memory, size, MADV_NOHUGEPAGE);
  madvise(memory, size, MADV_DONTDUMP);
  return memory;
}

static size_t page_size(void) {
  static size_t size;
  if (!size) size = (size_t)sysconf(_SC_PAGESIZE);
  return size;
}

static size_t up(size_t number, size_t alignment) {
  return (number + alignment - 1) & -alignment;
}

int own_take_memory(size_t callers, char **memory) {
  size_t size = callers + START;
  if (!(*memory = map_region(NULL, size))) return errno;
  first.memory = *memory;
  first.size = size;
  region.low = *memory + callers;
  region.high = *memory + size;
  const uintptr_t middle = (uintptr_t)1 << (WINDOW_BITS - 1);
  uintptr_t arena = (uintptr_t)*memory & -(uintptr_t)ARENA;
  window = arena > middle ? arena - middle : 0;
  return 0;
}

void own_give_back_memory(void) {
  region.low = region.high = NULL;
  munmap(first.memory, first.size);
}

uintptr_t own_window(void) { return window; }

/* With the lock held. */
static int refill(size_t size) {
  char *memory = map_region(NULL, size);
  if (memory && !in_window(memory, size)) {
    munmap(memory, size);
    memory = map_region(first.memory - size, size);
    if (memory && !in_window(memory, size)) {
      munmap(memory, size);
      memory = NULL;
    }
  }
  if (!memory) return 0;
  if (region.high > region.low) munmap(region.low, region.high - region.low);
  region.low = memory;
  region.high = memory + size;
  return 1;
}

static int suffices(size_t bytes, size_t size) {
  guest_lock(&region.lock);
  int enough = (size_t)(region.high - region.low) >= bytes || refill(size);
  guest_unlock(&region.lock);
  return enough;
}

int own_memory_suffices(void) {
  return (size_t)(region.high - region.low) >= LEFT || suffices(LEFT, REFILL);
}

int guest_headroom(size_t bytes) {
  if (own_program()) return 1;
  /* Go's heap is not filled to the last byte. */
  if (bytes > SIZE_MAX / 4) return 0;
  size_t need = bytes + bytes / 4 + LEFT;
  return suffices(need, up(need, ARENA) + REFILL);
}

/* NULL where too little is left, and where Go wants another address than the
 * next one: that is a wish of its own for its heap, and it has others. */
static void *from_region(const void *wanted, size_t size, int reserved) {
  void *memory = NULL;
  size = up(size, page_size());
  guest_lock(&region.lock);
  char *low = region.low;
  if (reserved)
    low = (char *)up((uintptr_t)low, size < ARENA ? page_size() : ARENA);
  if (low < region.high && size <= (size_t)(region.high - low)) {
    if (!reserved) {
      memory = region.high -= size;
    } else if (!wanted || wanted == low) {
      memory = low;
      region.low = low + size;
    }
  }
  guest_unlock(&region.lock);
  return memory;
}

/* What Go only reserves here is memory that can be used at once. */
static void *map_for_go(void *address, size_t size, int reserved) {
  void *memory = from_region(address, size, reserved);
  if (memory) return memory;
  errno = ENOMEM;
  if (address || !(memory = map_region(NULL, size))) return MAP_FAILED;
  if (!reserved || in_window(memory, size)) return memory;
  munmap(memory, size);
  errno = ENOMEM;
  return MAP_FAILED;
}

void *__wrap_mmap(void *address, size_t size, int protection, int flags, int fd,
                  off_t offset) {
  const int plain = MAP_PRIVATE | MAP_ANONYMOUS, use = PROT_READ | PROT_WRITE;
  if (!region.high || (protection != PROT_NONE && protection != use))
    return map(address, size, protection, flags, fd, offset);
  if (flags == plain) return map_for_go(address, size, protection == PROT_NONE);
  if (flags != (plain | MAP_FIXED) || protection == PROT_NONE)
    return map(address, size, protection, flags, fd, offset);
  /* Go begins to use what it reserved, which it has. Core files need its heap,
   * for goroutines' stacks are there. */
  if (size >= ARENA) madvise(address, size, MADV_DODUMP);
  return address;
}
