/* A system that accepts all advice on memory, and follows none. */
#include <stddef.h>

int madvise(void *address, size_t size, int advice) {
  (void)address, (void)size, (void)advice;
  return 0;
}
