/* The copy of this library that was loaded first, and keeps the process's list.
 */
#ifndef JITDEBUG_COPIES_H
#define JITDEBUG_COPIES_H

#include "../../include/jitdebug.h"

#define COPIES_FUNCTIONS(X)      \
  X(jitdebug_register)           \
  X(jitdebug_register_batch)     \
  X(jitdebug_register_functions) \
  X(jitdebug_register_object)    \
  X(jitdebug_unregister)         \
  X(jitdebug_registration_image) \
  X(jitdebug_last_error)         \
  X(jitdebug_notice)             \
  X(jitdebug_version)

/* A copy's functions. NULL where an older version has none. */
struct copy {
#define X(name) __typeof__(name) *name;
  COPIES_FUNCTIONS(X)
#undef X
};

/* Returns the copy that was loaded before this one, or NULL. */
const struct copy *copies_first(void);

#endif
