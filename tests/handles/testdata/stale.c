/* A stale handle stays stale while its slot serves others, again and again. */
#include "handle.h"
#include "settled.h"

enum { STALE = 64, LIVES = 220000 };

int main(void) {
  jitdebug_registration *stale[STALE];
  for (int i = 0; i < STALE; i++) stale[i] = register_serial(i);
  for (int i = 0; i < STALE; i++)
    CHECK(jitdebug_unregister(stale[i]) == JITDEBUG_OK, "%s",
          jitdebug_last_error());

  for (int life = 0; life < LIVES; life++) {
    jitdebug_registration *live = register_serial(STALE + life);
    for (int i = life % 8; i < STALE; i += 8)
      CHECK(jitdebug_unregister(stale[i]) == JITDEBUG_E_STALE,
            "handle %p after %d lives: not stale", (void *)stale[i], life);
    CHECK(ask(stale[life % STALE], 0) == JITDEBUG_E_STALE,
          "handle %p after %d lives: not stale", (void *)stale[life % STALE],
          life);
    CHECK(ask(live, STALE + life) == JITDEBUG_OK, "life %d: %s", life,
          jitdebug_last_error());
    CHECK(jitdebug_unregister(live) == JITDEBUG_OK, "life %d: %s", life,
          jitdebug_last_error());
    check_refused(live, JITDEBUG_E_STALE, "just unregistered");
  }
  CHECK(settled_length() == 0, "the list is not empty");
  return 0;
}
