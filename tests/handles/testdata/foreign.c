/* What was never a handle, next to what is one and what was one: the model is a
 * set of all handles that were ever given out. */
#include <string.h>

#include "handle.h"
#include "random.h"
#include "settled.h"

enum { REGISTRATIONS = 3000, TABLE = 1 << 16, GARBAGE = 150000 };

/* Handles ever given out, by open addressing. */
static struct given {
  uintptr_t handle;
  uint64_t serial;
  int live;
} given[TABLE];

static struct given *find(uintptr_t handle) {
  uint64_t at = handle;
  struct given *slot = &given[random_next(&at) % TABLE];
  while (slot->handle && slot->handle != handle)
    slot = slot == &given[TABLE - 1] ? given : slot + 1;
  return slot;
}

static size_t live;
static uint64_t serials;

static uintptr_t give(void) {
  const uint64_t serial = ++serials;
  const uintptr_t handle = (uintptr_t)register_serial(serial);
  struct given *slot = find(handle);
  CHECK(!slot->handle, "handle %#zx was given out before", handle);
  *slot = (struct given){handle, serial, 1};
  live++;
  return handle;
}

static void take_back(uintptr_t handle) {
  CHECK(jitdebug_unregister((jitdebug_registration *)handle) == JITDEBUG_OK,
        "%s", jitdebug_last_error());
  find(handle)->live = 0;
  live--;
}

static void check(uintptr_t number, const char *kind) {
  const struct given *slot = find(number);
  if (!number) return;
  if (slot->live) {
    const int32_t status = ask((jitdebug_registration *)number, slot->serial);
    CHECK(status == JITDEBUG_OK, "%s %#zx: live, and yet: %s", kind, number,
          jitdebug_last_error());
  } else {
    check_refused((void *)number,
                  slot->handle ? JITDEBUG_E_STALE : JITDEBUG_E_HANDLE, kind);
  }
}

static void check_around(uintptr_t handle) {
  for (uintptr_t distance = 1; distance <= 64; distance++) {
    check(handle - distance, "neighbour");
    check(handle + distance, "neighbour");
  }
  for (uintptr_t distance = 64; distance < 1 << 22; distance *= 2) {
    check(handle - distance, "distant neighbour");
    check(handle + distance, "distant neighbour");
  }
  for (uintptr_t top = 1; top < 1 << 8; top++)
    check(handle ^ top << 48, "another generation of");
  for (int bit = 0; bit < 64; bit++)
    check(handle ^ (uintptr_t)1 << bit, "bit flip of");
  for (int bit = 0; bit < 64; bit++)
    for (int second = bit + 1; second < 64; second += 5)
      check(handle ^ (uintptr_t)1 << bit ^ (uintptr_t)1 << second,
            "two bit flips of");
}

static char global[64];

static void check_pointers(void) {
  char stack[64];
  char *heap = malloc(64);
  CHECK(heap, "malloc");
  const void *image;
  size_t size;
  const uintptr_t handle = give();
  CHECK(jitdebug_registration_image((jitdebug_registration *)handle, 0, &image,
                                    &size) == JITDEBUG_OK,
        "%s", jitdebug_last_error());
  struct descriptor *descriptor = list_descriptor(RTLD_DEFAULT);
  for (int offset = 0; offset < 64; offset++) {
    check((uintptr_t)stack + offset, "stack");
    check((uintptr_t)heap + offset, "heap");
    check((uintptr_t)global + offset, "global");
    check((uintptr_t)&jitdebug_register + offset, "function");
    check((uintptr_t)descriptor + offset, "descriptor");
    check((uintptr_t)descriptor->first + offset, "code entry");
    check((uintptr_t)image + offset, "image");
    check(1 + offset, "small number");
    check(UINTPTR_MAX - offset, "large number");
  }
  const uintptr_t freed = (uintptr_t)heap;
  free(heap);
  check(freed, "freed heap");
  take_back(handle);
}

int main(void) {
  static uintptr_t handles[REGISTRATIONS];
  uint64_t state = 1;
  check((uintptr_t)global, "before any handle");

  for (int i = 0; i < REGISTRATIONS; i++) handles[i] = give();
  /* Some stale, some live, and cells that have never served beside them. */
  for (int i = 0; i < REGISTRATIONS; i++)
    if (random_below(&state, 3) == 0) take_back(handles[i]);

  for (int i = 0; i < REGISTRATIONS; i++) check(handles[i], "handle");
  for (int i = 0; i < REGISTRATIONS; i += 13) check_around(handles[i]);
  check_around(handles[0]);
  check_around(handles[REGISTRATIONS - 1]);
  check_pointers();
  for (int i = 0; i < GARBAGE; i++) check(random_next(&state), "garbage");

  CHECK(jitdebug_unregister(NULL) == JITDEBUG_OK, "%s", jitdebug_last_error());
  for (int i = 0; i < REGISTRATIONS; i++) check(handles[i], "handle");
  CHECK(settled_length() == live, "%zu on the list, %zu live", settled_length(),
        live);
  for (int i = 0; i < REGISTRATIONS; i++)
    if (find(handles[i])->live) take_back(handles[i]);
  for (int i = 0; i < REGISTRATIONS; i++) check(handles[i], "handle");
  CHECK(settled_length() == 0, "the list is not empty");
  return 0;
}
