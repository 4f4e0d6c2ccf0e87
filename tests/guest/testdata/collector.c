/*
 * A host with Boehm's collector: threads register while others allocate and
 * collect, which stops them wherever they are.
 *
 * usage: collector SECONDS
 */
#define _GNU_SOURCE
#define GC_THREADS
#include <gc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "library.h"

enum { THREADS = 4 };

static atomic_int stop;

/* What only this thread's stack refers to is alive all the time. */
static void *use(void *unused) {
  while (!stop) {
    char *kept = GC_MALLOC_ATOMIC(64);
    memset(kept, 42, 64);
    struct image *image = GC_MALLOC_ATOMIC(sizeof *image);
    jitdebug_registration *registration;
    image_make(image, 1);
    CHECK(library_register(image, sizeof *image, 0, &registration) == 0, "%s",
          library_last_error());
    CHECK(library_unregister(registration) == 0, "%s", library_last_error());
    library_failure();
    library_generated();
    for (int i = 0; i < 64; i++) CHECK(kept[i] == 42, "collected");
  }
  return unused;
}

int main(int argc, char **argv) {
  CHECK(argc == 2, "usage: collector SECONDS");
  pthread_t threads[THREADS];
  GC_INIT();
  library_load();
  const time_t end = time(NULL) + atoi(argv[1]);
  for (int i = 0; i < THREADS; i++)
    CHECK(GC_pthread_create(&threads[i], NULL, use, NULL) == 0, "no thread");
  while (time(NULL) < end) {
    for (int i = 0; i < 1000; i++) *(void **)GC_MALLOC(64) = GC_MALLOC(100);
    GC_gcollect();
  }
  stop = 1;
  for (int i = 0; i < THREADS; i++) GC_pthread_join(threads[i], NULL);
  return 0;
}
