/*
 * Prints its number, and waits to be looked at.
 *
 * usage: core [call]
 */
#include <unistd.h>

#include "library.h"

int main(int argc, char **argv) {
  (void)argv;
  if (argc > 1) {
    library_load();
    for (int i = 0; i < 100; i++) library_exercise();
  }
  printf("%d\n", getpid());
  fflush(stdout);
  for (;;) pause();
}
