/*
 * Makes children in various ways while four threads register and unregister;
 * what the C library forked goes on with the list, all else is refused.
 *
 * usage: forks KIND COUNT
 */
#define _GNU_SOURCE
#include "busy.h"
#include "child.h"

static void forks(void) {
  pid_t child = fork();
  if (child == 0) {
    child_goes_on();
    child_ends(NULL);
  }
  child_was_well(child);
}

static void clones(void) {
  pid_t child = raw_clone();
  if (child == 0) {
    child_calls_everything();
    child_ends(NULL);
  }
  child_was_well(child);
}

/* A child that was forked has one that was not. */
static void cloned_from_forked(void) {
  pid_t child = fork();
  if (child == 0) {
    child_goes_on();
    clones();
    child_ends(NULL);
  }
  child_was_well(child);
}

static void exits(void) {
  pid_t child = fork();
  if (child == 0) {
    child_goes_on();
    exit(0);
  }
  child_was_well(child);
}

/* In the child the thread ends, and with it the last of the process: the
 * library has no threads there before the first call. */
static void *fork_and_return(void *call_first) {
  if (call_first) jitdebug_unregister(NULL);
  pid_t child = fork();
  if (child == 0) {
    alarm(CHILD_SECONDS);
    return NULL;
  }
  child_was_well(child);
  return NULL;
}

static void on_a_thread(void *(*run)(void *), void *argument) {
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, run, argument) == 0, "no thread");
  pthread_join(thread, NULL);
}

static void *fork_on_thread(void *unused) {
  forks();
  return unused;
}

/* From a thread that never called the library. */
static void bystanders(void) { on_a_thread(fork_on_thread, NULL); }

static void returns(void) { on_a_thread(fork_and_return, "call first"); }

static void bystander_returns(void) { on_a_thread(fork_and_return, NULL); }

static const struct kind {
  const char *name;
  void (*run)(void);
} kinds[] = {
    {"clone", clones},
    {"exit", exits},
    {"cloned-from-forked", cloned_from_forked},
    {"bystander", bystanders},
    {"return", returns},
    {"bystander-return", bystander_returns},
};

static const struct kind *kind_named(const char *name) {
  for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
    if (strcmp(kinds[i].name, name) == 0) return &kinds[i];
  CHECK(0, "no kind %s", name);
}

int main(int argc, char **argv) {
  CHECK(argc == 3, "usage: forks KIND COUNT");
  const struct kind *kind = kind_named(argv[1]);
  int count = atoi(argv[2]);
  struct image image;
  image_make(&image, 1);
  descriptor = list_descriptor(RTLD_DEFAULT);
  CHECK(jitdebug_register(&image, sizeof image, 0, &live) == 0, "%s",
        jitdebug_last_error());
  CHECK(jitdebug_register(&image, sizeof image, 0, &stale) == 0, "%s",
        jitdebug_last_error());
  CHECK(jitdebug_unregister(stale) == 0, "%s", jitdebug_last_error());

  busy_begin();
  while (count-- > 0) kind->run();
  busy_end();

  CHECK(list_length(descriptor, 1) == 1,
        "the parent's list is not what it was");
  CHECK(!descriptor->action && !descriptor->relevant, "a notification is left");
  CHECK(jitdebug_register(&image, sizeof image, 0, &stale) == 0, "%s",
        jitdebug_last_error());
  CHECK(jitdebug_unregister(stale) == 0, "%s", jitdebug_last_error());
  CHECK(jitdebug_unregister(live) == 0, "%s", jitdebug_last_error());
  CHECK(list_length(descriptor, 1) == 0, "the parent's list is not empty");
  return 0;
}
