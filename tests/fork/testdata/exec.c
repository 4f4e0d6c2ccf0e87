/* Starts itself anew while four threads register and unregister: by each of the
 * ways to exec, the new program's library is a fresh one. */
#define _GNU_SOURCE
#include <spawn.h>

#include "busy.h"
#include "child.h"

static char *const fresh[] = {"/proc/self/exe", "fresh", NULL};

static void register_afresh(void) {
  struct image image;
  image_make(&image, 1);
  CHECK(list_length(descriptor, 1) == 0, "a new program's list is not empty");
  CHECK(jitdebug_register(&image, sizeof image, 0, &live) == 0, "%s",
        jitdebug_last_error());
  CHECK(list_length(descriptor, 1) == 1, "the list is not right");
  CHECK(jitdebug_unregister(live) == 0, "%s", jitdebug_last_error());
}

static pid_t by_vfork(void) {
  pid_t child = vfork();
  if (child == 0) {
    execv(fresh[0], fresh);
    _exit(127);
  }
  return child;
}

static pid_t by_spawn(void) {
  pid_t child;
  CHECK(posix_spawn(&child, fresh[0], NULL, NULL, fresh, environ) == 0,
        "posix_spawn");
  return child;
}

static pid_t from_forked(void) {
  pid_t child = fork();
  if (child == 0) {
    child_goes_on();
    execv(fresh[0], fresh);
    _exit(127);
  }
  return child;
}

int main(int argc, char **argv) {
  (void)argv;
  descriptor = list_descriptor(RTLD_DEFAULT);
  if (argc > 1) {
    alarm(CHILD_SECONDS);
    register_afresh();
    return 0;
  }
  struct image image;
  image_make(&image, 1);
  CHECK(jitdebug_register(&image, sizeof image, 0, &live) == 0, "%s",
        jitdebug_last_error());
  busy_begin();
  for (int i = 0; i < 30; i++) {
    child_was_well(by_vfork());
    child_was_well(by_spawn());
    child_was_well(from_forked());
  }
  busy_end();
  CHECK(list_length(descriptor, 1) == 1, "the parent's list is not right");
  CHECK(jitdebug_unregister(live) == 0, "%s", jitdebug_last_error());
  return 0;
}
