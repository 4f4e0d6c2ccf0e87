/* Threads register and unregister functions, one and a few at a time, until the
 * test tells them to finish. Then everything goes. */
#define _GNU_SOURCE
#include <pthread.h>

#include "plan.h"
#include "random.h"

enum { THREADS = 4, OWN = 256 };

/* Each thread has every fourth function, so that those of all threads, and of
 * one call, lie between those of others. */
static uint32_t function_of(uintptr_t thread, uint32_t n) {
  return (uint32_t)(n * THREADS + thread);
}

struct call {
  jitdebug_registration *registration;
  uint32_t indexes[5];
  size_t count;
};

static void *work(void *argument) {
  const uintptr_t thread = (uintptr_t)argument;
  uint64_t random = thread;
  uint32_t unused[OWN];
  struct call calls[OWN];
  size_t free_count = OWN, live = 0;
  for (uint32_t n = 0; n < OWN; n++) unused[n] = function_of(thread, n);
  while (!plan->finish) {
    /* The population swells and shrinks. */
    const uint64_t phase = plan->calls / 4096 % 2;
    if (free_count >= 5 && random_below(&random, 8) < (phase ? 3 : 5)) {
      struct call *call = &calls[live++];
      call->count = random_below(&random, 4) ? 1 : random_below(&random, 5) + 1;
      for (size_t n = 0; n < call->count; n++) {
        const size_t chosen = random_below(&random, free_count);
        call->indexes[n] = unused[chosen];
        unused[chosen] = unused[--free_count];
      }
      call->registration = add(call->indexes, call->count);
    } else if (live) {
      struct call *call = &calls[random_below(&random, live)];
      drop(call->registration, call->indexes, call->count);
      for (size_t n = 0; n < call->count; n++)
        unused[free_count++] = call->indexes[n];
      *call = calls[--live];
    }
    __atomic_add_fetch(&plan->calls, 1, __ATOMIC_RELAXED);
  }
  while (live--)
    drop(calls[live].registration, calls[live].indexes, calls[live].count);
  return NULL;
}

int main(void) {
  pthread_t threads[THREADS];
  plan_open();
  for (uintptr_t i = 0; i < THREADS; i++)
    CHECK(pthread_create(&threads[i], NULL, work, (void *)i) == 0, "no thread");
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  CHECK(!list_descriptor(RTLD_DEFAULT)->first, "the list is not empty");
  return 0;
}
