/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* The other copies of this library in the process: the one that was loaded
 * first and keeps the list, and the one that is started afresh in a child. */
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

/* Returns where the object that has this address is loaded. */
uintptr_t copies_base(const void *address);

/* Looks up the functions of a copy that dlopen returned. */
void copies_functions(struct copy *copy, void *handle);

/* Returns the copy that was loaded before this one, or NULL. */
const struct copy *copies_first(void);

/* Returns the copy that answers in a forked child in this one's place: this
 * library started again, from a private copy of its file. Or NULL, with a
 * sentence in refusal; the next call tries again. Any thread may call.
 *
 * adopt, of the new copy, is called before anything else of it, with what
 * estate of this one returns. */
struct estate;
typedef const struct estate *copies_estate(void);
typedef int32_t copies_adopt(const struct estate *estate);
const struct copy *copies_in_child(copies_estate *estate, copies_adopt *adopt,
                                   char *refusal, size_t refusal_size);

/* The file that this copy came from: a child's is of the same. */
const struct origin *copies_origin(void);
void copies_inherit(const struct origin *origin);

#endif
