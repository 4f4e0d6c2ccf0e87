/* A process that may take no more memory than so much: registers until that is
 * gone, unregisters, and goes on once it may take more.
 *
 * usage: limits as|data MIB small|large|borrowed|function|object|debug OBJECT
 *
 * function: one at a time, so that they share images. OBJECT is a file as a
 * compiler writes it, with its code in .text; debug is the image made of it. */
#include <jitdebug.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "check.h"
#include "file.h"
#include "functions.h"
#include "image.h"
#include "settled.h"

enum { MOST = 200000, LARGE = 64 << 10 };

static struct image image;
static char large[LARGE];
static jitdebug_registration *live[MOST];

/* Every byte of it is an image of its own, to borrow. */
static char bytes[MOST];

static char *object, *debug;
static size_t object_size, debug_size;

static int32_t register_object(jitdebug_registration **registration) {
  const jitdebug_section place = {sizeof place, 0, ".text", bytes};
  return jitdebug_register_object(object, object_size, &place, 1, 0,
                                  registration);
}

static void make_debug(void) {
  jitdebug_registration *registration;
  const void *data;
  CHECK(register_object(&registration) == JITDEBUG_OK &&
            jitdebug_registration_image(registration, 0, &data, &debug_size) ==
                JITDEBUG_OK,
        "%s", jitdebug_last_error());
  debug = malloc(debug_size);
  CHECK(debug, "malloc");
  memcpy(debug, data, debug_size);
  CHECK(jitdebug_unregister(registration) == JITDEBUG_OK, "%s",
        jitdebug_last_error());
}

static int32_t register_next(const char *kind, size_t number) {
  if (strcmp(kind, "large") == 0)
    return jitdebug_register(large, LARGE, JITDEBUG_OPAQUE, &live[number]);
  if (strcmp(kind, "borrowed") == 0)
    return jitdebug_register(&bytes[number], 1,
                             JITDEBUG_BORROW | JITDEBUG_OPAQUE, &live[number]);
  if (strcmp(kind, "function") == 0) {
    const jitdebug_function function = function_make(number);
    return jitdebug_register_functions(&function, 1, 0, &live[number]);
  }
  if (strcmp(kind, "object") == 0) return register_object(&live[number]);
  if (strcmp(kind, "debug") == 0)
    return jitdebug_register(debug, debug_size, 0, &live[number]);
  return jitdebug_register(&image, sizeof image, 0, &live[number]);
}

/* Returns the memory in use that the limit is about, in bytes. */
static size_t in_use(int resource) {
  size_t size, data;
  FILE *file = fopen("/proc/self/statm", "r");
  CHECK(file && fscanf(file, "%zu %*u %*u %*u %*u %zu", &size, &data) == 2,
        "statm");
  fclose(file);
  return (resource == RLIMIT_AS ? size : data) * (size_t)sysconf(_SC_PAGESIZE);
}

int main(int argc, char **argv) {
  CHECK(argc == 5, "usage: limits as|data MIB KIND OBJECT");
  const int resource = strcmp(argv[1], "as") == 0 ? RLIMIT_AS : RLIMIT_DATA;
  const int shared = strcmp(argv[3], "function") == 0;
  const int debugging =
      strcmp(argv[3], "object") == 0 || strcmp(argv[3], "debug") == 0;
  const size_t most = shared ? 10000 : debugging ? 200 : MOST;
  image_make(&image, 1);
  object = file_read(argv[4], &object_size);
  make_debug();
  CHECK(register_next(argv[3], 0) == JITDEBUG_OK &&
            jitdebug_unregister(live[0]) == JITDEBUG_OK,
        "%s", jitdebug_last_error());

  struct rlimit before, limit;
  CHECK(getrlimit(resource, &before) == 0, "getrlimit");
  limit = before;
  limit.rlim_cur = in_use(resource) + (strtoul(argv[2], NULL, 10) << 20);
  CHECK(setrlimit(resource, &limit) == 0, "setrlimit");

  int32_t status = JITDEBUG_OK;
  size_t registered = 0;
  while (registered < most &&
         (status = register_next(argv[3], registered)) == JITDEBUG_OK)
    registered++;
  CHECK(status == JITDEBUG_OK || status == JITDEBUG_E_MEMORY, "%d: %s",
        (int)status, jitdebug_last_error());
  CHECK(shared || settled_length() == registered, "%zu entries, %zu registered",
        settled_length(), registered);
  /* Where nothing is left, asking again and again does no harm. */
  for (int i = 0; i < 500 && registered < most; i++)
    if (register_next(argv[3], registered) == JITDEBUG_OK) registered++;

  for (size_t i = 0; i < registered; i++)
    CHECK(jitdebug_unregister(live[i]) == JITDEBUG_OK, "%s",
          jitdebug_last_error());
  CHECK(settled_length() == 0, "the list is not empty");

  CHECK(setrlimit(resource, &before) == 0, "setrlimit");
  const size_t again = debugging ? 100 : 3000;
  for (size_t i = 0; i < again; i++)
    CHECK(register_next(argv[3], i) == JITDEBUG_OK, "%s",
          jitdebug_last_error());
  for (size_t i = 0; i < again; i++)
    CHECK(jitdebug_unregister(live[i]) == JITDEBUG_OK, "%s",
          jitdebug_last_error());
  return 0;
}
