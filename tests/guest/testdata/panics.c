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

static void registers_functions(void) {
  jitdebug_registration *registration = untouched;
  internal(library_function(&library, 0, &registration));
  int32_t status = library_function(&library, JITDEBUG_NOWAIT, &registration);
  if (status != JITDEBUG_E_BUSY) internal(status); /* of the other thread */
  CHECK(registration == untouched, "an output was written");
}

static void registers_objects(void) {
  jitdebug_registration *registration = untouched;
  internal(library_object(&library, 0, &registration));
  int32_t status = library_object(&library, JITDEBUG_NOWAIT, &registration);
  if (status != JITDEBUG_E_BUSY) internal(status);
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

typedef int32_t registering(const void *address, uint32_t flags,
                            jitdebug_registration **registration);

static int32_t registers_an_image(const void *address, uint32_t flags,
                                  jitdebug_registration **registration) {
  (void)address;
  struct image image;
  image_make(&image, 1);
  return library_register(&image, sizeof image, flags, registration);
}

static void unregisters(registering *call) {
  jitdebug_registration *registration;
  CHECK(call(&library, 0, &registration) == 0, "%s", library_last_error());
  internal(library_unregister(registration));
  const void *data;
  size_t size;
  CHECK(library_image(registration, 0, &data, &size) == 0, "%s",
        library_last_error());
}

static void images(registering *call) {
  jitdebug_registration *registration;
  const void *data = untouched;
  size_t size = 42;
  CHECK(call(&library, 0, &registration) == 0, "%s", library_last_error());
  internal(library_image(registration, 0, &data, &size));
  CHECK(data == untouched && size == 42, "an output was written");
  CHECK(library_unregister(registration) == 0, "%s", library_last_error());
}

static void *often(void *unused) {
  const char *fault = getenv("JITDEBUG_FAULT");
  for (int i = 0; i < 200; i++) {
    if (strcmp(fault, "register") == 0) registers(), lock_is_free();
    if (strcmp(fault, "functions") == 0) registers_functions(), lock_is_free();
    if (strcmp(fault, "object") == 0) registers_objects(), lock_is_free();
    if (strcmp(fault, "locked") == 0) {
      registers();
      registers_functions();
      registers_objects();
      lock_is_free();
    }
    if (strcmp(fault, "unregister") == 0) {
      unregisters(registers_an_image);
      unregisters(library_function);
      unregisters(library_object);
    }
    if (strcmp(fault, "image") == 0) {
      images(registers_an_image);
      images(library_function);
      images(library_object);
    }
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
