/*
 * The library's file is replaced, then removed, under a process that has loaded
 * it: its children start it all the same. Their standard descriptors, where
 * they are closed, stay free.
 *
 * usage: upgraded LIBRARY
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/stat.h>

#include "child.h"

static __typeof__(&jitdebug_register) add;
static __typeof__(&jitdebug_last_error) why;

static void use(void) {
  struct image image;
  jitdebug_registration *handle;
  image_make(&image, 1);
  child_expects(add(&image, sizeof image, 0, &handle) == 0, why());
}

static void fork_and_use(int closed) {
  pid_t child = fork();
  if (child == 0) {
    for (int fd = 0; fd < closed; fd++) close(fd);
    use();
    for (int fd = 0; fd < closed; fd++)
      child_expects(fcntl(fd, F_GETFD) < 0, "a standard descriptor is taken");
    _exit(0);
  }
  child_was_well(child);
}

int main(int argc, char **argv) {
  CHECK(argc == 2, "usage: upgraded LIBRARY");
  void *library = dlopen(argv[1], RTLD_NOW);
  CHECK(library, "%s", dlerror());
  add = dlsym(library, "jitdebug_register");
  why = dlsym(library, "jitdebug_last_error");
  use();
  fork_and_use(3);
  CHECK(unlink(argv[1]) == 0, "unlink");
  fork_and_use(0);
  int other = open(argv[1], O_CREAT | O_WRONLY, 0755);
  CHECK(other >= 0 && write(other, "another", 7) == 7, "write");
  fork_and_use(0);
  return 0;
}
