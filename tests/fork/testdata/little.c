/*
 * A child has too little memory for its parent's list, and is given a little
 * more until it suffices: every call before is refused, and the list is whole
 * in the end.
 *
 * usage: little COUNT
 */
#include <sys/resource.h>

#include "child.h"

static int32_t add_image(int i, jitdebug_registration **handle) {
  struct image image;
  image_make(&image, (uint64_t)i + 1);
  return jitdebug_register(&image, sizeof image, 0, handle);
}

static int32_t add_function(int i, jitdebug_registration **handle) {
  const jitdebug_function function = {.struct_size = sizeof function,
                                      .name = "function",
                                      .address = (char *)0x10000000 + 16L * i,
                                      .size = 16};
  return jitdebug_register_functions(&function, 1, 0, handle);
}

static rlim_t in_use(void) {
  unsigned long pages;
  FILE *sizes = fopen("/proc/self/statm", "r");
  child_expects(sizes && fscanf(sizes, "%lu", &pages) == 1, "statm");
  fclose(sizes);
  return pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

static void child_gets_more_and_more(void) {
  enum { STEP = 2 << 20, MOST = 500 };
  struct rlimit limit;
  jitdebug_registration *handle;
  int refused = 0;
  int32_t status;
  getrlimit(RLIMIT_AS, &limit);
  limit.rlim_cur = in_use();
  do {
    child_expects(setrlimit(RLIMIT_AS, &limit) == 0, "setrlimit");
    status = add_image(-1, &handle);
    child_expects(status == 0 || status == JITDEBUG_E_FORKED ||
                      status == JITDEBUG_E_MEMORY,
                  jitdebug_last_error());
    limit.rlim_cur += STEP;
  } while (status != 0 && ++refused < MOST);
  child_expects(status == 0, jitdebug_last_error());
  child_expects(refused > 1, "memory sufficed at once");
  child_expects(jitdebug_unregister(handle) == 0, jitdebug_last_error());
}

int main(int argc, char **argv) {
  CHECK(argc == 2, "usage: little COUNT");
  int count = atoi(argv[1]);
  jitdebug_registration **handles = calloc((size_t)count, 2 * sizeof *handles);
  CHECK(handles, "calloc");
  descriptor = list_descriptor(RTLD_DEFAULT);
  for (int i = 0; i < count; i++)
    CHECK(add_image(i, &handles[2 * i]) == 0 &&
              add_function(i, &handles[2 * i + 1]) == 0,
          "%s", jitdebug_last_error());
  pid_t child = fork();
  if (child == 0) {
    child_gets_more_and_more();
    for (int i = 0; i < 2 * count; i++)
      child_expects(jitdebug_unregister(handles[i]) == 0,
                    jitdebug_last_error());
    child_expects(!descriptor->first, "the list is not empty");
    _exit(0);
  }
  child_was_well(child);
  return 0;
}
