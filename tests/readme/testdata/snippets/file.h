/* What the snippets register: the object file OBJECT. */
#ifndef FILE_H
#define FILE_H

#include <stdio.h>
#include <stdlib.h>

static inline void *file_read(size_t *size) {
  FILE *file = fopen(OBJECT, "rb");
  void *bytes = malloc(65536);
  if (!file || !bytes) exit(1);
  *size = fread(bytes, 1, 65536, file);
  fclose(file);
  return bytes;
}

/* Ends the program unless something holds. */
static inline void must(int holds, const char *what) {
  if (holds) return;
  fprintf(stderr, "%s does not hold\n", what);
  exit(1);
}
#define MUST(...) must((__VA_ARGS__), #__VA_ARGS__)

#endif
