/* Four threads that are busy with the library for some seconds: registrations,
 * which a debugger makes slow, and between them what gives Go's scheduler and
 * collector reason to interrupt: failing calls, each of which allocates. */
#include <jitdebug.h>
#include <pthread.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "image.h"

enum { THREADS = 4, FAILING = 200, CRUNCHING = 20000 };

static time_t end;

struct work {
  pthread_t thread;
  uint64_t first, registrations, failures;
};

static void fail(struct work *work) {
  static const char garbage[64];
  jitdebug_registration *registration;
  CHECK(jitdebug_register(garbage, sizeof garbage, 0, &registration) ==
            JITDEBUG_E_IMAGE,
        "garbage");
  CHECK(jitdebug_register(NULL, 1, 0, &registration) == JITDEBUG_E_ARGUMENT,
        "NULL");
  CHECK(jitdebug_unregister((jitdebug_registration *)garbage) ==
            JITDEBUG_E_HANDLE,
        "an invented handle");
  CHECK(jitdebug_unregister(NULL) == JITDEBUG_OK, "no handle");
  work->failures += 3;
}

static void *busy(void *argument) {
  struct work *work = argument;
  volatile uint64_t number = work->first;
  while (time(NULL) < end) {
    struct image image;
    jitdebug_registration *registration;
    const void *bytes;
    size_t size;
    image_make(&image, work->first + work->registrations);
    CHECK(jitdebug_register(&image, sizeof image, 0, &registration) ==
              JITDEBUG_OK,
          "%s", jitdebug_last_error());
    work->registrations++;
    for (int i = 0; i < FAILING; i++) {
      fail(work);
      CHECK(jitdebug_registration_image(registration, 0, &bytes, &size) ==
                JITDEBUG_OK,
            "%s", jitdebug_last_error());
    }
    for (int i = 0; i < CRUNCHING; i++) number = number * 31 + 1;
    CHECK(jitdebug_unregister(registration) == JITDEBUG_OK, "%s",
          jitdebug_last_error());
  }
  return NULL;
}

int main(int argc, char **argv) {
  CHECK(argc == 2, "usage: busy SECONDS");
  end = time(NULL) + atoi(argv[1]);
  struct work works[THREADS] = {0};
  for (int i = 0; i < THREADS; i++) {
    works[i].first = (uint64_t)i << 24;
    CHECK(pthread_create(&works[i].thread, NULL, busy, &works[i]) == 0,
          "thread %d", i);
  }
  for (int i = 0; i < THREADS; i++) {
    pthread_join(works[i].thread, NULL);
    CHECK(works[i].registrations > 0, "thread %d never registered", i);
    works[0].registrations += i ? works[i].registrations : 0;
    works[0].failures += i ? works[i].failures : 0;
  }
  printf("busy: %llu registrations, %llu failing calls\n",
         (unsigned long long)works[0].registrations,
         (unsigned long long)works[0].failures);
  fflush(stdout);
  return 0;
}
