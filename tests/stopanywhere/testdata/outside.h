/* The list, read from another process. */
#ifndef OUTSIDE_H
#define OUTSIDE_H

#include <errno.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "list.h"

static pid_t host;

static inline int read_host(const void *address, void *to, size_t size) {
  struct iovec here = {to, size}, there = {(void *)address, size};
  return process_vm_readv(host, &here, 1, &there, 1, 0) == (ssize_t)size;
}

/* Reads the whole image of an entry; false if there is none. */
static inline int read_image(const struct code_entry *at,
                             struct code_entry *entry, struct image *image) {
  return read_host(at, entry, sizeof *entry) && entry->size == sizeof *image &&
         read_host(entry->symfile, image, sizeof *image) &&
         image_whole(image, entry->size);
}

#endif
