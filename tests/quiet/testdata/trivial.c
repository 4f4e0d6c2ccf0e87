/* A C library with a thread, as libjitdebug has some, and nothing else. */
#include <jitdebug.h>
#include <pthread.h>
#include <unistd.h>

static void *wait_for_ever(void *argument) {
  for (;;) pause();
  return argument;
}

__attribute__((constructor)) static void start(void) {
  pthread_t thread;
  pthread_create(&thread, NULL, wait_for_ever, NULL);
}

int32_t jitdebug_register(const void *image, size_t size, uint32_t flags,
                          jitdebug_registration **registration) {
  (void)image, (void)size, (void)flags;
  *registration = NULL;
  return JITDEBUG_OK;
}

int32_t jitdebug_unregister(jitdebug_registration *registration) {
  (void)registration;
  return JITDEBUG_OK;
}
