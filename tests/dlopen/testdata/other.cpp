#include "jit.h"

int32_t discard(jitdebug_registration *registration) {
  return jitdebug_dl_unregister(registration);
}

const char *reason() { return jitdebug_dl_last_error(); }

uint32_t version() { return jitdebug_dl_version(); }
