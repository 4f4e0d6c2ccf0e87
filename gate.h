/* What passes between the gate and the Go side, in both directions. */
#ifndef JITDEBUG_GATE_H
#define JITDEBUG_GATE_H

#include "include/jitdebug.h"

enum { GATE_TEXT_SIZE = 512 };

/* C memory. Registering: had already, or to be had; the gate frees it if the
 * call fails. Unregistering: to be freed. */
struct gate_memory {
  void *entries, *copies;
};

struct gate_call {
  const jitdebug_image *images;
  size_t count;
  uint32_t flags;
  void *handle; /* jitdebug_registration *, in or out */
  const void
      *output; /* where the caller wants the result: only its NULL counts */

  struct gate_memory memory;

  size_t index;         /* jitdebug_registration_image: which, */
  jitdebug_image image; /* and what it is */

  char text[GATE_TEXT_SIZE]; /* the sentence, if the call fails */
};

void gate_set_unregister_outside(uintptr_t address);

#endif
