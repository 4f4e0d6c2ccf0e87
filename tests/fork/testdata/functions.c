/*
 * Forks while four threads register and unregister functions, whose images
 * change all the time; each child goes on with them.
 *
 * usage: functions COUNT
 */
#define _GNU_SOURCE
#include <pthread.h>

#include "child.h"

enum { THREADS = 4, KEPT = 60, OWN = 40, AT_ONCE = 8 };

static volatile int finish;

static jitdebug_registration *add(const char *kind, int i, uintptr_t address) {
  char name[32];
  jitdebug_registration *handle;
  snprintf(name, sizeof name, "%s_%d", kind, i);
  jitdebug_function function = {.struct_size = sizeof function,
                                .name = name,
                                .address = (void *)(address + i * 32),
                                .size = 16};
  CHECK(jitdebug_register_functions(&function, 1, 0, &handle) == 0, "%s",
        jitdebug_last_error());
  return handle;
}

static void drop(jitdebug_registration *handle) {
  CHECK(jitdebug_unregister(handle) == 0, "%s", jitdebug_last_error());
}

static void *work(void *argument) {
  jitdebug_registration *handles[OWN] = {0};
  uintptr_t base = IMAGE_CODE + ((uintptr_t)argument << 24);
  for (int i = 0; !finish; i = (i + 1) % OWN) {
    drop(handles[i]);
    handles[i] = add("busy", i, base);
  }
  for (int i = 0; i < OWN; i++) drop(handles[i]);
  return NULL;
}

/* How many functions in images on the list have names that begin so. */
static int shown(const char *name) {
  int found = 0;
  const struct code_entry *before = NULL;
  for (const struct code_entry *entry = descriptor->first; entry;
       before = entry, entry = entry->next) {
    CHECK(entry->prev == before, "an entry's prev is wrong");
    const struct list_symbols symbols = list_symbols(entry);
    for (size_t n = 1; n < symbols.count; n++)
      found += symbols.all[n].st_shndx != SHN_UNDEF &&
               strncmp(symbols.names + symbols.all[n].st_name, name,
                       strlen(name)) == 0;
  }
  return found;
}

static void use(jitdebug_registration **kept) {
  jitdebug_registration *own[OWN];
  const void *data;
  size_t size;
  for (int i = 0; i < OWN; i++)
    own[i] = add("own", i, IMAGE_CODE + (UINT64_C(1) << 32));
  CHECK(shown("own_0"), "own functions are not shown");
  for (int i = 0; i < KEPT; i++) {
    char name[32];
    snprintf(name, sizeof name, "kept_%d_", i);
    CHECK(shown(name) == 1, "%s is shown %d times", name, shown(name));
    CHECK(jitdebug_registration_image(kept[i], 0, &data, &size) == 0, "%s",
          jitdebug_last_error());
    drop(kept[i]);
    CHECK(shown(name) == 0, "%s is still shown", name);
    CHECK(jitdebug_unregister(kept[i]) == JITDEBUG_E_STALE, "not stale");
  }
  for (int i = 0; i < OWN; i++) drop(own[i]);
  CHECK(shown("own_") == 0, "own functions are still shown");
}

int main(int argc, char **argv) {
  jitdebug_registration *kept[KEPT];
  pthread_t threads[THREADS];
  CHECK(argc == 2, "usage: functions COUNT");
  descriptor = list_descriptor(RTLD_DEFAULT);
  for (uintptr_t i = 0; i < THREADS; i++)
    CHECK(pthread_create(&threads[i], NULL, work, (void *)(i + 1)) == 0,
          "no thread");
  for (int i = 0; i < KEPT; i++) {
    char name[32];
    snprintf(name, sizeof name, "kept_%d", i);
    kept[i] = add(name, i, IMAGE_CODE);
  }
  for (int left = atoi(argv[1]); left > 0; left -= AT_ONCE) {
    pid_t children[AT_ONCE];
    for (int i = 0; i < AT_ONCE; i++) {
      children[i] = fork();
      if (children[i] == 0) {
        alarm(CHILD_SECONDS);
        use(kept);
        _exit(0);
      }
    }
    for (int i = 0; i < AT_ONCE; i++) child_was_well(children[i]);
  }
  finish = 1;
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  for (int i = 0; i < KEPT; i++) drop(kept[i]);
  CHECK(!descriptor->first, "the parent's list is not empty");
  return 0;
}
