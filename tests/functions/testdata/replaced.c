/* Replaces functions at random while no debugger is there: 100,000 times among
 * 20,000. Then it writes of 1,000 that are registered and 1,000 that are not
 * what a debugger that attaches should make of them:
 *
 *   ADDRESS NAME FILE LINE    (in hexadecimal, decimal)
 *   ADDRESS NAME              it has gone
 *
 * It is ready when FILE is there. With "on", threads go on replacing others
 * until the process ends.
 *
 * usage: replaced FILE [on]
 */
#define _GNU_SOURCE
#include <jitdebug.h>
#include <pthread.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "random.h"

enum {
  SLOTS = 20000,
  SIZE = 64,
  TIMES = 100000,
  SAMPLES = 1000,
  KEPT = SLOTS / 2, /* the threads have the slots behind */
  THREADS = 2
};

static const uintptr_t code = UINT64_C(0x200000000000);
static jitdebug_registration *registrations[SLOTS];
static unsigned lives[SLOTS];

static void name_of(char *name, size_t slot) {
  sprintf(name, "slot_%zu_life_%u", slot, lives[slot]);
}

static void add(size_t slot) {
  char name[48], file[16];
  lives[slot]++;
  name_of(name, slot);
  sprintf(file, "%u.lang", lives[slot] % 3);
  const jitdebug_line line = {0, 1 + lives[slot], 0};
  const jitdebug_function function = {.struct_size = sizeof function,
                                      .unwind = JITDEBUG_UNWIND_NONE,
                                      .name = name,
                                      .address = (void *)(code + slot * SIZE),
                                      .size = SIZE - slot % 16,
                                      .file = file,
                                      .lines = &line,
                                      .line_count = 1};
  CHECK(jitdebug_register_functions(&function, 1, 0, &registrations[slot]) == 0,
        "%s", jitdebug_last_error());
}

static void drop(size_t slot) {
  CHECK(jitdebug_unregister(registrations[slot]) == 0, "%s",
        jitdebug_last_error());
  registrations[slot] = NULL;
}

static void *go_on(void *thread) {
  const size_t own = KEPT / THREADS, first = KEPT + (size_t)thread * own;
  uint64_t random = first;
  for (;;) {
    const size_t slot = first + random_below(&random, own);
    drop(slot);
    add(slot);
  }
  return NULL;
}

int main(int argc, char **argv) {
  CHECK(argc >= 2, "usage: replaced FILE [on]");
  uint64_t random = 1;
  for (size_t i = 0; i < SLOTS; i++) add(i);
  for (int i = 0; i < TIMES; i++) {
    const size_t slot = random_below(&random, SLOTS);
    drop(slot);
    add(slot);
  }
  char part[512], name[48];
  snprintf(part, sizeof part, "%s.part", argv[1]);
  FILE *file = fopen(part, "w");
  CHECK(file, "%s", part);
  for (size_t i = 0; i < 2 * SAMPLES; i++) {
    const size_t slot = i * (KEPT / (2 * SAMPLES));
    name_of(name, slot);
    fprintf(file, "%zx %s", code + slot * SIZE, name);
    if (i % 2) {
      drop(slot);
      fprintf(file, "\n");
    } else {
      fprintf(file, " %u.lang %u\n", lives[slot] % 3, 1 + lives[slot]);
    }
  }
  CHECK(fclose(file) == 0, "%s", part);
  if (argc > 2) {
    pthread_t threads[THREADS];
    for (size_t i = 0; i < THREADS; i++)
      CHECK(pthread_create(&threads[i], NULL, go_on, (void *)i) == 0, "thread");
  }
  CHECK(rename(part, argv[1]) == 0, "%s", argv[1]);
  for (;;) pause();
}
