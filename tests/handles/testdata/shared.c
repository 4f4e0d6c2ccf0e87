/* Eight threads, a million operations, with handles that are live, stale,
 * foreign, garbage, and each other's: each answer is known, each handle has one
 * winner, and nothing else is unregistered by mistake. */
#include <pthread.h>
#include <stdatomic.h>

#include "handle.h"
#include "random.h"
#include "settled.h"

enum {
  THREADS = 8,
  OPERATIONS = 1000000 / THREADS,
  OWN = 32,      /* live handles of one thread */
  RETIRED = 256, /* its last stale ones */
  SHARED = 16,   /* handles that all threads use, until one wins */
  ROUNDS = 2000  /* races of all threads for one handle */
};

/* A life of a shared handle. The winner is the one who ends it. */
struct life {
  jitdebug_registration *registration;
  uint64_t serial;
  atomic_int winners;
};

/* Every life in order, and which of them the shared places hold. */
static struct life lives[THREADS * OPERATIONS];
static atomic_int lives_used;
static _Atomic(struct life *) shared[SHARED];

static atomic_ullong serials;

static struct life *begin_life(void) {
  struct life *life = &lives[atomic_fetch_add(&lives_used, 1)];
  life->serial = atomic_fetch_add(&serials, 1);
  life->registration = register_serial(life->serial);
  return life;
}

struct thread {
  pthread_t id;
  uint64_t random;
  jitdebug_registration *own[OWN];
  uint64_t own_serials[OWN];
  jitdebug_registration *retired[RETIRED];
  size_t retirements;
};

static void replace_own(struct thread *self, size_t i) {
  if (self->own[i]) {
    CHECK(jitdebug_unregister(self->own[i]) == JITDEBUG_OK,
          "a live handle of this thread's: %s", jitdebug_last_error());
    self->retired[self->retirements++ % RETIRED] = self->own[i];
  }
  self->own_serials[i] = atomic_fetch_add(&serials, 1);
  self->own[i] = register_serial(self->own_serials[i]);
}

/* Any number of threads may hold the same life at this moment. */
static void end_shared(struct thread *self) {
  _Atomic(struct life *) *place = &shared[random_below(&self->random, SHARED)];
  struct life *life = atomic_load(place);
  const int32_t status = jitdebug_unregister(life->registration);
  if (status != JITDEBUG_OK) {
    CHECK(status == JITDEBUG_E_STALE, "a shared handle: %s",
          jitdebug_last_error());
    return;
  }
  CHECK(atomic_fetch_add(&life->winners, 1) == 0, "a second winner");
  atomic_store(place, begin_life());
}

/* The image itself may be gone by the time the answer is here. */
static int32_t ask_without_look(const jitdebug_registration *registration) {
  const void *data;
  size_t size;
  return jitdebug_registration_image(registration, 0, &data, &size);
}

static void ask_shared(struct thread *self) {
  struct life *life = atomic_load(&shared[random_below(&self->random, SHARED)]);
  const int ended = atomic_load(&life->winners);
  const int32_t status = ask_without_look(life->registration);
  CHECK(status == JITDEBUG_E_STALE || (status == JITDEBUG_OK && !ended),
        "a shared handle: %s", jitdebug_last_error());
}

static void operate(struct thread *self) {
  const size_t i = random_below(&self->random, OWN);
  const uintptr_t own = (uintptr_t)self->own[i];
  char stack[64];
  static char global[64];
  switch (random_below(&self->random, 12)) {
    case 0:
    case 1:
    case 2:
      replace_own(self, i);
      break;
    case 3:
      CHECK(ask(self->own[i], self->own_serials[i]) == JITDEBUG_OK,
            "a live handle of this thread's: %s", jitdebug_last_error());
      break;
    case 4:
      if (self->retirements >= RETIRED)
        check_refused(self->retired[random_below(&self->random, RETIRED)],
                      JITDEBUG_E_STALE, "stale");
      break;
    case 5:
      end_shared(self);
      break;
    case 6:
      ask_shared(self);
      break;
    case 7:
      check_refused((void *)random_next(&self->random), JITDEBUG_E_HANDLE,
                    "garbage");
      break;
    case 8:
      check_refused(stack + random_below(&self->random, sizeof stack),
                    JITDEBUG_E_HANDLE, "stack");
      check_refused(global + random_below(&self->random, sizeof global),
                    JITDEBUG_E_HANDLE, "global");
      break;
    case 9: /* Between two handles there is none. */
      check_refused((void *)(own + 1 + random_below(&self->random, 15)),
                    JITDEBUG_E_HANDLE, "neighbour");
      check_refused((void *)(own ^ (uintptr_t)0x80 << 56), JITDEBUG_E_HANDLE,
                    "bit flip");
      break;
    case 10: { /* A live handle's slot is live under no other number. */
      const uintptr_t other = own ^ (1 + random_below(&self->random, 255))
                                        << 48;
      const int32_t status = jitdebug_unregister((void *)other);
      CHECK(status == JITDEBUG_E_STALE || status == JITDEBUG_E_HANDLE,
            "another generation of a live handle: %s",
            jitdebug_status_string(status));
      break;
    }
    case 11:
      CHECK(jitdebug_unregister(NULL) == JITDEBUG_OK, "NULL: %s",
            jitdebug_last_error());
      break;
  }
}

static pthread_barrier_t line;
static struct life *prize;
static atomic_int stale_answers;

/* All at once for one handle: one wins, the others find it stale. */
static void race(struct thread *self, int first) {
  for (int round = 0; round < ROUNDS; round++) {
    if (first) {
      prize = begin_life();
      atomic_store(&stale_answers, 0);
    }
    pthread_barrier_wait(&line);
    if (random_below(&self->random, 4) == 0)
      ask_without_look(prize->registration);
    const int32_t status = jitdebug_unregister(prize->registration);
    if (status == JITDEBUG_OK)
      atomic_fetch_add(&prize->winners, 1);
    else if (status == JITDEBUG_E_STALE)
      atomic_fetch_add(&stale_answers, 1);
    else
      CHECK(0, "in a race: %s", jitdebug_last_error());
    pthread_barrier_wait(&line);
    CHECK(atomic_load(&prize->winners) == 1 &&
              atomic_load(&stale_answers) == THREADS - 1,
          "%d winners of %d threads", atomic_load(&prize->winners), THREADS);
    pthread_barrier_wait(&line);
  }
}

static struct thread threads[THREADS];

static void *run(void *argument) {
  struct thread *self = argument;
  for (size_t i = 0; i < OWN; i++) replace_own(self, i);
  race(self, self == threads);
  for (int i = 0; i < OPERATIONS; i++) operate(self);
  return NULL;
}

/* What a debugger would see is exactly what is live. */
static unsigned char listed[2 * THREADS * OPERATIONS];

static void check_list(void) {
  const size_t live = THREADS * OWN + SHARED;
  struct descriptor *descriptor = list_descriptor(RTLD_DEFAULT);
  CHECK(settled_length() == live, "%zu entries", settled_length());
  CHECK(list_length(descriptor, live) == (long)live,
        "an image on the list is not whole");
  for (const struct code_entry *e = descriptor->first; e; e = e->next)
    CHECK(
        e->symfile->serial < sizeof listed && listed[e->symfile->serial]++ == 0,
        "serial %llu is listed twice", (unsigned long long)e->symfile->serial);
}

static void end_live(jitdebug_registration *registration, uint64_t serial) {
  CHECK(ask(registration, serial) == JITDEBUG_OK, "%s", jitdebug_last_error());
  CHECK(listed[serial], "serial %llu is live and not on the list",
        (unsigned long long)serial);
  CHECK(jitdebug_unregister(registration) == JITDEBUG_OK, "%s",
        jitdebug_last_error());
}

int main(void) {
  for (int i = 0; i < SHARED; i++) shared[i] = begin_life();
  pthread_barrier_init(&line, NULL, THREADS);
  for (int i = 0; i < THREADS; i++) {
    threads[i].random = (uint64_t)i + 1;
    CHECK(pthread_create(&threads[i].id, NULL, run, &threads[i]) == 0,
          "pthread_create");
  }
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i].id, NULL);

  check_list();
  for (struct thread *t = threads; t < threads + THREADS; t++)
    for (int i = 0; i < OWN; i++) end_live(t->own[i], t->own_serials[i]);
  for (int i = 0; i < lives_used; i++) {
    if (lives[i].winners)
      check_refused(lives[i].registration, JITDEBUG_E_STALE, "ended");
    else
      end_live(lives[i].registration, lives[i].serial);
  }
  CHECK(settled_length() == 0, "the list is not empty");
  return 0;
}
