/* The list while nobody is changing it, whatever its images are. */
#ifndef SETTLED_H
#define SETTLED_H

#include "list.h"

/* Returns the list's length, or ends the program where it is not whole in both
 * directions or an action stands. */
static inline size_t settled_length(void) {
  static struct descriptor *known;
  struct descriptor *list = __atomic_load_n(&known, __ATOMIC_RELAXED);
  if (!list) {
    list = list_descriptor(RTLD_DEFAULT);
    __atomic_store_n(&known, list, __ATOMIC_RELAXED);
  }
  const struct code_entry *before = NULL;
  size_t length = 0;
  CHECK(list->action == ACTION_NONE && !list->relevant, "an action stands");
  for (const struct code_entry *entry = list->first; entry;
       before = entry, entry = entry->next, length++) {
    CHECK(entry->prev == before, "at entry %zu", length);
    CHECK(entry->symfile && entry->size, "at entry %zu", length);
    CHECK(length < 100000000, "the list has no end");
  }
  return length;
}

#endif
