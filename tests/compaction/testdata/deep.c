/* deep FRAMES NAME: a function of this name calls one that calls itself through
 * so many frames, and then work: there, on the same thread, others are
 * registered.
 */
#define _GNU_SOURCE
#include <stdlib.h>

#include "generate.h"

__attribute__((noinline)) void work(void) { generate_others(); }

int main(int argc, char **argv) {
  CHECK(argc == 3, "deep FRAMES NAME");
  const int frames = atoi(argv[1]);
  start();
  void **called = calloc(1 + (size_t)frames, sizeof *called);
  CHECK(called, "no memory");
  generated *outermost = (void *)(memory + SLOT * count);
  generate(argv[2]);
  for (int i = 0; i < frames; i++) called[i] = memory + SLOT * count;
  called[frames] = (void *)work;
  generate("recursive");
  outermost(called);
  free(called);
  return 0;
}
