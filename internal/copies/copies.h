/* The other copies of this library in the process: the one that was loaded
 * first and keeps the list, and the one that is started afresh in a child. */
#ifndef JITDEBUG_COPIES_H
#define JITDEBUG_COPIES_H

#include "../../include/jitdebug.h"
#include "../gdbjit/descriptor.h"

#define COPIES_FUNCTIONS(X)      \
  X(jitdebug_register)           \
  X(jitdebug_register_batch)     \
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

/* Starts the library again in a forked child, from a private copy of its file,
 * and lets it adopt what this copy's list and handles are. Returns NULL if that
 * is forbidden here, with the reason in *why (static until the next call). Each
 * process tries once; any thread may call. */
const struct copy *copies_restart(const char **why);

/* The file that this copy came from: the one thing that a copy in a child
 * cannot find out by itself. */
const struct origin *copies_origin(void);
void copies_inherit(const struct origin *origin);

/* What a copy hands over when it is started again; in memory that a child has
 * inherited. */
struct estate {
  struct gdbjit_pair pair;
  const char *notice;
  void *blocks;
  const struct origin *origin;
};

/* Implemented beside the gate: called in the new copy, before anything else. */
int32_t gate_adopt(const struct estate *estate);
/* Implemented beside the gate: what this copy would hand over. */
struct estate gate_estate(void);

#endif
