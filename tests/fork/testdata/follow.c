/* Registers f1, forks, and registers f2 in the child. */
#define _GNU_SOURCE
#include "child.h"

__attribute__((noinline)) void look(void) { __asm__ volatile(""); }

int main(void) {
  static struct image image;
  image_make(&image, 1);
  CHECK(jitdebug_register(&image, sizeof image, 0, &live) == 0, "%s",
        jitdebug_last_error());
  pid_t child = fork();
  if (child == 0) {
    image_make(&image, 2);
    CHECK(jitdebug_register(&image, sizeof image, 0, &stale) == 0, "%s",
          jitdebug_last_error());
    look();
    _exit(0);
  }
  child_was_well(child);
  return 0;
}
