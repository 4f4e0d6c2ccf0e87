/*
 * Loads ./libjitdebug.so.1, goes to another directory, registers, and prints
 * what jitdebug_notice says.
 *
 * usage: elsewhere DIRECTORY [namespace]
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <unistd.h>

#include "../../host/testdata/list.h"
#include "jitdebug.h"

static void *symbol(void *library, const char *name) {
  void *found = dlsym(library, name);
  CHECK(found, "%s", dlerror());
  return found;
}

int main(int argc, char **argv) {
  static const char file[] = "./libjitdebug.so.1";
  struct image image;
  jitdebug_registration *registration;
  void *library =
      argc > 2 ? dlmopen(LM_ID_NEWLM, file, RTLD_NOW) : dlopen(file, RTLD_NOW);
  CHECK(library, "%s", dlerror());
  CHECK(chdir(argv[1]) == 0, "chdir");
  image_make(&image, 1);
  __typeof__(&jitdebug_register) add = symbol(library, "jitdebug_register");
  __typeof__(&jitdebug_last_error) why = symbol(library, "jitdebug_last_error");
  __typeof__(&jitdebug_notice) notice = symbol(library, "jitdebug_notice");
  CHECK(add(&image, sizeof image, 0, &registration) == JITDEBUG_OK, "%s",
        why());
  printf("%s\n", notice());
  return 0;
}
