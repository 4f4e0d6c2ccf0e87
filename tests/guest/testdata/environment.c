/*
 * What the host's environment says to Go's runtime is not meant for this one:
 * with any of it the library does as without. Nor need there be an environment.
 *
 * usage: environment [empty]
 */
#include "library.h"

extern char **environ;

int main(int argc, char **argv) {
  (void)argv;
  char library_path[4096];
  snprintf(library_path, sizeof library_path, "%s", getenv("LIBRARY"));
#ifndef LINKED
  if (argc > 1) environ[0] = NULL;
  library = dlopen(library_path, RTLD_NOW);
  CHECK(library, "%s", dlerror());
  char *one[] = {library_path, NULL};
  char variable[5000];
  snprintf(variable, sizeof variable, "LIBRARY=%s", library_path);
  one[0] = variable;
  if (argc > 1) environ = one;
#else
  (void)argc;
#endif
  library_load();
  for (int i = 0; i < 200; i++) library_exercise();
  return 0;
}
