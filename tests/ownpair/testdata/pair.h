/* A runtime's own implementation of the GDB JIT interface, as each has one. */
#ifndef PAIR_H
#define PAIR_H

#include <stddef.h>

/* Registers an image with the runtime's own list, for good. */
void pair_register(const void *image, size_t size);

#endif
