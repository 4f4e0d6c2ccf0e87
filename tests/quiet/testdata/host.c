/* A host whose sessions are compared: it is linked with libjitdebug, or with a
 * C library that does nothing; or it opens either. */
#include <dlfcn.h>
#include <jitdebug.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "check.h"
#include "image.h"

#ifdef LINKED
#define library_register jitdebug_register
#define library_unregister jitdebug_unregister
static void open_library(void) {}
#else
static __typeof__(&jitdebug_register) library_register;
static __typeof__(&jitdebug_unregister) library_unregister;

static void open_library(void) {
  void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
  CHECK(library, "%s", dlerror());
  library_register = dlsym(library, "jitdebug_register");
  library_unregister = dlsym(library, "jitdebug_unregister");
}
#endif

__attribute__((noinline)) static void registered(int waits) {
  printf("registered in %d\n", (int)getpid());
  fflush(stdout);
  if (waits) pause();
}

__attribute__((noinline)) static void unregistered(void) {
  puts("unregistered");
  fflush(stdout);
}

int main(int argc, char **argv) {
  (void)argv;
  prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
  open_library();
  struct image image;
  jitdebug_registration *registration;
  image_make(&image, 1);
  CHECK(library_register(&image, sizeof image, 0, &registration) == 0,
        "register");
  registered(argc > 1);
  CHECK(library_unregister(registration) == 0, "unregister");
  unregistered();
  return 0;
}
