/* Makes calls for the test to step through: it stops itself before each, and
 * clears plan->stepping after it. */
#define _GNU_SOURCE
#include <signal.h>

#include "plan.h"

static jitdebug_registration *registrations[FUNCTIONS];

static void add_one(uint32_t i) { registrations[i] = add(&i, 1); }
static void drop_one(uint32_t i) { drop(registrations[i], &i, 1); }

static void step(void (*call)(uint32_t), uint32_t i) {
  plan->stepping = 1;
  raise(SIGSTOP);
  call(i);
  plan->stepping = 0;
}

static void several(void (*call)(uint32_t), uint32_t from, uint32_t to) {
  for (uint32_t i = from; i < to; i++) call(i);
}

int main(void) {
  plan_open();
  /* What is done for the first time takes its own ways, not about the list. */
  several(add_one, 0, 700);
  several(drop_one, 0, 700);
  raise(SIGSTOP);

  step(add_one, 0); /* the first leaf */
  step(add_one, 1); /* in another unit */
  step(add_one, 4); /* in the same */
  several(add_one, 5, 30);
  step(drop_one, 20); /* a tombstone */
  step(add_one, 20);
  several(add_one, 31, 300);
  several(drop_one, 40, 100);
  several(add_one, 40, 100);
  step(add_one, 30);                 /* between others */
  for (uint32_t i = 0; i < 4; i++) { /* until a leaf is full, and split */
    several(drop_one, 40, 100);
    several(add_one, 40, 70);
    several(add_one, 70, 98);
    step(add_one, 98);
    step(add_one, 99);
  }
  drop_one(1);
  several(drop_one, 4, 300);
  step(drop_one, 0); /* the last one */
  return 0;
}
