/* Loads the library in the ways that the arguments name, in their order, and
 * shows that the copies act as one: a path is dlopened, RTLD_LOCAL; "soname" by
 * its name; "plugin=PATH" is a library that is linked with one.
 *
 * Prints how many copies of the file are loaded. */
#include <dlfcn.h>
#include <pthread.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../host/testdata/list.h"
#include "jitdebug.h"

enum { WAYS = 8, THREAD_ROUNDS = 2000 };

struct way {
  const char *name;
  void *handle;
#define FUNCTION(name) __typeof__(jitdebug_##name) *name##_
  FUNCTION(register);
  FUNCTION(register_batch);
  FUNCTION(register_functions);
  FUNCTION(register_object);
  FUNCTION(unregister);
  FUNCTION(registration_image);
  FUNCTION(last_error);
#undef FUNCTION
};

static struct way ways[WAYS];
static int count;
static jitdebug_registration *registrations[WAYS];
static uint64_t serial;

static void load(struct way *way, const char *argument) {
  const char *name = strncmp(argument, "plugin=", 7) == 0 ? argument + 7
                     : strcmp(argument, "soname") == 0    ? "libjitdebug.so.1"
                                                          : argument;
  way->name = argument;
  way->handle = dlopen(name, RTLD_NOW | RTLD_LOCAL);
  CHECK(way->handle, "%s", dlerror());
#define FUNCTION(function)                                                     \
  way->function##_ =                                                           \
      (__typeof__(way->function##_))dlsym(way->handle, "jitdebug_" #function); \
  CHECK(way->function##_, "%s: %s", argument, dlerror())
  FUNCTION(register);
  FUNCTION(register_batch);
  FUNCTION(register_functions);
  FUNCTION(register_object);
  FUNCTION(unregister);
  FUNCTION(registration_image);
  FUNCTION(last_error);
#undef FUNCTION
}

static jitdebug_registration *registered(struct way *way) {
  jitdebug_registration *registration;
  struct image image;
  image_make(&image, ++serial);
  CHECK(way->register_(&image, sizeof image, 0, &registration) == JITDEBUG_OK,
        "%s: %s", way->name, way->last_error_());
  return registration;
}

/* The descriptors of all copies: only one has the list. */
static void expect(long length) {
  int lists = 0;
  for (int i = 0; i < count; i++) {
    long here = list_length(list_descriptor(ways[i].handle), 1000000);
    int seen = 0;
    for (int j = 0; j < i; j++)
      seen |=
          list_descriptor(ways[j].handle) == list_descriptor(ways[i].handle);
    if (seen || here == 0) continue;
    CHECK(here == length, "%s: %ld entries, not %ld", ways[i].name, here,
          length);
    lists++;
  }
  CHECK(lists == (length > 0), "%d lists for %ld entries", lists, length);
}

/* A function and an object through one way, unregistered through another; both
 * are on the list that has the handle's image. */
static void expect_generated(struct way *way, struct way *other) {
  struct image image;
  image_make(&image, ++serial);
  const jitdebug_function function = {.struct_size = sizeof function,
                                      .name = "function",
                                      .address = &image,
                                      .size = sizeof image};
  const jitdebug_section place = {sizeof place, 1, NULL, &image};
  jitdebug_registration *registered[2];
  CHECK(way->register_functions_(&function, 1, 0, &registered[0]) ==
                JITDEBUG_OK &&
            way->register_object_(&image, sizeof image, &place, 1, 0,
                                  &registered[1]) == JITDEBUG_OK,
        "%s: %s", way->name, way->last_error_());
  const void *data;
  size_t size;
  CHECK(
      other->registration_image_(registered[1], 0, &data, &size) == JITDEBUG_OK,
      "%s: %s", other->name, other->last_error_());
  int lists = 0;
  for (int i = 0; i < count; i++) {
    const struct code_entry *first = list_descriptor(ways[i].handle)->first;
    if (!first) continue;
    CHECK(first->symfile == data && first->next && !first->next->next,
          "%s: not an object and a function", ways[i].name);
    lists++;
  }
  CHECK(lists > 0, "%s: on no list", way->name);
  for (int i = 0; i < 2; i++)
    CHECK(other->unregister_(registered[i]) == JITDEBUG_OK, "%s: %s",
          other->name, other->last_error_());
}

static void *churn(void *argument) {
  struct way *way = argument, *next = &ways[(way - ways + 1) % count];
  struct image image;
  image_make(&image, UINT64_C(1) << 20 | (uint64_t)(way - ways));
  for (int i = 0; i < THREAD_ROUNDS; i++) {
    jitdebug_registration *registration;
    CHECK(way->register_(&image, sizeof image, 0, &registration) == JITDEBUG_OK,
          "%s: %s", way->name, way->last_error_());
    CHECK(next->unregister_(registration) == JITDEBUG_OK, "%s: %s", next->name,
          next->last_error_());
  }
  return NULL;
}

/* A handle of one is good in every other, and so is what is said of it. */
static void act_as_one(void) {
  pthread_t threads[WAYS];
  expect(count);
  for (int i = 0; i < count; i++) {
    struct way *other = &ways[(i + 1) % count];
    const void *image;
    size_t size;
    CHECK(other->registration_image_(registrations[i], 0, &image, &size) == 0 &&
              image_whole(image, size),
          "%s: %s", other->name, other->last_error_());
    CHECK(other->unregister_(registrations[i]) == JITDEBUG_OK, "%s: %s",
          other->name, other->last_error_());
    CHECK(ways[i].unregister_(registrations[i]) == JITDEBUG_E_STALE, "%s",
          ways[i].name);
    CHECK(strstr(ways[i].last_error_(), "unregistered already"), "%s: '%s'",
          ways[i].name, ways[i].last_error_());
  }
  expect(0);

  for (int i = 0; i < count; i++)
    expect_generated(&ways[i], &ways[(i + 1) % count]);
  expect(0);

  for (int i = 0; i < count; i++)
    CHECK(pthread_create(&threads[i], NULL, churn, &ways[i]) == 0, "thread");
  for (int i = 0; i < count; i++) pthread_join(threads[i], NULL);
  expect(0);
}

/* So it is in a child, and in a child's child. */
static void fork_and_act(int generations) {
  int status;
  pid_t child = fork();
  if (child == 0) {
    alarm(60);
    if (generations > 1) fork_and_act(generations - 1);
    act_as_one();
    _exit(0);
  }
  CHECK(waitpid(child, &status, 0) == child && status == 0,
        "a child ended with status %#x", status);
}

int main(int argc, char **argv) {
  for (count = 0; count < argc - 1; count++) {
    load(&ways[count], argv[count + 1]);
    registrations[count] = registered(&ways[count]);
  }
  fork_and_act(2);
  act_as_one();

  int files = 0;
  for (int i = 0; i < count; i++) {
    int seen = 0;
    for (int j = 0; j < i; j++) seen |= ways[i].register_ == ways[j].register_;
    files += !seen;
  }
  printf("%d copies\n", files);
  return 0;
}
