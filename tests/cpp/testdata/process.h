/* This process as a debugger sees it, for C++: tests/host is C. */
#ifndef PROCESS_H
#define PROCESS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { IMAGE_SIZE = 408 };

/* Makes an image of IMAGE_SIZE bytes. */
void make_image(void *bytes, uint64_t serial);

/* How many images are on the list; -1 if something on it is not whole. */
long images_listed(void);

#ifdef __cplusplus
}
#endif

#endif
