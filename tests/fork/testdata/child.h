/* What a forked child is to find, and how its parent hears of it. A child uses
 * nothing but the library and system calls: after a raw clone() the C library's
 * locks may be taken for ever. */
#ifndef CHILD_H
#define CHILD_H

#include <errno.h>
#include <jitdebug.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "list.h"

enum { CHILD_SECONDS = 30, CHILD_LIST_LIMIT = 1000 };

static const struct descriptor *descriptor;
static jitdebug_registration *live, *stale;
static long least_entries = 1; /* on the list at the time of the fork */

static inline void child_ends(const char *complaint) {
  if (complaint) {
    ssize_t ignored = write(2, complaint, strlen(complaint));
    ignored = write(2, "\n", 1);
    (void)ignored;
  }
  _exit(complaint != NULL);
}

static inline void child_expects(int condition, const char *complaint) {
  if (!condition) child_ends(complaint);
}

static inline void child_is_told(int32_t status, const char *complaint) {
  child_expects(status == JITDEBUG_E_FORKED, complaint);
  child_expects(strstr(jitdebug_last_error(), "fork") != NULL,
                "last_error says nothing of the fork");
}

/* Goes on with the list, where the C library made the child. */
static inline void child_goes_on(void) {
  static struct image image;
  jitdebug_registration *registration;
  const void *data;
  size_t size;
  alarm(CHILD_SECONDS);
  image_make(&image, 77);
  errno = EXDEV;
  int32_t status = jitdebug_register(&image, sizeof image, 0, &registration);
  child_expects(status == 0, jitdebug_last_error());
  child_expects(errno == EXDEV, "errno was changed");
  child_expects(jitdebug_registration_image(registration, 0, &data, &size) == 0,
                "registration_image");
  child_expects(descriptor->first->symfile == data,
                "it is not at the head of the list");
  if (live)
    child_expects(jitdebug_registration_image(live, 0, &data, &size) == 0,
                  "an inherited handle");
  child_expects(list_length(descriptor, CHILD_LIST_LIMIT) > least_entries,
                "the list is not whole");
  child_expects(jitdebug_unregister(registration) == 0, "unregister");
  child_expects(jitdebug_unregister(registration) == JITDEBUG_E_STALE, "stale");
  child_expects(strlen(jitdebug_last_error()) > 0, "no text");
}

/* Calls all there is where it is refused. A child that hangs is ended by its
 * alarm. */
static inline void child_calls_everything(void) {
  static struct image image;
  jitdebug_registration *const untouched = (void *)&image;
  jitdebug_registration *registration = untouched;
  jitdebug_image batch[2] = {{&image, sizeof image}, {&image, sizeof image}};
  jitdebug_section section = {sizeof section, 1, NULL, &image};
  const void *data = &batch;
  size_t size = 42;
  alarm(CHILD_SECONDS);
  errno = EXDEV;
  child_is_told(jitdebug_register(&image, sizeof image, 0, &registration),
                "register");
  child_is_told(
      jitdebug_register(&image, sizeof image, JITDEBUG_BORROW, &registration),
      "register, borrowed");
  child_is_told(jitdebug_register_batch(batch, 2, 0, &registration),
                "register_batch");
  child_is_told(jitdebug_register_object(&image, sizeof image, &section, 1, 0,
                                         &registration),
                "register_object");
  child_is_told(jitdebug_unregister(live), "unregister of a live handle");
  child_is_told(jitdebug_unregister(stale), "unregister of a stale handle");
  child_is_told(jitdebug_unregister(NULL), "unregister of NULL");
  child_is_told(jitdebug_registration_image(live, 0, &data, &size),
                "registration_image");
  child_expects(registration == untouched && data == &batch && size == 42,
                "an output was written");
  child_expects(errno == EXDEV, "errno was changed");
  child_expects(jitdebug_version() ==
                    (JITDEBUG_VERSION_MAJOR << 16 |
                     JITDEBUG_VERSION_MINOR << 8 | JITDEBUG_VERSION_PATCH),
                "version");
  child_expects(strlen(jitdebug_status_string(JITDEBUG_E_FORKED)) > 0,
                "status_string");
  /* A debugger that follows the child walks the list here. */
  child_expects(list_length(descriptor, CHILD_LIST_LIMIT) >= least_entries,
                "the list is not whole");
}

static inline pid_t raw_clone(void) {
  return (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}

static inline void child_was_well(pid_t child) {
  int status;
  CHECK(child > 0, "no child");
  CHECK(waitpid(child, &status, 0) == child, "no child to wait for");
  CHECK(!WIFSIGNALED(status) || WTERMSIG(status) != SIGALRM, "a child hung");
  CHECK(status == 0, "a child ended with status %#x", status);
}

#endif
