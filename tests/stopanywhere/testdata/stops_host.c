/* Four threads register and unregister until stops.c tells them to finish. */
#define _GNU_SOURCE
#include <jitdebug.h>
#include <pthread.h>
#include <sys/mman.h>

#include "stops.h"

static struct shared *shared;

/* A registration with the buffers it was made from. */
struct kept {
  jitdebug_registration *registration;
  struct image images[BATCH];
};

static void drop(struct kept *kept) {
  CHECK(jitdebug_unregister(kept->registration) == JITDEBUG_OK, "%s",
        jitdebug_last_error());
}

static void add(struct kept *kept, uint64_t *serial, uint32_t flags,
                size_t count) {
  jitdebug_image batch[BATCH];
  for (size_t i = 0; i < count; i++) {
    image_make(&kept->images[i], ++*serial);
    batch[i] = (jitdebug_image){&kept->images[i], sizeof kept->images[i]};
  }
  int32_t status = count == 1 ? jitdebug_register(batch->data, batch->size,
                                                  flags, &kept->registration)
                              : jitdebug_register_batch(batch, count, flags,
                                                        &kept->registration);
  CHECK(status == JITDEBUG_OK, "%s", jitdebug_last_error());
  if (!(flags & JITDEBUG_BORROW)) memset(kept->images, 0, sizeof kept->images);
}

static void *work(void *argument) {
  struct kept kept[KEPT] = {0};
  uint64_t serial = (uint64_t)(uintptr_t)argument << 24;
  unsigned random = (uintptr_t)argument * 7919 + 1;
  while (!shared->finish) {
    struct kept *one = &kept[rand_r(&random) % KEPT];
    drop(one);
    add(one, &serial, rand_r(&random) & JITDEBUG_BORROW,
        rand_r(&random) % 4 ? 1 : BATCH);
  }
  for (int i = 0; i < KEPT; i++) drop(&kept[i]);
  return NULL;
}

int main(void) {
  pthread_t threads[THREADS];
  shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED,
                STOPS_FD, 0);
  CHECK(shared != MAP_FAILED, "no memory to share");
  const struct descriptor *descriptor = list_descriptor(RTLD_DEFAULT);
  shared->descriptor = descriptor;
  for (uintptr_t i = 0; i < THREADS; i++)
    CHECK(pthread_create(&threads[i], NULL, work, (void *)(i + 1)) == 0,
          "no thread");
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  CHECK(list_length(descriptor, 1) == 0, "the list is not empty at the end");
  CHECK(!descriptor->action && !descriptor->relevant, "a notification is left");
  return 0;
}
