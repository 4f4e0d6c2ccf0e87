/* The library as the hosts here use it: linked (LINKED), or loaded when they
 * ask for it from the path in the environment variable LIBRARY. */
#ifndef LIBRARY_H
#define LIBRARY_H

#include <dlfcn.h>
#include <jitdebug.h>

#include "list.h"

#ifdef LINKED
#define library_load_with(flags) \
  dlopen("libjitdebug.so.1", (flags) | RTLD_NOLOAD)
#else
#define library_load_with(flags) dlopen(getenv("LIBRARY"), flags)
#endif

static void *library;
static __typeof__(&jitdebug_register) library_register;
static __typeof__(&jitdebug_register_batch) library_register_batch;
static __typeof__(&jitdebug_register_functions) library_register_functions;
static __typeof__(&jitdebug_register_object) library_register_object;
static __typeof__(&jitdebug_unregister) library_unregister;
static __typeof__(&jitdebug_registration_image) library_image;
static __typeof__(&jitdebug_last_error) library_last_error;
static __typeof__(&jitdebug_status_string) library_status_string;
static __typeof__(&jitdebug_version) library_version;

static inline void *library_symbol(const char *name) {
  void *symbol = dlsym(library, name);
  CHECK(symbol, "%s", dlerror());
  return symbol;
}

static inline void library_load_flags(int flags) {
  library = library_load_with(flags);
  CHECK(library, "%s", dlerror());
  library_register = library_symbol("jitdebug_register");
  library_register_batch = library_symbol("jitdebug_register_batch");
  library_register_functions = library_symbol("jitdebug_register_functions");
  library_register_object = library_symbol("jitdebug_register_object");
  library_unregister = library_symbol("jitdebug_unregister");
  library_image = library_symbol("jitdebug_registration_image");
  library_last_error = library_symbol("jitdebug_last_error");
  library_status_string = library_symbol("jitdebug_status_string");
  library_version = library_symbol("jitdebug_version");
}

static inline void library_load(void) { library_load_flags(RTLD_NOW); }

/* One registration and its end. */
static inline void library_pair(void) {
  struct image image;
  jitdebug_registration *registration;
  image_make(&image, 1);
  CHECK(library_register(&image, sizeof image, 0, &registration) == 0, "%s",
        library_last_error());
  CHECK(library_unregister(registration) == 0, "%s", library_last_error());
}

/* A function with lines whose code, at its address, is that of no prologue. */
static inline int32_t library_function(const void *address, uint32_t flags,
                                       jitdebug_registration **registration) {
  static const jitdebug_line lines[] = {{0, 1, 0}, {8, 2, 0}};
  const jitdebug_function function = {.struct_size = sizeof function,
                                      .unwind = JITDEBUG_UNWIND_FRAME_POINTER,
                                      .name = "function",
                                      .address = address,
                                      .size = 16,
                                      .file = "file",
                                      .lines = lines,
                                      .line_count = 2};
  return library_register_functions(&function, 1, flags, registration);
}

/* An image serves as an object whose only section was loaded here. */
static inline int32_t library_object(const void *address, uint32_t flags,
                                     jitdebug_registration **registration) {
  struct image image;
  image_make(&image, 1);
  const jitdebug_section place = {sizeof place, 1, NULL, address};
  return library_register_object(&image, sizeof image, &place, 1, flags,
                                 registration);
}

/* A call that fails. Its text is made by Go, which allocates. */
static inline void library_failure(void) {
  struct image image = {0};
  jitdebug_registration *registration;
  CHECK(library_register(&image, sizeof image, 0, &registration) ==
            JITDEBUG_E_IMAGE,
        "a bad image was taken");
}

/* Functions and objects: so many that functions share images, and gone again.
 */
static inline void library_generated(void) {
  enum { COUNT = 30 };
  jitdebug_registration *functions[COUNT], *object;
  for (int i = 0; i < COUNT; i++)
    CHECK(library_function((char *)0x200000 + 16 * i, 0, &functions[i]) == 0,
          "%s", library_last_error());
  CHECK(library_object((void *)0x300000, 0, &object) == 0, "%s",
        library_last_error());
  CHECK(library_unregister(object) == 0, "%s", library_last_error());
  for (int i = 0; i < COUNT; i++)
    CHECK(library_unregister(functions[i]) == 0, "%s", library_last_error());
}

/* A batch of borrowed images that lie on this thread's stack. */
static inline void library_batch(void) {
  struct image images[8];
  jitdebug_image batch[8];
  jitdebug_registration *registration;
  for (int i = 0; i < 8; i++) {
    image_make(&images[i], i + 1);
    batch[i] = (jitdebug_image){&images[i], sizeof images[i]};
  }
  CHECK(library_register_batch(batch, 8, JITDEBUG_BORROW, &registration) == 0,
        "%s", library_last_error());
  CHECK(library_unregister(registration) == 0, "%s", library_last_error());
}

/* Everything once, the failures too. */
static inline void library_exercise(void) {
  struct image images[2];
  jitdebug_registration *registration;
  const void *data;
  size_t size;
  image_make(&images[0], 1);
  image_make(&images[1], 2);
  jitdebug_image batch[2] = {{&images[0], sizeof images[0]},
                             {&images[1], sizeof images[1]}};
  library_pair();
  library_failure();
  library_generated();
  CHECK(library_register(NULL, 0, 0, &registration) == JITDEBUG_E_ARGUMENT,
        "-");
  CHECK(library_register(images, sizeof images[0], 64, &registration) ==
            JITDEBUG_E_ARGUMENT,
        "-");
  CHECK(
      library_register((void *)64, 4096, 0, &registration) == JITDEBUG_E_IMAGE,
      "-");
  CHECK(library_register_batch(batch, 2, JITDEBUG_BORROW, &registration) == 0,
        "%s", library_last_error());
  CHECK(library_image(registration, 1, &data, &size) == 0, "%s",
        library_last_error());
  CHECK(library_image(registration, 2, &data, &size) == JITDEBUG_E_ARGUMENT,
        "-");
  jitdebug_registration *second;
  CHECK(library_register_batch(batch, 2, JITDEBUG_BORROW, &second) ==
            JITDEBUG_E_DUPLICATE,
        "-");
  CHECK(library_unregister(registration) == 0, "%s", library_last_error());
  CHECK(library_unregister(registration) == JITDEBUG_E_STALE, "-");
  CHECK(library_unregister((void *)images) == JITDEBUG_E_HANDLE, "-");
  CHECK(library_unregister(NULL) == 0, "-");
  CHECK(*library_last_error() && *library_status_string(0), "-");
  CHECK(library_version() >> 16 == JITDEBUG_VERSION_MAJOR, "-");
}

#endif
