/* A file's bytes in memory. */
#ifndef FILE_H
#define FILE_H

#include "check.h"

/* Reads a file that is not empty, or ends the program. The caller frees it. */
static inline void *file_read(const char *path, size_t *size) {
  FILE *file = fopen(path, "rb");
  CHECK(file, "%s", path);
  CHECK(fseek(file, 0, SEEK_END) == 0, "%s", path);
  const long length = ftell(file);
  CHECK(length > 0, "%s", path);
  rewind(file);
  void *bytes = malloc((size_t)length);
  CHECK(bytes && fread(bytes, 1, (size_t)length, file) == (size_t)length, "%s",
        path);
  fclose(file);
  *size = (size_t)length;
  return bytes;
}

#endif
