/* What the host tells the tracer, in memory that both have mapped: where to
 * look, and the lists that may be seen while a call is under way. */
#ifndef PLAN_H
#define PLAN_H

#include <stdint.h>

#include "list.h"

enum { PLAN_FD = 42, MAX_CHANGES = 3, MAX_ENTRIES = 16 };

enum stage { STAGE_READY, STAGE_CALLING, STAGE_RETURNED };

struct plan {
  volatile int stage;
  char name[64];

  const struct descriptor *descriptor;
  uintptr_t hook, hook_size; /* __jit_debug_register_code */

  /* The call makes so many changes, one after the other. lists[i] is the list
   * after i of them, as serial numbers that end in 0; changed[i] is the image
   * that change i is about. */
  unsigned action, changes;
  uint64_t changed[MAX_CHANGES];
  uint64_t lists[MAX_CHANGES + 1][MAX_ENTRIES];

  /* Serial numbers below this are those of borrowed images, and in which array
   * each lies, one after the other. */
  uint64_t borrowed_end;
  uintptr_t buffers;
};

#endif
