/* A JIT outside this project: it calls a function that it made itself. */
#include <jitdebug.h>

#include "code.h"

__attribute__((noinline)) static void look(void) { __asm__ volatile(""); }

int main(void) {
  jitdebug_registration *registration;
  struct image image;
  code *generated = code_make(7);
  image_make(&image, 7);
  int32_t status = jitdebug_register(&image, sizeof image, 0, &registration);
  CHECK(status == JITDEBUG_OK, "%s", jitdebug_last_error());
  generated(look);
  return jitdebug_unregister(registration);
}
