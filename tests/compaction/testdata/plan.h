/* What a host says of itself, in memory that the test has mapped too. */
#ifndef PLAN_H
#define PLAN_H

#include <jitdebug.h>
#include <sys/mman.h>

#include "list.h"

enum { PLAN_FD = 3, FUNCTIONS = 4096, SLOT = 64, LINES = 3 };

/* Of a function, while a call about it is under way, neither can be said. */
enum { ABSENT, ADDING, PRESENT, REMOVING };

struct plan {
  uint64_t descriptor, hook, code;
  volatile uint32_t ready, finish, stepping, skip, calls, unused;
  volatile uint8_t states[FUNCTIONS];
};

static struct plan *plan;

static inline void plan_open(void) {
  plan =
      mmap(NULL, sizeof *plan, PROT_READ | PROT_WRITE, MAP_SHARED, PLAN_FD, 0);
  CHECK(plan != MAP_FAILED, "no plan");
  plan->descriptor = (uintptr_t)list_descriptor(RTLD_DEFAULT);
  plan->hook = (uintptr_t)dlsym(RTLD_DEFAULT, "__jit_debug_register_code");
  /* Only addresses: nobody calls these functions. */
  plan->code = UINT64_C(0x200000000000);
  plan->ready = 1;
}

/* The description of function i, which lies in a slot of its own and fills some
 * or all of it; the test knows how it follows from i. */
struct described {
  jitdebug_function function;
  jitdebug_line lines[LINES];
  char name[32], file[32];
};

static inline void describe(struct described *d, uint32_t i) {
  const size_t size = i % 3 == 2 ? SLOT : 8 + i % (SLOT - 8);
  snprintf(d->name, sizeof d->name, "function_%u", i);
  snprintf(d->file, sizeof d->file, "/source/%u.lang", i % 3);
  for (uint32_t n = 0; n < LINES; n++)
    d->lines[n] = (jitdebug_line){n * size / LINES, 10 * i + n + 1, 0};
  d->function = (jitdebug_function){
      .struct_size = sizeof d->function,
      .unwind = i % 2 ? JITDEBUG_UNWIND_FRAME_POINTER : JITDEBUG_UNWIND_NONE,
      .name = d->name,
      .address = (void *)(uintptr_t)(plan->code + (uint64_t)i * SLOT),
      .size = size,
      .file = d->file,
      .lines = d->lines,
      .line_count = LINES};
}

static inline void states_set(const uint32_t *indexes, size_t count,
                              uint8_t state) {
  for (size_t n = 0; n < count; n++)
    __atomic_store_n(&plan->states[indexes[n]], state, __ATOMIC_SEQ_CST);
}

/* Registers functions in one call. */
static inline jitdebug_registration *add(const uint32_t *indexes,
                                         size_t count) {
  enum { MOST = 32 };
  static __thread struct described described[MOST];
  jitdebug_function functions[MOST] = {0};
  jitdebug_registration *registration;
  CHECK(count <= MOST, "%zu", count);
  for (size_t n = 0; n < count; n++) {
    describe(&described[n], indexes[n]);
    functions[n] = described[n].function;
  }
  states_set(indexes, count, ADDING);
  int32_t status =
      jitdebug_register_functions(functions, count, 0, &registration);
  CHECK(status == JITDEBUG_OK, "%s", jitdebug_last_error());
  states_set(indexes, count, PRESENT);
  memset(described, 0xa5, sizeof described);
  return registration;
}

static inline void drop(jitdebug_registration *registration,
                        const uint32_t *indexes, size_t count) {
  states_set(indexes, count, REMOVING);
  CHECK(jitdebug_unregister(registration) == JITDEBUG_OK, "%s",
        jitdebug_last_error());
  states_set(indexes, count, ABSENT);
}

#endif
