/*
 * A server that forks its workers before anything is registered: each registers
 * its function and waits in it, for a debugger to come and for its input to
 * end. Prints the workers' process numbers, "0" among them for one that failed.
 *
 *   workers COUNT
 */
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "code.h"
#include "jit.h"
#include "loaded.h"

static int ready;

__attribute__((noinline)) static void look(void) {
  pid_t self = getpid();
  char byte;
  CHECK(write(ready, &self, sizeof self) == sizeof self, "no pipe");
  CHECK(read(0, &byte, 1) == 0, "no end of input");
}

static int work(uint64_t serial) {
  struct image image;
  jitdebug_registration *registration;
  code *generated = code_make(serial);
  prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
  image_make(&image, serial);
  int32_t status = jitdebug_dl_register(&image, sizeof image, 0, &registration);
  CHECK(status == JITDEBUG_OK, "%s", jitdebug_dl_last_error());
  generated(look);
  return discard(registration);
}

int main(int count, char **arguments) {
  int workers = count > 1 ? atoi(arguments[1]) : 0, ends[2], failed = 0;
  CHECK(pipe(ends) == 0, "no pipe");
  ready = ends[1];
  for (int i = 0; i < workers; i++) {
    pid_t worker = fork();
    CHECK(worker >= 0, "no worker");
    if (worker == 0) {
      close(ends[0]);
      return work((uint64_t)i);
    }
  }
  close(ends[1]);

  pid_t worker;
  while (workers > 0 && read(ends[0], &worker, sizeof worker) > 0) {
    printf("%d\n", (int)worker);
    workers--;
  }
  CHECK(workers == 0, "%d workers failed", workers);
  printf("ready\n");
  fflush(stdout);

  int status;
  while (wait(&status) > 0) failed += status != 0;
  CHECK(failed == 0, "%d workers failed at their end", failed);
  CHECK(loaded_copies().count == 0, "the parent has loaded the library");
  return 0;
}
