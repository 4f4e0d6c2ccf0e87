/* Makes calls for the test to step through: it stops itself before each, and
 * clears plan->stepping after it. */
#define _GNU_SOURCE
#include <signal.h>

#include "plan.h"

static jitdebug_registration *registrations[FUNCTIONS];

static void add_one(uint32_t i) { registrations[i] = add(&i, 1); }
static void drop_one(uint32_t i) { drop(registrations[i], &i, 1); }

/* skip: how many changes of the list's head come before the steps. */
static void step(void (*call)(uint32_t), uint32_t i, uint32_t skip) {
  plan->stepping = 1;
  plan->skip = skip;
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

  several(add_one, 0, 23);
  step(add_one, 23, 2); /* merges: first its own, then the merged one */
  several(add_one, 24, 40);
  step(drop_one, 30, 0); /* alone in its image */
  step(drop_one, 12, 1); /* in a merged one, which is written anew */
  step(add_one, 12, 1);  /* between functions of that: so is it again */
  several(drop_one, 0, 11);
  step(drop_one, 11, 1);
  return 0;
}
