/* Object files loaded as a JIT does: each section to a place of its own, at
 * random. */
#ifndef LOADER_H
#define LOADER_H

#include <jitdebug.h>

struct loaded {
  char *object; /* from malloc */
  size_t size;
  jitdebug_section *sections; /* from malloc */
  size_t count;
  void *entry; /* the function that has the file's name, without its ending */
};

/* Which sections to tell about, and how. */
enum telling { ALL_BY_INDEX, CODE_BY_NAME };

struct loaded load_object(const char *path, enum telling telling);

#endif
