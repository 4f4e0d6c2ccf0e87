/* Threads that register and unregister for as long as the program likes. Their
 * failing calls make Go collect garbage, which a fork may find under way. */
#ifndef BUSY_H
#define BUSY_H

#include <jitdebug.h>
#include <pthread.h>

#include "list.h"

enum { BUSY_THREADS = 4, BUSY_KEPT = 8 };

static volatile int busy_finish;
static pthread_t busy_threads[BUSY_THREADS];

/* Not on the threads' stacks, which a child gives to others. */
static struct image busy_images[BUSY_THREADS][BUSY_KEPT];

static void *busy_work(void *argument) {
  struct image *images = busy_images[(uintptr_t)argument - 1];
  jitdebug_registration *kept[BUSY_KEPT] = {0};
  uint64_t serial = (uint64_t)(uintptr_t)argument << 24;
  for (unsigned i = 0; !busy_finish; i = (i + 1) % BUSY_KEPT) {
    CHECK(jitdebug_unregister(kept[i]) == 0, "%s", jitdebug_last_error());
    CHECK(
        jitdebug_register("not an image", 12, 0, &kept[i]) == JITDEBUG_E_IMAGE,
        "a bad image was taken");
    image_make(&images[i], ++serial);
    CHECK(jitdebug_register(&images[i], sizeof images[i],
                            i % 2 ? JITDEBUG_BORROW : 0, &kept[i]) == 0,
          "%s", jitdebug_last_error());
  }
  for (int i = 0; i < BUSY_KEPT; i++)
    CHECK(jitdebug_unregister(kept[i]) == 0, "%s", jitdebug_last_error());
  return NULL;
}

static inline void busy_begin(void) {
  busy_finish = 0;
  for (uintptr_t i = 0; i < BUSY_THREADS; i++)
    CHECK(
        pthread_create(&busy_threads[i], NULL, busy_work, (void *)(i + 1)) == 0,
        "no thread");
}

static inline void busy_end(void) {
  busy_finish = 1;
  for (int i = 0; i < BUSY_THREADS; i++) pthread_join(busy_threads[i], NULL);
}

#endif
