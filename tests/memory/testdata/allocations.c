/* A call of which one allocation fails, or one and all after it: it succeeds,
 * or is refused with nothing changed. It is the process's first, or the first
 * of a new thread, or one of many.
 *
 * usage: allocations first|thread|later CALL one|all NUMBER OBJECT
 *
 * OBJECT is a file as a compiler writes it, with its code in .text.
 * Prints how many allocations failed. */
#include <jitdebug.h>
#include <pthread.h>
#include <string.h>

#include "check.h"
#include "failing.h"
#include "file.h"
#include "functions.h"
#include "image.h"
#include "settled.h"

/* May stay, for later calls: a thread's text, a block of handles, the table of
 * borrowed addresses, two blocks of the order of leaves, and one of the
 * loader's. */
enum { KEPT = 6 };

enum { MANY = 1024, ERRNO_BEFORE = 4242 };

static struct image images[MANY];
static jitdebug_image batch[MANY];
static jitdebug_function functions[MANY];
static char *object;
static size_t object_size;
static unsigned long fail_at;
static int fail_all;
static unsigned long failed;

static int32_t copy(jitdebug_registration **registration) {
  return jitdebug_register(batch[0].data, batch[0].size, 0, registration);
}

static int32_t borrow(jitdebug_registration **registration) {
  return jitdebug_register(batch[0].data, batch[0].size, JITDEBUG_BORROW,
                           registration);
}

static int32_t copy_few(jitdebug_registration **registration) {
  return jitdebug_register_batch(batch, 3, 0, registration);
}

static int32_t borrow_few(jitdebug_registration **registration) {
  return jitdebug_register_batch(batch, 3, JITDEBUG_BORROW, registration);
}

static int32_t copy_many(jitdebug_registration **registration) {
  return jitdebug_register_batch(batch, MANY, 0, registration);
}

static int32_t borrow_many(jitdebug_registration **registration) {
  return jitdebug_register_batch(batch, MANY, JITDEBUG_BORROW, registration);
}

static int32_t one_function(jitdebug_registration **registration) {
  return jitdebug_register_functions(functions, 1, 0, registration);
}

static int32_t many_functions(jitdebug_registration **registration) {
  return jitdebug_register_functions(functions, MANY, 0, registration);
}

static int32_t an_object(jitdebug_registration **registration) {
  const jitdebug_section place = {sizeof place, 0, ".text", &images};
  return jitdebug_register_object(object, object_size, &place, 1, 0,
                                  registration);
}

static jitdebug_registration *must_register(const void *image, size_t size,
                                            uint32_t flags) {
  jitdebug_registration *registration;
  CHECK(jitdebug_register(image, size, flags, &registration) == JITDEBUG_OK,
        "%s", jitdebug_last_error());
  return registration;
}

static void must_unregister(jitdebug_registration *registration) {
  CHECK(jitdebug_unregister(registration) == JITDEBUG_OK, "%s",
        jitdebug_last_error());
}

/* The C library's records of the threads that the first call starts, and
 * whether a call is that. */
enum { THREADS = 3 };
static int is_first;

/* The list, entry by entry. */
struct listed {
  const void *entry, *symfile;
  uint64_t size;
};

static size_t list_now(struct listed *listed, size_t room) {
  size_t length = 0;
  CHECK(settled_length() <= room, "the list is too long for this test");
  for (const struct code_entry *entry = list_descriptor(RTLD_DEFAULT)->first;
       entry; entry = entry->next)
    listed[length++] = (struct listed){entry, entry->symfile, entry->size};
  return length;
}

static void check_registering(int32_t (*call)(jitdebug_registration **)) {
  static struct listed before[2 * MANY], after[2 * MANY];
  jitdebug_registration *const untouched = (void *)&images;
  jitdebug_registration *registration = untouched;
  const size_t length = list_now(before, 2 * MANY);
  const long outstanding_before = outstanding;

  errno = ERRNO_BEFORE;
  fail_from(fail_at, fail_all);
  const int32_t status = call(&registration);
  failed = fail_no_more();
  CHECK(errno == ERRNO_BEFORE, "errno is %d", errno);

  if (status == JITDEBUG_OK) {
    CHECK(registration != untouched, "no handle");
    must_unregister(registration);
  } else {
    CHECK(failed, "without a failing allocation: %s", jitdebug_last_error());
    CHECK(status == JITDEBUG_E_MEMORY, "%d: %s", (int)status,
          jitdebug_last_error());
    CHECK(strstr(jitdebug_last_error(), "memory"), "%s", jitdebug_last_error());
    CHECK(registration == untouched, "a failing call wrote its output");
    CHECK(outstanding <= outstanding_before + KEPT + (is_first ? THREADS : 0),
          "%ld blocks leak", outstanding - outstanding_before);
  }
  CHECK(list_now(after, 2 * MANY) == length &&
            memcmp(before, after, length * sizeof *before) == 0,
        "the list has changed");

  /* What stays, stays once. */
  const long outstanding_now = outstanding;
  for (int i = 0; i < 50; i++) {
    fail_from(fail_at, fail_all);
    const int32_t again = call(&registration);
    fail_no_more();
    if (again == JITDEBUG_OK)
      must_unregister(registration);
    else
      CHECK(again == JITDEBUG_E_MEMORY, "%d: %s", (int)again,
            jitdebug_last_error());
  }
  CHECK(outstanding <= outstanding_now + KEPT + (is_first ? THREADS : 0),
        "%ld blocks leak in 50 calls", outstanding - outstanding_now);

  CHECK(call(&registration) == JITDEBUG_OK, "afterwards: %s",
        jitdebug_last_error());
  must_unregister(registration);
  /* Nothing is still thought to be borrowed. */
  for (int i = 0; i < MANY; i++)
    must_unregister(
        must_register(batch[i].data, batch[i].size, JITDEBUG_BORROW));
}

/* So many live registrations that handles run out, again and again. */
static void check_growing(void) {
  enum { LIVE = 2 * MANY + 100 };
  static jitdebug_registration *live[LIVE];
  const long outstanding_before = outstanding;
  for (size_t i = 0; i < LIVE; i++) {
    fail_from(fail_at, fail_all);
    int32_t status = copy(&live[i]);
    failed += fail_no_more();
    CHECK(settled_length() == i + (status == JITDEBUG_OK), "after %d",
          (int)status);
    if (status != JITDEBUG_OK) {
      CHECK(status == JITDEBUG_E_MEMORY, "%d: %s", (int)status,
            jitdebug_last_error());
      status = copy(&live[i]);
    }
    CHECK(status == JITDEBUG_OK, "afterwards: %s", jitdebug_last_error());
  }
  for (size_t i = 0; i < LIVE; i++) must_unregister(live[i]);
  CHECK(outstanding <= outstanding_before + LIVE / 256, "%ld blocks leak",
        outstanding - outstanding_before);
}

/* Functions one at a time, which share images, and then one at a time gone
 * again. Each that is registered can be found, in one image, and no other. */
static void check_sharing(void) {
  enum { LIVE = 700, STEP = 9 }; /* which has no factor in common with LIVE */
  static jitdebug_registration *live[LIVE];
  static unsigned char shown[LIVE];
  const long outstanding_before = outstanding;
  for (size_t i = 0; i < LIVE; i++) {
    jitdebug_function function = function_make(i);
    fail_from(fail_at, fail_all);
    const int32_t status =
        jitdebug_register_functions(&function, 1, 0, &live[i]);
    failed += fail_no_more();
    CHECK(status == JITDEBUG_OK || status == JITDEBUG_E_MEMORY, "%d: %s",
          (int)status, jitdebug_last_error());
    functions_shown(shown, LIVE);
    for (size_t n = 0; n < LIVE; n++)
      CHECK(shown[n] == (n < i + (status == JITDEBUG_OK)),
            "function %zu is in %d images after %zu calls", n, shown[n], i + 1);
    if (status != JITDEBUG_OK)
      CHECK(
          jitdebug_register_functions(&function, 1, 0, &live[i]) == JITDEBUG_OK,
          "afterwards: %s", jitdebug_last_error());
  }
  for (size_t i = 0, gone = 0; i < LIVE; i++, gone = (gone + STEP) % LIVE) {
    fail_from(fail_at, fail_all);
    const int32_t status = jitdebug_unregister(live[gone]);
    failed += fail_no_more();
    CHECK(status == JITDEBUG_OK, "%d: %s", (int)status, jitdebug_last_error());
    live[gone] = NULL;
    settled_length();
    functions_shown(shown, LIVE);
    for (size_t n = 0; n < LIVE; n++)
      CHECK(shown[n] == (live[n] != NULL),
            "function %zu is in %d images, %zu gone", n, shown[n], i + 1);
  }
  CHECK(outstanding <= outstanding_before + KEPT, "%ld blocks leak",
        outstanding - outstanding_before);
}

/* The image of functions alone is written by the first call. */
static void check_functions_image(void) {
  const void *const untouched = &images, *data = untouched;
  size_t size;
  jitdebug_registration *registration;
  CHECK(many_functions(&registration) == JITDEBUG_OK, "%s",
        jitdebug_last_error());
  fail_from(fail_at, fail_all);
  int32_t status = jitdebug_registration_image(registration, 0, &data, &size);
  failed = fail_no_more();
  if (status != JITDEBUG_OK) {
    CHECK(failed && status == JITDEBUG_E_MEMORY && data == untouched, "%d: %s",
          (int)status, jitdebug_last_error());
    status = jitdebug_registration_image(registration, 0, &data, &size);
  }
  CHECK(status == JITDEBUG_OK && data != untouched, "afterwards: %s",
        jitdebug_last_error());
  must_unregister(registration);
}

/* Calls that need no memory, or whose answer does not depend on it. */
static void check_image(void) {
  const void *data;
  size_t size;
  jitdebug_registration *registration =
      must_register(batch[0].data, batch[0].size, 0);
  fail_from(fail_at, fail_all);
  const int32_t status =
      jitdebug_registration_image(registration, 0, &data, &size);
  failed = fail_no_more();
  CHECK(status == JITDEBUG_OK && size == batch[0].size, "%s",
        jitdebug_last_error());
  must_unregister(registration);
}

static void check_unregister(void) {
  jitdebug_registration *registration =
      must_register(batch[0].data, batch[0].size, 0);
  const size_t length = settled_length();
  fail_from(fail_at, fail_all);
  const int32_t status = jitdebug_unregister(registration);
  failed = fail_no_more();
  CHECK(status == JITDEBUG_OK, "%s", jitdebug_last_error());
  CHECK(settled_length() == length - 1, "still on the list");
}

static void check_text(void) {
  const jitdebug_image wrong[] = {batch[0], {batch[1].data, 0}};
  jitdebug_registration *registration;
  CHECK(!*jitdebug_last_error(), "a failure before the first");
  fail_from(fail_at, fail_all);
  const int32_t status = jitdebug_register_batch(wrong, 2, 0, &registration);
  failed = fail_no_more();
  const char *text = jitdebug_last_error();
  const int unstarted = status == JITDEBUG_E_MEMORY;
  CHECK(status == JITDEBUG_E_ARGUMENT || unstarted, "%d", (int)status);
  CHECK(strcmp(text, jitdebug_status_string(status)) == 0 ||
            strstr(text, unstarted ? "cannot start" : "image 1 of 2"),
        "%s", text);
  jitdebug_register_batch(wrong, 2, 0, &registration);
  CHECK(strstr(jitdebug_last_error(), "image 1 of 2"), "%s",
        jitdebug_last_error());
}

static void check_copy(void) { check_registering(copy); }
static void check_borrow(void) { check_registering(borrow); }
static void check_copy_few(void) { check_registering(copy_few); }
static void check_borrow_few(void) { check_registering(borrow_few); }
static void check_copy_many(void) { check_registering(copy_many); }
static void check_function(void) { check_registering(one_function); }
static void check_functions(void) { check_registering(many_functions); }
static void check_object(void) { check_registering(an_object); }
static void check_borrow_many(void) { check_registering(borrow_many); }

static const struct {
  const char *name;
  void (*check)(void);
} calls[] = {{"copy", check_copy},
             {"borrow", check_borrow},
             {"copy-few", check_copy_few},
             {"borrow-few", check_borrow_few},
             {"copy-many", check_copy_many},
             {"borrow-many", check_borrow_many},
             {"growing", check_growing},
             {"function", check_function},
             {"functions", check_functions},
             {"sharing", check_sharing},
             {"functions-image", check_functions_image},
             {"object", check_object},
             {"image", check_image},
             {"unregister", check_unregister},
             {"text", check_text}};

static void *run(void *name) {
  for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
    if (strcmp(calls[i].name, name) == 0) {
      calls[i].check();
      return name;
    }
  return NULL;
}

int main(int argc, char **argv) {
  CHECK(argc == 6, "usage: allocations WHERE CALL one|all NUMBER OBJECT");
  fail_all = strcmp(argv[3], "all") == 0;
  fail_at = strtoul(argv[4], NULL, 10);
  for (int i = 0; i < MANY; i++) {
    image_make(&images[i], (uint64_t)i);
    batch[i] = (jitdebug_image){&images[i], sizeof images[i]};
    functions[i] = function_make((size_t)i);
  }
  object = file_read(argv[5], &object_size);
  settled_length();
  is_first = strcmp(argv[1], "first") == 0;
  if (!is_first)
    must_unregister(must_register(batch[0].data, batch[0].size, 0));

  void *known;
  if (strcmp(argv[1], "thread") == 0) {
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, run, argv[2]) == 0, "pthread_create");
    pthread_join(thread, &known);
  } else {
    known = run(argv[2]);
  }
  CHECK(known, "no such call");
  CHECK(settled_length() == 0, "the list is not empty");
  printf("%lu\n", failed);
  return 0;
}
