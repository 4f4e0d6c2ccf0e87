/*
 * libjitdebug without linking to it: for a runtime that shows its code to
 * debuggers where the library is installed, and does without where it is not.
 *
 *   if (jitdebug_dl_register(elf, size, 0, &registration) != JITDEBUG_OK)
 *     log_once(jitdebug_dl_last_error());
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 *
 * Every function of jitdebug.h is here under jitdebug_dl_, with the same
 * arguments, results and rules. The first call that needs the library, from
 * whichever thread, looks for it, once:
 *
 *   1. a copy that is loaded already, by whomever;
 *   2. the file that JITDEBUG_LIBRARY names, unless the program runs with
 *      another user's rights (setuid);
 *   3. libjitdebug.so.1, where the dynamic linker looks.
 *
 * Nothing is loaded before. A server that forks its workers first has the
 * library, and Go with it, start in each worker that registers.
 *
 * Without the library functions answer JITDEBUG_E_UNSUPPORTED, at the cost of
 * a test, and jitdebug_dl_last_error() says what was tried. Nothing is printed.
 * jitdebug_dl_version() asks whether it is there.
 *
 * C99 or C++, with gcc's extensions; glibc before 2.34 wants -ldl -pthread. The
 * files of one program, or of one shared library, share what was found.
 * Since 1.0.
 */
#ifndef JITDEBUG_DL_H
#define JITDEBUG_DL_H

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#include "jitdebug.h"

#ifdef __cplusplus
extern "C" {
#endif

/*
 * What was found. A definition in each file, of which the linker keeps one: so
 * its layout may never change, a later one needs another name.
 */
struct jitdebug_dl_library_1 {
  pthread_once_t once;
  int state; /* 0 before the search, 1 loaded, -1 missing */
  __typeof__(&jitdebug_register) add;
  __typeof__(&jitdebug_register_batch) add_batch;
  __typeof__(&jitdebug_register_functions) add_functions;
  __typeof__(&jitdebug_register_object) add_object;
  __typeof__(&jitdebug_unregister) unregister;
  __typeof__(&jitdebug_registration_image) image;
  __typeof__(&jitdebug_status_string) status_string;
  __typeof__(&jitdebug_last_error) last_error;
  __typeof__(&jitdebug_notice) notice;
  __typeof__(&jitdebug_version) version;
  char missing[1024]; /* why it is not loaded, in a sentence */
};

extern struct jitdebug_dl_library_1 jitdebug_dl_library_1
    __attribute__((weak, visibility("hidden")));
struct jitdebug_dl_library_1 jitdebug_dl_library_1 = {PTHREAD_ONCE_INIT,
                                                      0,
                                                      NULL,
                                                      NULL,
                                                      NULL,
                                                      NULL,
                                                      NULL,
                                                      NULL,
                                                      NULL,
                                                      NULL,
                                                      NULL,
                                                      NULL,
                                                      ""};

/* Adds to the sentence what the dynamic linker says, and it names the file. */
static inline void jitdebug_dl_failed(void) {
  char *text = jitdebug_dl_library_1.missing;
  size_t used = strlen(text);
  const char *why = dlerror();
  snprintf(text + used, sizeof jitdebug_dl_library_1.missing - used, "; %s",
           why ? why : "unknown error");
}

/* ISO C does not let dlsym's result be cast to a function. */
static inline int jitdebug_dl_find(void *handle, const char *name,
                                   void *function) {
  void *found = dlsym(handle, name);
  memcpy(function, &found, sizeof found);
  return found != NULL;
}

static inline int jitdebug_dl_try(const char *path, int flags) {
  struct jitdebug_dl_library_1 *library = &jitdebug_dl_library_1;
  void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | flags);
  if (!handle) {
    if (!(flags & RTLD_NOLOAD)) jitdebug_dl_failed();
    return 0;
  }
  if (jitdebug_dl_find(handle, "jitdebug_register", &library->add) &&
      jitdebug_dl_find(handle, "jitdebug_register_batch",
                       &library->add_batch) &&
      jitdebug_dl_find(handle, "jitdebug_register_functions",
                       &library->add_functions) &&
      jitdebug_dl_find(handle, "jitdebug_register_object",
                       &library->add_object) &&
      jitdebug_dl_find(handle, "jitdebug_unregister", &library->unregister) &&
      jitdebug_dl_find(handle, "jitdebug_registration_image",
                       &library->image) &&
      jitdebug_dl_find(handle, "jitdebug_status_string",
                       &library->status_string) &&
      jitdebug_dl_find(handle, "jitdebug_last_error", &library->last_error) &&
      jitdebug_dl_find(handle, "jitdebug_notice", &library->notice) &&
      jitdebug_dl_find(handle, "jitdebug_version", &library->version)) {
    return 1;
  }
  jitdebug_dl_failed();
  dlclose(handle);
  return 0;
}

static inline void jitdebug_dl_load(void) {
  static const char soname[] = "libjitdebug.so.1";
  int saved = errno, loaded;
  /* secure_getenv would need _GNU_SOURCE in whoever includes this. */
  const char *path = getauxval(AT_SECURE) ? NULL : getenv("JITDEBUG_LIBRARY");
  strcpy(jitdebug_dl_library_1.missing,
         "libjitdebug is not loaded in this process, and cannot be");
  loaded = jitdebug_dl_try(soname, RTLD_NOLOAD) ||
           (path && *path && jitdebug_dl_try(path, 0)) ||
           jitdebug_dl_try(soname, 0);
  __atomic_store_n(&jitdebug_dl_library_1.state, loaded ? 1 : -1,
                   __ATOMIC_RELEASE);
  errno = saved;
}

static inline int jitdebug_dl_state(void) {
  return __atomic_load_n(&jitdebug_dl_library_1.state, __ATOMIC_ACQUIRE);
}

/* The library, looked for if need be, or NULL. */
static inline const struct jitdebug_dl_library_1 *jitdebug_dl_library(void) {
  if (!jitdebug_dl_state())
    pthread_once(&jitdebug_dl_library_1.once, jitdebug_dl_load);
  return jitdebug_dl_state() > 0 ? &jitdebug_dl_library_1 : NULL;
}

static inline int32_t jitdebug_dl_register(
    const void *image, size_t size, uint32_t flags,
    jitdebug_registration **registration) {
  const struct jitdebug_dl_library_1 *library = jitdebug_dl_library();
  return library ? library->add(image, size, flags, registration)
                 : JITDEBUG_E_UNSUPPORTED;
}

static inline int32_t jitdebug_dl_register_batch(
    const jitdebug_image *images, size_t count, uint32_t flags,
    jitdebug_registration **registration) {
  const struct jitdebug_dl_library_1 *library = jitdebug_dl_library();
  return library ? library->add_batch(images, count, flags, registration)
                 : JITDEBUG_E_UNSUPPORTED;
}

static inline int32_t jitdebug_dl_register_functions(
    const jitdebug_function *functions, size_t count, uint32_t flags,
    jitdebug_registration **registration) {
  const struct jitdebug_dl_library_1 *library = jitdebug_dl_library();
  return library ? library->add_functions(functions, count, flags, registration)
                 : JITDEBUG_E_UNSUPPORTED;
}

static inline int32_t jitdebug_dl_register_object(
    const void *object, size_t size, const jitdebug_section *sections,
    size_t count, uint32_t flags, jitdebug_registration **registration) {
  const struct jitdebug_dl_library_1 *library = jitdebug_dl_library();
  return library ? library->add_object(object, size, sections, count, flags,
                                       registration)
                 : JITDEBUG_E_UNSUPPORTED;
}

/* NULL is fine without the library too, and does not load it. */
static inline int32_t jitdebug_dl_unregister(
    jitdebug_registration *registration) {
  const struct jitdebug_dl_library_1 *library;
  if (!registration) return JITDEBUG_OK;
  library = jitdebug_dl_library();
  return library ? library->unregister(registration) : JITDEBUG_E_UNSUPPORTED;
}

static inline int32_t jitdebug_dl_registration_image(
    const jitdebug_registration *registration, size_t index, const void **image,
    size_t *size) {
  const struct jitdebug_dl_library_1 *library = jitdebug_dl_library();
  return library ? library->image(registration, index, image, size)
                 : JITDEBUG_E_UNSUPPORTED;
}

/* The texts do not load the library. */
static inline const char *jitdebug_dl_status_string(int32_t status) {
  if (jitdebug_dl_state() > 0)
    return jitdebug_dl_library_1.status_string(status);
  return status == JITDEBUG_OK ? "success" : "libjitdebug is not loaded";
}

/* Without the library: why it is missing, whichever thread asks. */
static inline const char *jitdebug_dl_last_error(void) {
  switch (jitdebug_dl_state()) {
    case 0:
      return "";
    case 1:
      return jitdebug_dl_library_1.last_error();
    default:
      return jitdebug_dl_library_1.missing;
  }
}

static inline const char *jitdebug_dl_notice(void) {
  return jitdebug_dl_state() > 0 ? jitdebug_dl_library_1.notice() : "";
}

/* 0 without the library: then a runtime can spare itself making images. */
static inline uint32_t jitdebug_dl_version(void) {
  const struct jitdebug_dl_library_1 *library = jitdebug_dl_library();
  return library ? library->version() : 0;
}

#ifdef __cplusplus
}
#endif

#endif /* JITDEBUG_DL_H */
