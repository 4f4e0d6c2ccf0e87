/*
 * Under ThreadSanitizer, which ends a child that starts a thread: children of a
 * parent that has not called the library, and of one that has.
 *
 * usage: sanitized refused|works
 */
#include "child.h"

static const char *expected;

static int32_t call(jitdebug_registration **handle) {
  static struct image image;
  image_make(&image, 1);
  return jitdebug_register(&image, sizeof image, 0, handle);
}

static void fork_and_call(void) {
  jitdebug_registration *handle;
  pid_t child = fork();
  if (child == 0) {
    alarm(CHILD_SECONDS);
    int32_t status = call(&handle);
    if (strcmp(expected, "works") == 0)
      child_expects(status == 0, jitdebug_last_error());
    else
      child_expects(status == JITDEBUG_E_FORKED &&
                        strstr(jitdebug_last_error(), "ThreadSanitizer"),
                    jitdebug_last_error());
    _exit(0);
  }
  child_was_well(child);
}

int main(int argc, char **argv) {
  jitdebug_registration *handle;
  CHECK(argc == 2, "usage: sanitized refused|works");
  expected = argv[1];
  fork_and_call();
  CHECK(call(&handle) == 0, "%s", jitdebug_last_error());
  fork_and_call();
  CHECK(jitdebug_unregister(handle) == 0, "%s", jitdebug_last_error());
  return 0;
}
