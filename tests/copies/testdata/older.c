/* Loads an older library, then a newer one, both given by path, and asks the
 * newer for what the older one lacks. Prints what it is told. */
#include <dlfcn.h>

#include "../../host/testdata/list.h"
#include "jitdebug.h"

static const char *const lacking[] = {"jitdebug_register_batch",
                                      "jitdebug_register_functions",
                                      "jitdebug_register_object"};

int main(int argc, char **argv) {
  CHECK(argc == 3, "usage: older OLDER NEWER");
  void *older = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
  CHECK(older, "%s", dlerror());
  void *newer = dlopen(argv[2], RTLD_NOW | RTLD_LOCAL);
  CHECK(newer && newer != older, "%s", dlerror());
  for (size_t i = 0; i < sizeof lacking / sizeof *lacking; i++)
    CHECK(!dlsym(older, lacking[i]), "the older one has %s", lacking[i]);

  __typeof__(jitdebug_register) *one =
      (__typeof__(one))dlsym(newer, "jitdebug_register");
  __typeof__(jitdebug_register_batch) *batch =
      (__typeof__(batch))dlsym(newer, "jitdebug_register_batch");
  __typeof__(jitdebug_register_functions) *functions =
      (__typeof__(functions))dlsym(newer, "jitdebug_register_functions");
  __typeof__(jitdebug_register_object) *object =
      (__typeof__(object))dlsym(newer, "jitdebug_register_object");
  __typeof__(jitdebug_last_error) *error =
      (__typeof__(error))dlsym(newer, "jitdebug_last_error");
  jitdebug_registration *registration = NULL;
  struct image image;
  image_make(&image, 1);
  CHECK(one(&image, sizeof image, 0, &registration) == JITDEBUG_OK, "%s",
        error());
  CHECK(list_length(list_descriptor(older), 10) == 1,
        "not on the older one's list");
  registration = NULL;
  CHECK(batch(&(jitdebug_image){&image, sizeof image}, 1, 0, &registration) ==
                JITDEBUG_E_UNSUPPORTED &&
            !registration,
        "%s", error());
  puts(error());
  const jitdebug_function function = {.struct_size = sizeof function,
                                      .name = "function",
                                      .address = &image,
                                      .size = sizeof image};
  CHECK(functions(&function, 1, 0, &registration) == JITDEBUG_E_UNSUPPORTED &&
            !registration,
        "%s", error());
  puts(error());
  const jitdebug_section place = {sizeof place, 1, NULL, &image};
  CHECK(object(&image, sizeof image, &place, 1, 0, &registration) ==
                JITDEBUG_E_UNSUPPORTED &&
            !registration,
        "%s", error());
  puts(error());
  return 0;
}
