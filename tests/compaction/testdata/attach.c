/* Makes calls for a debugger to come in the middle of: it stops itself before
 * each, and clears plan->stepping after it. */
#define _GNU_SOURCE
#include <signal.h>

#include "plan.h"
#include "random.h"

int main(void) {
  enum { USED = 600 };
  static jitdebug_registration *registrations[USED];
  uint64_t random = 1;
  plan_open();
  for (uint32_t i = 0; i < USED; i += 2) registrations[i] = add(&i, 1);
  raise(SIGSTOP);
  for (int call = 0; call < 500; call++) {
    const uint32_t i = (uint32_t)random_below(&random, USED);
    plan->stepping = 1;
    raise(SIGSTOP);
    if (registrations[i]) {
      drop(registrations[i], &i, 1);
      registrations[i] = NULL;
    } else {
      registrations[i] = add(&i, 1);
    }
    plan->calls++;
    plan->stepping = 0;
    raise(SIGSTOP);
  }
  return 0;
}
