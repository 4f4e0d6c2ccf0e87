/* Registers functions one at a time, and unregisters them in random order. It
 * stops itself before, between and after. */
#define _GNU_SOURCE
#include <signal.h>

#include "plan.h"
#include "random.h"

int main(void) {
  static jitdebug_registration *registrations[FUNCTIONS];
  static uint32_t order[FUNCTIONS];
  uint64_t random = 1;
  plan_open();
  raise(SIGSTOP);
  for (uint32_t i = 0; i < FUNCTIONS; i++) {
    order[i] = i;
    registrations[i] = add(&order[i], 1);
    plan->calls++;
  }
  raise(SIGSTOP);
  for (uint32_t i = FUNCTIONS; i > 0; i--) {
    const uint64_t chosen = random_below(&random, i);
    const uint32_t index = order[chosen];
    order[chosen] = order[i - 1];
    drop(registrations[index], &index, 1);
    plan->calls++;
  }
  raise(SIGSTOP);
  return 0;
}
