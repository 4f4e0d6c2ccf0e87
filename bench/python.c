/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* What bench/python.py compares with: the library called from C, and calls from
 * Python that do nothing. */
#include <jitdebug.h>

#include "image.h"

struct image sample;

const void *make(void) {
  image_make(&sample, 0);
  return &sample;
}

size_t size(void) { return sizeof sample; }

/* Registers and unregisters the image, so many times. */
int32_t pairs(__typeof__(&jitdebug_register) add,
              __typeof__(&jitdebug_unregister) take, int count) {
  int32_t status = JITDEBUG_OK;
  while (count-- && status == JITDEBUG_OK) {
    jitdebug_registration *registration;
    status = add(&sample, sizeof sample, 0, &registration);
    if (status == JITDEBUG_OK) status = take(registration);
  }
  return status;
}

int32_t empty_register(const void *image, size_t image_size, uint32_t flags,
                       jitdebug_registration **registration) {
  (void)image, (void)image_size, (void)flags, (void)registration;
  return JITDEBUG_OK;
}

int32_t empty_unregister(jitdebug_registration *registration) {
  (void)registration;
  return JITDEBUG_OK;
}
