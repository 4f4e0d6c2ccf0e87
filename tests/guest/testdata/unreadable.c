/*
 * Functions whose code may not be read: execute-only, PROT_NONE, unmapped, and
 * changing between them all the time. Each is registered, or refused; the
 * process has no fault.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <unistd.h>

#include "library.h"

enum { SIZE = 1 << 16, TURNS = 5000 };

static char *code;
static atomic_int stop;

static void is_registered(const char *what) {
  jitdebug_registration *registration;
  const jitdebug_function function = {.struct_size = sizeof function,
                                      .unwind = JITDEBUG_UNWIND_FRAME_POINTER,
                                      .name = "function",
                                      .address = code,
                                      .size = SIZE};
  int32_t status = library_register_functions(&function, 1, 0, &registration);
  /* What changes from one look to the next is refused. */
  CHECK(status == 0 || (!what && status == JITDEBUG_E_ARGUMENT), "%s: %s", what,
        library_last_error());
  if (status == 0)
    CHECK(library_unregister(registration) == 0, "%s", library_last_error());
}

static void protect(int protection) {
  CHECK(mprotect(code, SIZE, protection) == 0, "mprotect");
}

static void *flip(void *unused) {
  while (!stop) {
    protect(PROT_NONE);
    protect(PROT_READ | PROT_EXEC);
    protect(PROT_EXEC);
    CHECK(munmap(code, SIZE) == 0, "munmap");
    CHECK(mmap(code, SIZE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
               -1, 0) == code,
          "mmap");
  }
  return unused;
}

int main(void) {
  static const unsigned char prologue[] = {0x55, 0x48, 0x89, 0xe5};
  pthread_t thread;
  library_load();
  code = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
              -1, 0);
  CHECK(code != MAP_FAILED, "mmap");
  memset(code, 0x90, SIZE);
  memcpy(code, prologue, sizeof prologue);
  is_registered("readable");
  /* First of all, in a moment between a look and a read that trusts it. */
  CHECK(pthread_create(&thread, NULL, flip, NULL) == 0, "pthread_create");
  for (int i = 0; i < TURNS; i++) is_registered(NULL);
  stop = 1;
  pthread_join(thread, NULL);
  protect(PROT_READ | PROT_WRITE);
  memset(code, 0x90, SIZE);
  memcpy(code, prologue, sizeof prologue);
  protect(PROT_EXEC);
  is_registered("execute-only");
  int key = pkey_alloc(0, PKEY_DISABLE_ACCESS);
  if (key >= 0) {
    CHECK(pkey_mprotect(code, SIZE, PROT_READ | PROT_EXEC, key) == 0, "pkey");
    is_registered("behind a protection key");
    CHECK(pkey_mprotect(code, SIZE, PROT_READ, 0) == 0, "pkey");
  }
  protect(PROT_NONE);
  is_registered("PROT_NONE");
  CHECK(munmap(code, SIZE) == 0, "munmap");
  is_registered("unmapped");
  CHECK(mmap(code, SIZE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
             0) == code,
        "mmap");
  is_registered("readable again");
  return 0;
}
