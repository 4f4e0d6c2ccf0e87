/*
 * Forks while four threads register and unregister, and has each child go on:
 * with the handles and the list of its parent, and with its own.
 *
 * usage: workers COUNT GENERATIONS
 */
#define _GNU_SOURCE
#include "busy.h"
#include "child.h"

enum { AT_ONCE = 8, INHERITED = 40, OWN = 100, MOST = INHERITED + OWN + 500 };

static struct image shown[INHERITED], own[OWN];
static jitdebug_registration *inherited[INHERITED], *handles[OWN];

static int32_t add(struct image *image, int borrowed,
                   jitdebug_registration **handle) {
  return jitdebug_register(image, sizeof *image, borrowed ? JITDEBUG_BORROW : 0,
                           handle);
}

static void register_inherited(void) {
  for (int i = 0; i < INHERITED; i++) {
    image_make(&shown[i], 1000 + i);
    CHECK(add(&shown[i], i % 2, &inherited[i]) == 0, "%s",
          jitdebug_last_error());
  }
}

/* Every image on the list, and each of these once. */
static int listed(const struct image *image, int borrowed) {
  int found = 0;
  for (const struct code_entry *entry = descriptor->first; entry;
       entry = entry->next)
    found += borrowed ? entry->symfile == image
                      : memcmp(entry->symfile, image, sizeof *image) == 0;
  return found;
}

static void check_links(void) {
  const struct code_entry *before = NULL;
  for (const struct code_entry *entry = descriptor->first; entry;
       before = entry, entry = entry->next)
    CHECK(entry->prev == before, "an entry's prev is wrong");
  CHECK(!descriptor->action && !descriptor->relevant, "a notification is left");
}

static void *use_on_thread(void *unused) {
  struct image image;
  jitdebug_registration *handle;
  image_make(&image, 99);
  for (int i = 0; i < 20; i++) {
    CHECK(add(&image, 0, &handle) == 0, "%s", jitdebug_last_error());
    CHECK(jitdebug_unregister(handle) == 0, "%s", jitdebug_last_error());
  }
  return unused;
}

static void in_threads(void) {
  pthread_t threads[3];
  for (int i = 0; i < 3; i++)
    CHECK(pthread_create(&threads[i], NULL, use_on_thread, NULL) == 0,
          "no thread");
  for (int i = 0; i < 3; i++) pthread_join(threads[i], NULL);
}

/* What of the parent's is there, is gone when it is unregistered. */
static void use(int generation) {
  const void *data;
  size_t size;
  int gone = generation * 4; /* by now, of the inherited ones */
  errno = EXDEV;
  long before = list_length(descriptor, MOST);
  if (generation % 2) in_threads(); /* the first calls, all at once */
  CHECK(jitdebug_unregister(stale) == JITDEBUG_E_STALE, "a stale handle: %s",
        jitdebug_last_error());
  CHECK(strlen(jitdebug_last_error()) > 0, "no text");
  CHECK(jitdebug_unregister((void *)&image_make) == JITDEBUG_E_HANDLE,
        "a foreign handle");
  for (int i = gone; i < INHERITED; i++) {
    CHECK(jitdebug_registration_image(inherited[i], 0, &data, &size) == 0,
          "an inherited handle: %s", jitdebug_last_error());
    CHECK(size == sizeof shown[i] && memcmp(data, &shown[i], size) == 0,
          "an inherited image is another");
  }
  CHECK(add(&shown[gone + 1], 1, &handles[0]) == JITDEBUG_E_DUPLICATE,
        "a buffer that the parent has lent was taken");
  check_links();
  for (int i = 0; i < OWN; i++) {
    image_make(&own[i], 2000 + generation * OWN + i);
    CHECK(add(&own[i], i % 3 == 0, &handles[i]) == 0, "%s",
          jitdebug_last_error());
  }
  for (int i = gone; i < gone + 4; i++) {
    CHECK(jitdebug_unregister(inherited[i]) == 0, "%s", jitdebug_last_error());
    CHECK(jitdebug_unregister(inherited[i]) == JITDEBUG_E_STALE, "not stale");
    CHECK(listed(&shown[i], i % 2) == 0, "it is still on the list");
  }
  /* Of the parent's changes that the fork interrupted there was at most one. */
  long after = list_length(descriptor, MOST);
  CHECK(after == before + OWN - 4 || after == before + OWN - 5,
        "%ld entries became %ld", before, after);
  for (int i = gone + 4; i < INHERITED; i++)
    CHECK(listed(&shown[i], i % 2) == 1, "an inherited image is lost");
  for (int i = 0; i < OWN; i++)
    CHECK(listed(&own[i], i % 3 == 0) == 1, "an image is lost");
  for (int i = 0; i < OWN; i++)
    CHECK(jitdebug_unregister(handles[i]) == 0, "%s", jitdebug_last_error());
  CHECK(list_length(descriptor, MOST) == after - OWN, "the list is not right");
  check_links();
}

static pid_t descend(int generation, int generations) {
  pid_t child = fork();
  if (child == 0) {
    alarm(CHILD_SECONDS);
    use(generation);
    if (generation + 1 < generations)
      child_was_well(descend(generation + 1, generations));
    _exit(0);
  }
  return child;
}

int main(int argc, char **argv) {
  struct image image;
  CHECK(argc == 3, "usage: workers COUNT GENERATIONS");
  descriptor = list_descriptor(RTLD_DEFAULT);
  image_make(&image, 1);
  CHECK(add(&image, 0, &stale) == 0, "%s", jitdebug_last_error());
  CHECK(jitdebug_unregister(stale) == 0, "%s", jitdebug_last_error());
  register_inherited();
  busy_begin();
  for (int left = atoi(argv[1]); left > 0; left -= AT_ONCE) {
    pid_t children[AT_ONCE];
    int count = left < AT_ONCE ? left : AT_ONCE;
    for (int i = 0; i < count; i++) children[i] = descend(0, atoi(argv[2]));
    for (int i = 0; i < count; i++) child_was_well(children[i]);
  }
  busy_end();
  CHECK(list_length(descriptor, MOST) == INHERITED,
        "the parent's list is not what it was");
  check_links();
  for (int i = 0; i < INHERITED; i++)
    CHECK(jitdebug_unregister(inherited[i]) == 0, "%s", jitdebug_last_error());
  CHECK(list_length(descriptor, MOST) == 0, "the parent's list is not empty");
  return 0;
}
