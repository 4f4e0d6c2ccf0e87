/*
 * What the process has after a load, and nothing else: threads, address space
 * and resident memory in KiB, and whether unshare(CLONE_NEWUSER) works, as an
 * errno. After a call it has a few threads more, but not after one that needs
 * no registration.
 *
 * usage: late [call|ask]
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <unistd.h>

#include "library.h"

static long status_of(const char *name) {
  char line[256];
  long value = -1;
  FILE *status = fopen("/proc/self/status", "r");
  CHECK(status, "/proc/self/status");
  while (fgets(line, sizeof line, status))
    if (strncmp(line, name, strlen(name)) == 0)
      value = atol(line + strlen(name) + 1);
  fclose(status);
  return value;
}

int main(int argc, char **argv) {
#ifndef LINKED
  CHECK(dlopen(getenv("LIBRARY"), RTLD_NOW), "%s", dlerror());
#endif
  if (argc > 1) {
    library_load();
    if (strcmp(argv[1], "call") == 0) {
      library_exercise();
    } else {
      CHECK(library_unregister(NULL) == 0 && library_version() &&
                *library_status_string(0) && !*library_last_error(),
            "an answer");
    }
  }
  long size = status_of("VmSize"), resident = status_of("VmRSS");
  printf("%ld %ld %ld ", status_of("Threads"), size, resident);
  printf("%d\n", unshare(CLONE_NEWUSER) == 0 ? 0 : errno);
  return 0;
}
