/* A JIT of two files, for the library's state is shared by all of a program. */
#ifndef JIT_H
#define JIT_H

#include <jitdebug_dl.h>

#ifdef __cplusplus
extern "C" {
#endif

/* In the other file, which is C++. */
int32_t discard(jitdebug_registration *registration);
const char *reason(void);
uint32_t version(void);

#ifdef __cplusplus
}
#endif

#endif
