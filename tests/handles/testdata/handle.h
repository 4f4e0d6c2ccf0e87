/* Handles as the tests make them: of numbers too, and asked what they are. */
#ifndef HANDLE_H
#define HANDLE_H

#include <jitdebug.h>

#include "check.h"
#include "image.h"

static inline jitdebug_registration *register_serial(uint64_t serial) {
  struct image image;
  jitdebug_registration *registration;
  image_make(&image, serial);
  CHECK(
      jitdebug_register(&image, sizeof image, 0, &registration) == JITDEBUG_OK,
      "%s", jitdebug_last_error());
  return registration;
}

/* Asks for the image, and where there is one, for the one with this serial. */
static inline int32_t ask(const jitdebug_registration *registration,
                          uint64_t serial) {
  const void *data;
  size_t size;
  const int32_t status =
      jitdebug_registration_image(registration, 0, &data, &size);
  if (status == JITDEBUG_OK)
    CHECK(size == sizeof(struct image) &&
              ((const struct image *)data)->serial == serial,
          "registration %p shows another's image", (const void *)registration);
  return status;
}

/* Every function that takes a handle gives this answer, which is a refusal. */
static inline void check_refused(const void *handle, int32_t expected,
                                 const char *kind) {
  jitdebug_registration *registration = (jitdebug_registration *)handle;
  const void *data = NULL;
  size_t size = 0;
  int32_t status = jitdebug_registration_image(registration, 0, &data, &size);
  CHECK(status == expected && !data && !size, "%s %p: image: %s, expected %s",
        kind, handle, jitdebug_status_string(status),
        jitdebug_status_string(expected));
  status = jitdebug_unregister(registration);
  CHECK(status == expected, "%s %p: unregister: %s, expected %s", kind, handle,
        jitdebug_status_string(status), jitdebug_status_string(expected));
}

#endif
