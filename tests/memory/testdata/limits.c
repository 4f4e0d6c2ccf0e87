/* A process that may take no more memory than so much: registers until that is
 * gone, unregisters, and goes on once it may take more.
 *
 * usage: limits as|data MIB small|large|borrowed */
#include <jitdebug.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "check.h"
#include "image.h"
#include "settled.h"

enum { MOST = 200000, LARGE = 64 << 10 };

static struct image image;
static char large[LARGE];
static jitdebug_registration *live[MOST];

/* Every byte of it is an image of its own, to borrow. */
static char bytes[MOST];

static int32_t register_next(const char *kind, size_t number) {
  if (strcmp(kind, "large") == 0)
    return jitdebug_register(large, LARGE, JITDEBUG_OPAQUE, &live[number]);
  if (strcmp(kind, "borrowed") == 0)
    return jitdebug_register(&bytes[number], 1,
                             JITDEBUG_BORROW | JITDEBUG_OPAQUE, &live[number]);
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
  CHECK(argc == 4, "usage: limits as|data MIB small|large|borrowed");
  const int resource = strcmp(argv[1], "as") == 0 ? RLIMIT_AS : RLIMIT_DATA;
  image_make(&image, 1);
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
  while (registered < MOST &&
         (status = register_next(argv[3], registered)) == JITDEBUG_OK)
    registered++;
  CHECK(status == JITDEBUG_OK || status == JITDEBUG_E_MEMORY, "%d: %s",
        (int)status, jitdebug_last_error());
  CHECK(settled_length() == registered, "%zu entries, %zu registered",
        settled_length(), registered);
  /* Where nothing is left, asking again and again does no harm. */
  for (int i = 0; i < 1000 && registered < MOST; i++)
    if (register_next(argv[3], registered) == JITDEBUG_OK) registered++;

  for (size_t i = 0; i < registered; i++)
    CHECK(jitdebug_unregister(live[i]) == JITDEBUG_OK, "%s",
          jitdebug_last_error());
  CHECK(settled_length() == 0, "the list is not empty");

  CHECK(setrlimit(resource, &before) == 0, "setrlimit");
  for (size_t i = 0; i < 3000; i++)
    CHECK(register_next(argv[3], i) == JITDEBUG_OK, "%s",
          jitdebug_last_error());
  for (size_t i = 0; i < 3000; i++)
    CHECK(jitdebug_unregister(live[i]) == JITDEBUG_OK, "%s",
          jitdebug_last_error());
  return 0;
}
