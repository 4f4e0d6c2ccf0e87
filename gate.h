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
  const jitdebug_function *functions;
  const jitdebug_section *sections;
  size_t count;
  uint32_t flags;
  void *handle;       /* jitdebug_registration *, in or out */
  const void *output; /* the caller's place for the result: NULL or not */
  struct gate_memory memory;
  void *blocks; /* adopting: of the handles that a parent process left */
  void *records, *order; /* C memory that the gate frees after the call */
  size_t index;          /* jitdebug_registration_image: which */

  /* The image that is asked for; or the one that is registered, if it is a
   * single one, with images pointing to it. */
  jitdebug_image image;

  char text[GATE_TEXT_SIZE]; /* the sentence, if the call fails */
};

void gate_set_unregister_outside(uintptr_t address);

#endif
