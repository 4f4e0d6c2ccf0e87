/* What the runtimes of the host have in common: each generates functions that
 * call the next one's, so that a backtrace shows them all. */
#ifndef RUNTIME_H
#define RUNTIME_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct link {
  void (*function)(struct link *);
  struct link *next;
};

/* A generated function; each runtime keeps more behind it. */
struct code {
  void (*function)(struct link *);
};

struct runtime {
  struct code *(*make)(const char *name);
  void (*destroy)(struct code *code);
};

extern const struct runtime linked_runtime;

/* A code generator of one function, x86-64, and the image for it. */
struct emitted {
  void (*function)(struct link *);
  void *image;
  size_t size;
};
struct emitted emit(const char *name);
void unemit(struct emitted *emitted);

/* How many images are on the library's list. */
long list_count(void);

#ifdef __cplusplus
}
#endif

#endif
