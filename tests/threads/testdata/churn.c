/* Sixteen threads register and unregister: copies, borrows and batches, small
 * images and a compiler's. In every round they stop a few times and one looks
 * whether the list is whole; after the first, memory stays where it is.
 *
 * usage: churn PAIRS FILE...   (images from a compiler) */
#include <jitdebug.h>
#include <malloc.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "file.h"
#include "image.h"
#include "random.h"
#include "settled.h"

enum {
  THREADS = 16,
  PLACES = 24, /* registrations of one thread that can be live */
  BATCH = 32,
  STOPS = 5,
  MAX_REAL = 8
};

/* A registration, and the images that it may have borrowed. */
struct place {
  jitdebug_registration *registration;
  size_t count;
  const void *shown; /* the first image, as a debugger sees it */
  struct image images[BATCH];
};

struct thread {
  pthread_t id;
  uint64_t random;
  size_t pairs;
  size_t live; /* images on the list */
  struct place places[PLACES];
};

static struct thread threads[THREADS];
static pthread_barrier_t line;
static jitdebug_image real[MAX_REAL];
static size_t real_count;

static void unregister_place(struct thread *self, struct place *place) {
  const void *data;
  size_t size;
  if (!place->registration) return;
  CHECK(jitdebug_registration_image(place->registration, 0, &data, &size) ==
                JITDEBUG_OK &&
            data == place->shown,
        "%s", jitdebug_last_error());
  CHECK(jitdebug_unregister(place->registration) == JITDEBUG_OK, "%s",
        jitdebug_last_error());
  self->live -= place->count;
  place->registration = NULL;
}

/* Mostly single ones: they contend most for the lock. */
static void register_place(struct thread *self, struct place *place) {
  jitdebug_image images[BATCH];
  const uint32_t flags =
      random_below(&self->random, 3) == 0 ? JITDEBUG_BORROW : 0;
  size_t size;
  int32_t status;
  place->count = 1;
  if (random_below(&self->random, 8) == 0)
    place->count += random_below(&self->random, BATCH);
  for (size_t i = 0; i < place->count; i++) {
    images[i] = (jitdebug_image){&place->images[i], sizeof place->images[i]};
    if (flags == 0 && random_below(&self->random, 32) == 0)
      images[i] = real[random_below(&self->random, real_count)];
  }
  if (place->count == 1)
    status = jitdebug_register(images[0].data, images[0].size, flags,
                               &place->registration);
  else
    status = jitdebug_register_batch(images, place->count, flags,
                                     &place->registration);
  CHECK(status == JITDEBUG_OK, "%s", jitdebug_last_error());
  CHECK(jitdebug_registration_image(place->registration, 0, &place->shown,
                                    &size) == JITDEBUG_OK,
        "%s", jitdebug_last_error());
  CHECK(
      size == images[0].size && memcmp(place->shown, images[0].data, size) == 0,
      "registration %p shows another image", (void *)place->registration);
  self->live += place->count;
}

/* All threads stop, and the list is as long as they think together. */
static void look(int first) {
  pthread_barrier_wait(&line);
  if (first) {
    size_t live = 0;
    for (int i = 0; i < THREADS; i++) live += threads[i].live;
    CHECK(settled_length() == live, "%zu images are live", live);
  }
  pthread_barrier_wait(&line);
}

static void *run(void *argument) {
  struct thread *self = argument;
  for (size_t pair = 0; pair < self->pairs; pair++) {
    struct place *place = &self->places[random_below(&self->random, PLACES)];
    unregister_place(self, place);
    register_place(self, place);
    if (pair % (self->pairs / STOPS) == 0) look(self == threads);
  }
  /* As much is live at once as ever can be; then nothing. */
  for (int i = 0; i < PLACES; i++)
    if (!self->places[i].registration) register_place(self, &self->places[i]);
  look(self == threads);
  for (int i = 0; i < PLACES; i++) unregister_place(self, &self->places[i]);
  return NULL;
}

static void churn(size_t pairs) {
  for (int i = 0; i < THREADS; i++) {
    threads[i].pairs = pairs / THREADS;
    CHECK(pthread_create(&threads[i].id, NULL, run, &threads[i]) == 0,
          "pthread_create");
  }
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i].id, NULL);
  CHECK(settled_length() == 0, "the list is not empty");
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
static void churn_in_rounds(size_t pairs) { churn(pairs); }
#else
struct memory {
  size_t allocated, resident; /* in bytes */
};

static struct memory memory_now(void) {
  struct memory now;
  malloc_trim(0);
  now.allocated = mallinfo2().uordblks + mallinfo2().hblkhd;
  FILE *file = fopen("/proc/self/statm", "r");
  CHECK(file && fscanf(file, "%*u %zu", &now.resident) == 1, "statm");
  fclose(file);
  now.resident *= (size_t)sysconf(_SC_PAGESIZE);
  return now;
}

/* The first round makes the memory that stays: handles wait for others before
 * they serve again, and Go's heap finds its size. What a leak of one
 * code entry for each thousand pairs would add is seen. */
static void churn_in_rounds(size_t pairs) {
  enum { HANDLES = 20 << 10, HEAP = 8 << 20 };
  churn(pairs / 4);
  const struct memory before = memory_now();
  churn(pairs - pairs / 4);
  const struct memory after = memory_now();
  CHECK(after.allocated <= before.allocated + HANDLES,
        "malloc: %zu bytes before, %zu after", before.allocated,
        after.allocated);
  CHECK(after.resident <= before.resident + HEAP,
        "resident: %zu bytes before, %zu after", before.resident,
        after.resident);
}
#endif

int main(int argc, char **argv) {
  CHECK(argc > 2 && argc - 2 <= MAX_REAL, "usage: churn PAIRS FILE...");
  for (int i = 2; i < argc; i++)
    real[real_count++].data = file_read(argv[i], &real[i - 2].size);
  for (int i = 0; i < THREADS; i++) {
    threads[i].random = (uint64_t)i + 1;
    for (int p = 0; p < PLACES; p++)
      for (int j = 0; j < BATCH; j++)
        image_make(&threads[i].places[p].images[j],
                   (uint64_t)((i * PLACES + p) * BATCH + j));
  }
  pthread_barrier_init(&line, NULL, THREADS);
  churn_in_rounds(strtoul(argv[1], NULL, 10));
  for (size_t i = 0; i < real_count; i++) free((void *)real[i].data);
  return 0;
}
