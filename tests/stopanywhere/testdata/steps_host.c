/*
 * Makes the calls that steps.c steps through. Says before each which lists may
 * be seen, then stops itself for the tracer to take over.
 */
#define _GNU_SOURCE
#include <jitdebug.h>
#include <link.h>
#include <signal.h>
#include <sys/mman.h>

#include "plan.h"

enum { IMAGES = 64 };

static struct plan *plan;
static struct image images[IMAGES]; /* of serial number index + 1 */

/* Images of even serial number are borrowed. The buffers of the others are
 * made useless as soon as they have been registered. */
static uint32_t flags_of(uint64_t serial) {
  return serial % 2 == 0 ? JITDEBUG_BORROW : 0;
}

static void ready(const char *name, unsigned action) {
  snprintf(plan->name, sizeof plan->name, "%s", name);
  plan->action = action;
  plan->changes = 0;
  memset(plan->lists, 0, sizeof plan->lists);
  unsigned n = 0;
  for (struct code_entry *e = plan->descriptor->first; e; e = e->next)
    plan->lists[0][n++] = e->symfile->serial;
}

static void will_add(uint64_t serial) {
  unsigned n = plan->changes++;
  plan->changed[n] = serial;
  plan->lists[n + 1][0] = serial;
  memcpy(&plan->lists[n + 1][1], plan->lists[n],
         sizeof plan->lists[0] - sizeof serial);
}

static void will_remove(uint64_t serial) {
  unsigned n = plan->changes++, to = 0;
  plan->changed[n] = serial;
  for (unsigned i = 0; i < MAX_ENTRIES; i++)
    if (plan->lists[n][i] != serial)
      plan->lists[n + 1][to++] = plan->lists[n][i];
}

/* The tracer steps from here to the store that ends the stage. */
#define STEP(call)                                                       \
  do {                                                                   \
    plan->stage = STAGE_READY;                                           \
    raise(SIGSTOP);                                                      \
    int32_t status_ = (call);                                            \
    plan->stage = STAGE_RETURNED;                                        \
    CHECK(status_ == expected, "%s: status %d, %s", plan->name, status_, \
          jitdebug_last_error());                                        \
  } while (0)

static jitdebug_registration *add(const char *name, uint64_t serial) {
  const int32_t expected = JITDEBUG_OK;
  jitdebug_registration *registration;
  struct image *image = &images[serial - 1];
  ready(name, ACTION_REGISTER);
  will_add(serial);
  STEP(
      jitdebug_register(image, sizeof *image, flags_of(serial), &registration));
  if (!(flags_of(serial) & JITDEBUG_BORROW)) memset(image, 0, sizeof *image);
  return registration;
}

/* Three images of serial numbers two apart, so that one flag fits all. */
static jitdebug_registration *add_batch(const char *name, uint64_t serial) {
  const int32_t expected = JITDEBUG_OK;
  jitdebug_registration *registration;
  jitdebug_image batch[3];
  ready(name, ACTION_REGISTER);
  for (int i = 0; i < 3; i++) {
    batch[i] = (jitdebug_image){&images[serial + 2 * i - 1], sizeof images[0]};
    will_add(serial + 2 * i);
  }
  STEP(jitdebug_register_batch(batch, 3, flags_of(serial), &registration));
  for (int i = 0; i < 3 && !(flags_of(serial) & JITDEBUG_BORROW); i++)
    memset((void *)batch[i].data, 0, batch[i].size);
  return registration;
}

static void drop(const char *name, jitdebug_registration *registration,
                 uint64_t serial, int count) {
  const int32_t expected = JITDEBUG_OK;
  ready(name, ACTION_UNREGISTER);
  for (int i = 0; i < count; i++) will_remove(serial + 2 * i);
  STEP(jitdebug_unregister(registration));
}

/* A failing call changes nothing. */
static void fail(const char *name, int32_t expected,
                 jitdebug_registration *stale, struct image *bad) {
  jitdebug_registration *registration;
  ready(name, ACTION_NONE);
  if (stale)
    STEP(jitdebug_unregister(stale));
  else
    STEP(jitdebug_register(bad, sizeof *bad, 0, &registration));
}

static void find_hook(void) {
  Dl_info info;
  const ElfW(Sym) * symbol;
  void *hook = dlsym(RTLD_DEFAULT, "__jit_debug_register_code");
  CHECK(hook && dladdr1(hook, &info, (void **)&symbol, RTLD_DL_SYMENT),
        "no __jit_debug_register_code");
  plan->hook = (uintptr_t)hook;
  plan->hook_size = symbol->st_size;
}

static void warm_up(void) {
  struct image image;
  jitdebug_registration *registration;
  image_make(&image, 1);
  for (int i = 0; i < 1000; i++) {
    CHECK(jitdebug_register(&image, sizeof image, 0, &registration) == 0, "%s",
          jitdebug_last_error());
    CHECK(jitdebug_unregister(registration) == 0, "%s", jitdebug_last_error());
  }
}

int main(void) {
  plan =
      mmap(NULL, sizeof *plan, PROT_READ | PROT_WRITE, MAP_SHARED, PLAN_FD, 0);
  CHECK(plan != MAP_FAILED, "no plan");
  plan->descriptor = list_descriptor(RTLD_DEFAULT);
  plan->buffers = (uintptr_t)images;
  find_hook();
  for (int i = 0; i < IMAGES; i++) image_make(&images[i], i + 1);

  jitdebug_registration *cold = add("register, the first call of all", 1);
  drop("unregister, the first of all", cold, 1, 1);

  warm_up();
  jitdebug_registration *tail = add("register on an empty list", 2);
  drop("unregister the only one", tail, 2, 1);
  tail = add("register", 3);
  jitdebug_registration *low = add("register, borrowed", 4);
  jitdebug_registration *batch = add_batch("register a batch", 5);
  jitdebug_registration *borrowed = add_batch("register a batch, borrowed", 6);
  jitdebug_registration *high = add("register above batches", 11);
  jitdebug_registration *head = add("register above batches, borrowed", 12);
  jitdebug_registration *stale = head;
  drop("unregister the head", head, 12, 1);
  drop("unregister a batch in the middle", batch, 5, 3);
  fail("unregister a stale handle", JITDEBUG_E_STALE, stale, NULL);
  images[12].header.e_shstrndx = 9;
  fail("register a bad image", JITDEBUG_E_IMAGE, NULL, &images[12]);
  drop("unregister the tail", tail, 3, 1);
  drop("unregister a borrowed batch in the middle", borrowed, 6, 3);
  drop("unregister the tail, borrowed", low, 4, 1);
  drop("unregister the last", high, 11, 1);
  return 0;
}
