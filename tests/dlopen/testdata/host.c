/*
 * A host that can do without the library:
 *
 *   host with PATH         finds it, and in that file
 *   host first PATH        the same, and the file is loaded before
 *   host without TEXT...   does not find it, and the error holds each TEXT
 *   host late PATH         does not find it, and stays without when it is
 * loaded host not PATH          does not find that file, and says nothing of it
 *   host threads           finds it from 16 threads at once
 */
#include <errno.h>

#include "code.h"
#include "jit.h"
#include "loaded.h"

static struct image image;

__attribute__((noinline)) static void look(void) { __asm__ volatile(""); }

static int32_t add(jitdebug_registration **registration) {
  return jitdebug_dl_register(&image, sizeof image, 0, registration);
}

static void with(const char *path) {
  jitdebug_registration *registration = NULL;
  code *generated = code_make(image.serial);
  errno = 1234;
  CHECK(add(&registration) == JITDEBUG_OK, "%s", jitdebug_dl_last_error());
  CHECK(errno == 1234, "errno is %d", errno);
  generated(look);

  struct loaded copies = loaded_copies();
  CHECK(copies.count == 1, "%d copies are loaded", copies.count);
  CHECK(strcmp(copies.path, path) == 0, "%s is loaded", copies.path);

  const void *data = NULL;
  size_t size = 0;
  int32_t status =
      jitdebug_dl_registration_image(registration, 0, &data, &size);
  CHECK(status == JITDEBUG_OK, "%s", jitdebug_dl_status_string(status));
  CHECK(size == sizeof image && memcmp(data, &image, size) == 0,
        "another image");
  CHECK(version() == (JITDEBUG_VERSION_MAJOR << 16 |
                      JITDEBUG_VERSION_MINOR << 8 | JITDEBUG_VERSION_PATCH),
        "version %#x", version());
  CHECK(*jitdebug_dl_notice() == 0, "%s", jitdebug_dl_notice());

  CHECK(discard(registration) == JITDEBUG_OK, "%s", reason());
  CHECK(discard(registration) == JITDEBUG_E_STALE, "not stale");
  CHECK(*reason(), "no reason");
  CHECK(strcmp(reason(), jitdebug_dl_last_error()) == 0, "%s", reason());
  CHECK(
      strcmp(jitdebug_dl_status_string(JITDEBUG_E_STALE), "stale handle") == 0,
      "%s", jitdebug_dl_status_string(JITDEBUG_E_STALE));

  jitdebug_image images[2] = {{&image, sizeof image}, {&image, sizeof image}};
  status = jitdebug_dl_register_batch(images, 2, 0, &registration);
  CHECK(status == JITDEBUG_OK, "%s", jitdebug_dl_last_error());
  CHECK(discard(registration) == JITDEBUG_OK, "%s", reason());
}

static void without(char **texts) {
  int foreign;
  jitdebug_registration *const untouched = (jitdebug_registration *)&foreign,
                               *registration = untouched;
  const void *data;
  size_t size;
  jitdebug_image images[1] = {{&image, sizeof image}};
  for (int i = 0; i < 2; i++) {
    errno = 1234;
    CHECK(add(&registration) == JITDEBUG_E_UNSUPPORTED, "registered");
    CHECK(registration == untouched, "an output was written");
    CHECK(errno == 1234, "errno is %d", errno);
  }
  CHECK(jitdebug_dl_register_batch(images, 1, 0, &registration) ==
            JITDEBUG_E_UNSUPPORTED,
        "registered");
  CHECK(jitdebug_dl_registration_image(registration, 0, &data, &size) ==
            JITDEBUG_E_UNSUPPORTED,
        "an image");
  CHECK(discard(registration) == JITDEBUG_E_UNSUPPORTED, "unregistered");
  CHECK(discard(NULL) == JITDEBUG_OK, "NULL is not fine");
  CHECK(version() == 0, "version %#x", version());
  CHECK(*jitdebug_dl_notice() == 0, "%s", jitdebug_dl_notice());
  CHECK(*jitdebug_dl_status_string(JITDEBUG_E_UNSUPPORTED), "no text");
  CHECK(loaded_copies().count == 0, "%s is loaded", loaded_copies().path);
  for (; *texts; texts++)
    CHECK(strstr(reason(), *texts), "no %s in: %s", *texts, reason());
}

/* All files of the program go by the first search: what one has registered,
 * another can unregister. */
static void late(const char *path) {
  jitdebug_registration *registration;
  CHECK(add(&registration) == JITDEBUG_E_UNSUPPORTED, "registered");
  CHECK(dlopen(path, RTLD_NOW | RTLD_LOCAL), "%s", dlerror());
  CHECK(version() == 0, "found by the other file");
}

static void not(const char *path) {
  jitdebug_registration *registration;
  if (add(&registration) == JITDEBUG_OK) discard(registration);
  CHECK(!strstr(reason(), path), "%s", reason());
  CHECK(strcmp(loaded_copies().path, path) != 0, "%s is loaded", path);
}

static pthread_barrier_t start;

static void *register_one(void *registration) {
  pthread_barrier_wait(&start);
  int32_t status = add(registration);
  CHECK(status == JITDEBUG_OK, "%s", jitdebug_dl_last_error());
  return NULL;
}

static void threads(void) {
  enum { COUNT = 16 };
  pthread_t thread[COUNT];
  jitdebug_registration *registration[COUNT];
  pthread_barrier_init(&start, NULL, COUNT);
  for (int i = 0; i < COUNT; i++)
    CHECK(pthread_create(&thread[i], NULL, register_one, &registration[i]) == 0,
          "no thread");
  for (int i = 0; i < COUNT; i++) pthread_join(thread[i], NULL);
  for (int i = 0; i < COUNT; i++)
    CHECK(discard(registration[i]) == JITDEBUG_OK, "%s", reason());
}

int main(int count, char **arguments) {
  const char *kind = count > 1 ? arguments[1] : "";
  image_make(&image, 7);

  /* Nothing that is asked before a registration loads the library. */
  CHECK(*jitdebug_dl_last_error() == 0, "%s", jitdebug_dl_last_error());
  CHECK(*jitdebug_dl_status_string(JITDEBUG_OK), "no text");
  CHECK(*jitdebug_dl_notice() == 0, "%s", jitdebug_dl_notice());
  CHECK(jitdebug_dl_unregister(NULL) == JITDEBUG_OK, "NULL is not fine");
  CHECK(loaded_copies().count == 0, "%s is loaded", loaded_copies().path);

  if (strcmp(kind, "with") == 0 && count == 3) {
    with(arguments[2]);
  } else if (strcmp(kind, "first") == 0 && count == 3) {
    CHECK(dlopen(arguments[2], RTLD_NOW | RTLD_LOCAL), "%s", dlerror());
    with(arguments[2]);
  } else if (strcmp(kind, "without") == 0) {
    without(arguments + 2);
  } else if (strcmp(kind, "late") == 0 && count == 3) {
    late(arguments[2]);
  } else if (strcmp(kind, "not") == 0 && count == 3) {
    not(arguments[2]);
  } else if (strcmp(kind, "threads") == 0) {
    threads();
  } else {
    CHECK(0, "usage: see the source");
  }
  return 0;
}
