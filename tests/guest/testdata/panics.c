/*
 * Every function survives a panic inside it, in the build that panics on
 * purpose where the environment variable JITDEBUG_FAULT says.
 */
#include <pthread.h>

#include "library.h"

static jitdebug_registration *const untouched = (void *)&library;

static void internal(int32_t status) {
  CHECK(status == JITDEBUG_E_INTERNAL, "status %d", status);
  CHECK(strstr(library_last_error(), "on purpose"), "the text is: %s",
        library_last_error());
}

static void registers(void) {
  struct image image;
  image_make(&image, 1);
  jitdebug_image batch[2] = {{&image, sizeof image}, {&image, sizeof image}};
  jitdebug_registration *registration = untouched;
  internal(library_register(&image, sizeof image, 0, &registration));
  internal(
      library_register(&image, sizeof image, JITDEBUG_BORROW, &registration));
  int32_t status =
      library_register(&image, sizeof image, JITDEBUG_NOWAIT, &registration);
  if (status != JITDEBUG_E_BUSY) internal(status); /* of the other thread */
  internal(library_register_batch(batch, 2, 0, &registration));
  CHECK(registration == untouched, "an output was written");
}

/* A lock that is left held makes this hang. */
static void lock_is_free(void) {
  const void *data;
  size_t size;
  CHECK(library_image((void *)0x1000, 0, &data, &size) == JITDEBUG_E_HANDLE,
        "registration_image");
  CHECK(library_unregister((void *)0x1000) == JITDEBUG_E_HANDLE, "unregister");
}

static void unregisters(void) {
  struct image image;
  jitdebug_registration *registration;
  image_make(&image, 1);
  CHECK(library_register(&image, sizeof image, 0, &registration) == 0, "%s",
        library_last_error());
  internal(library_unregister(registration));
  const void *data;
  size_t size;
  CHECK(library_image(registration, 0, &data, &size) == 0, "%s",
        library_last_error());
}

static void images(void) {
  struct image image;
  jitdebug_registration *registration;
  const void *data = untouched;
  size_t size = 42;
  image_make(&image, 1);
  CHECK(library_register(&image, sizeof image, 0, &registration) == 0, "%s",
        library_last_error());
  internal(library_image(registration, 0, &data, &size));
  CHECK(data == untouched && size == 42, "an output was written");
  CHECK(library_unregister(registration) == 0, "%s", library_last_error());
}

static void *often(void *unused) {
  const char *fault = getenv("JITDEBUG_FAULT");
  for (int i = 0; i < 200; i++) {
    if (strcmp(fault, "register") == 0) registers(), lock_is_free();
    if (strcmp(fault, "locked") == 0) registers(), lock_is_free();
    if (strcmp(fault, "unregister") == 0) unregisters();
    if (strcmp(fault, "image") == 0) images();
  }
  return unused;
}

int main(void) {
  pthread_t thread;
  library_load();
  pthread_create(&thread, NULL, often, NULL);
  often(NULL);
  pthread_join(thread, NULL);
  return 0;
}
