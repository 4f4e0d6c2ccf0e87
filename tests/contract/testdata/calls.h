/* Calls that must succeed or fail, and what every call must leave alone. */
#ifndef CALLS_H
#define CALLS_H

/* cmocka.h needs the four before it. */
/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
/* clang-format on */

#include <errno.h>
#include <jitdebug.h>
#include <string.h>

#include "settled.h"

#define ERRNO_BEFORE 4242
#define UNTOUCHED ((void *)(uintptr_t)0x5a5a5a5a5a5a5a50)

/* Where the calls under test put their outputs. */
static struct {
  jitdebug_registration *registration;
  const void *image;
  size_t size;
} out;

static void before_call(void) {
  out.registration = UNTOUCHED;
  out.image = UNTOUCHED;
  out.size = (uintptr_t)UNTOUCHED;
  errno = ERRNO_BEFORE;
}

static void check_success(int32_t status, const char *call, int line) {
  if (errno != ERRNO_BEFORE) fail_msg("line %d: %s set errno", line, call);
  if (status != JITDEBUG_OK)
    fail_msg("line %d: %s: %d: %s", line, call, (int)status,
             jitdebug_last_error());
}

static void check_failure(int32_t status, int32_t expected,
                          const char *const *words, const char *call,
                          int line) {
  if (errno != ERRNO_BEFORE) fail_msg("line %d: %s set errno", line, call);
  const char *text = jitdebug_last_error();
  if (status != expected)
    fail_msg("line %d: %s: %d, expected %d (the last error: %s)", line, call,
             (int)status, (int)expected, text);
  if (out.registration != UNTOUCHED || out.image != UNTOUCHED ||
      out.size != (uintptr_t)UNTOUCHED)
    fail_msg("line %d: %s failed and wrote an output", line, call);
  for (; *words; words++)
    if (!strstr(text, *words))
      fail_msg("line %d: %s: \"%s\" does not name \"%s\"", line, call, text,
               *words);
}

#define SUCCEEDS(call)                      \
  do {                                      \
    before_call();                          \
    check_success((call), #call, __LINE__); \
  } while (0)

/* The words after the status are what the text must name. */
#define FAILS(call, status, ...)                                              \
  do {                                                                        \
    before_call();                                                            \
    int32_t status_of_call = (call);                                          \
    check_failure(status_of_call, (status),                                   \
                  (const char *const[]){__VA_ARGS__, NULL}, #call, __LINE__); \
  } while (0)

__attribute__((unused)) static void unregister_output(void) {
  jitdebug_registration *registration = out.registration;
  SUCCEEDS(jitdebug_unregister(registration));
}

/* A teardown: each case leaves the list as empty as it found it. */
__attribute__((unused)) static int list_is_empty(void **state) {
  (void)state;
  return settled_length() == 0 ? 0 : -1;
}

#define CASE(function) cmocka_unit_test_teardown(function, list_is_empty)

#endif
