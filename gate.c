/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* The exported functions. Each hands the call on where another copy of the
 * library has the list, never enters the dead Go of a forked child, enters Go
 * once, and keeps the text of a failure for its thread. What C does here, Go
 * could not do or could not undo: a child must not touch the dead runtime, and
 * cgo's malloc ends the process where this one returns NULL. */
#define _GNU_SOURCE
#include "gate.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "internal/copies/copies.h"
#include "internal/gdbjit/descriptor.h"
#include "internal/guest/guest.h"
#include "internal/handle/block.h"

#define PER_THREAD static __attribute__((tls_model("initial-exec"))) __thread

/* Implemented in export.go. Leaves a sentence in text if it fails. */
int32_t jitdebugGo(enum gate_function function, void *call, char *text);

/*
 * The fork gate: a byte on a page that the kernel wipes in a child, whichever
 * way the child was made. Where that is not to be had (Linux before 4.14), the
 * process's number serves, for a system call each time; so it does under
 * emulators that accept any advice, and follow none.
 */
static volatile char *same_process;
static pid_t process;

static int forked(void) {
  return same_process ? !*same_process : getpid() != process;
}

/* Held by who looks which copy has the list. */
static struct guest_lock deciding;

/* In a child that the C library made, which is all that can start Go: one whose
 * parent had not is as good as its parent. Kernels and sandboxes that say that
 * they wipe the page, and do not, are seen through here too. */
static void note_fork(void) {
  deciding = (struct guest_lock){0};
  if (same_process)
    *same_process = !guest_begun();
  else if (!guest_begun())
    process = getpid();
}

__attribute__((constructor)) static void watch_forks(void) {
  process = getpid();
  pthread_atfork(NULL, NULL, note_fork);
  size_t size = (size_t)sysconf(_SC_PAGESIZE);
  char *page = mmap(NULL, size, PROT_READ | PROT_WRITE,
                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return;
  *page = 1;
  enum { NONSENSE = -1 };
  if (madvise(page, size, MADV_WIPEONFORK) == 0 &&
      madvise(page, size, NONSENSE) != 0)
    same_process = page;
  else
    munmap(page, size);
}

/* The failure text of this thread: a static one, or what is in the buffer. */
PER_THREAD struct {
  const char *text;
  char *buffer;
} last;

static pthread_key_t at_thread_end;
static int key_made;

static void drop_text(void *buffer) {
  free(buffer);
  last.text = last.buffer = NULL;
}

__attribute__((constructor)) static void make_key(void) {
  key_made = pthread_key_create(&at_thread_end, drop_text) == 0;
}

static void remember(int32_t status, const char *text) {
  if (!last.buffer && key_made) {
    char *buffer = guest_try_malloc(GATE_TEXT_SIZE);
    if (buffer && pthread_setspecific(at_thread_end, buffer) == 0)
      last.buffer = buffer;
    else
      free(buffer);
  }
  if (last.buffer && *text)
    last.text = strcpy(last.buffer, text);
  else
    last.text = jitdebug_status_string(status);
}

static copies_estate estate;
static copies_adopt adopt;

/* The copy that the list is with: NULL if it is this one. Decided at the first
 * call, for good; in a child anew, if it was this one. */
enum { UNDECIDED, HERE, ELSEWHERE };
static _Atomic int decided;
static const struct copy *_Atomic first;

/* One thread at a time: the loader's own lock ends the process where a sandbox
 * forbids to wait for it. */
static const struct copy *first_copy(void) {
  guest_lock(&deciding);
  if (decided == UNDECIDED) {
    first = copies_first();
    decided = first ? ELSEWHERE : HERE;
  }
  guest_unlock(&deciding);
  return first;
}

static const struct copy *copy_in_child(int32_t *status) {
  char refusal[GATE_TEXT_SIZE];
  const struct copy *other =
      copies_in_child(estate, adopt, refusal, sizeof refusal);
  if (!other) {
    remember(JITDEBUG_E_FORKED, refusal);
    *status = JITDEBUG_E_FORKED;
  } else {
    first = other;
    decided = ELSEWHERE;
  }
  return other;
}

/* Returns the copy that answers, or NULL if this one does, or must refuse. */
static const struct copy *other_copy(int32_t *status) {
  if (decided == ELSEWHERE) return first;
  int saved = errno;
  guest_cannot_wait(); /* the allocator wants to know */
  const struct copy *other = forked() ? copy_in_child(status) : first_copy();
  errno = saved;
  return other;
}

/* A failure's text is with the copy that failed. */
static int32_t handed_on(int32_t status) {
  if (status != JITDEBUG_OK) last.text = NULL;
  return status;
}

static int32_t lacking(const struct copy *other, const char *function) {
  uint32_t old = other->jitdebug_version(), new = jitdebug_version();
  char text[GATE_TEXT_SIZE];
  snprintf(text, sizeof text,
           "%s: the process's list is kept by version %u.%u.%u of the library, "
           "loaded first, which lacks it; this is %u.%u.%u",
           function, old >> 16, old >> 8 & 255, old & 255, new >> 16,
           new >> 8 & 255, new & 255);
  remember(JITDEBUG_E_UNSUPPORTED, text);
  return JITDEBUG_E_UNSUPPORTED;
}

/* At the head of each function: returns if another copy answers. */
#define HAND_ON(function, ...)                                           \
  do {                                                                   \
    if (__builtin_expect(decided != HERE || forked(), 0)) {              \
      int32_t refused = JITDEBUG_OK;                                     \
      const struct copy *other = other_copy(&refused);                   \
      if (other)                                                         \
        return other->function ? handed_on(other->function(__VA_ARGS__)) \
                               : lacking(other, #function);              \
      if (refused) return refused;                                       \
    }                                                                    \
  } while (0)

struct entry {
  enum gate_function function;
  void *call;
  char *text;
};

/* A single image brings memory for its copy along: that saves the way from Go
 * to C. */
static void bring_memory(struct gate_register *call) {
  if (call->image && !(call->registering.flags & JITDEBUG_BORROW))
    call->registering.memory.copies = (uintptr_t)guest_try_malloc(call->size);
}

static int32_t enter_go(void *argument) {
  const struct entry *entry = argument;
  if (entry->function == GATE_REGISTER) bring_memory(entry->call);
  return jitdebugGo(entry->function, entry->call, entry->text);
}

/* call: the structure of that name in gate.h. */
static int32_t enter(enum gate_function function, void *call, uint32_t flags) {
  char text[GATE_TEXT_SIZE];
  int saved = errno;
  text[0] = 0;
  struct entry entry = {function, call, text};
  const struct guest_call run = {.go = enter_go,
                                 .argument = &entry,
                                 .nowait = flags & JITDEBUG_NOWAIT,
                                 .text = text,
                                 .text_size = sizeof text};
  int32_t status = guest_run(&run);
  if (__builtin_expect(status != JITDEBUG_OK, 0)) remember(status, text);
  errno = saved;
  return status;
}

static void release(struct gate_memory memory) {
  free((void *)memory.entries);
  free((void *)memory.copies);
}

/* registering: what is first in the call. */
static int32_t enter_to_register(enum gate_function function,
                                 struct gate_registering *registering) {
  int32_t status = enter(function, registering, registering->flags);
  if (status == JITDEBUG_OK)
    *(jitdebug_registration **)registering->output =
        (jitdebug_registration *)registering->handle;
  else if (status != JITDEBUG_E_INTERNAL)
    release(registering->memory);
  /* else rather a leak than to free what may be on the list: how far the call
   * came is not known */
  return status;
}

static struct gate_registering registering(
    uint32_t flags, jitdebug_registration **registration) {
  return (struct gate_registering){.flags = flags,
                                   .output = (uintptr_t)registration};
}

int32_t jitdebug_register(const void *image, size_t size, uint32_t flags,
                          jitdebug_registration **registration) {
  HAND_ON(jitdebug_register, image, size, flags, registration);
  struct gate_register call = {.registering = registering(flags, registration),
                               .image = (uintptr_t)image,
                               .size = size};
  return enter_to_register(GATE_REGISTER, &call.registering);
}

int32_t jitdebug_register_batch(const jitdebug_image *images, size_t count,
                                uint32_t flags,
                                jitdebug_registration **registration) {
  HAND_ON(jitdebug_register_batch, images, count, flags, registration);
  struct gate_register_batch call = {
      .registering = registering(flags, registration),
      .images = (uintptr_t)images,
      .count = count};
  return enter_to_register(GATE_REGISTER_BATCH, &call.registering);
}

int32_t jitdebug_register_functions(const jitdebug_function *functions,
                                    size_t count, uint32_t flags,
                                    jitdebug_registration **registration) {
  HAND_ON(jitdebug_register_functions, functions, count, flags, registration);
  struct gate_register_functions call; /* not its room */
  call.registering = registering(flags, registration);
  call.functions = (uintptr_t)functions;
  call.count = count;
  call.work = 0;
  int32_t status =
      enter_to_register(GATE_REGISTER_FUNCTIONS, &call.registering);
  free((void *)call.work);
  return status;
}

int32_t jitdebug_register_object(const void *object, size_t size,
                                 const jitdebug_section *sections, size_t count,
                                 uint32_t flags,
                                 jitdebug_registration **registration) {
  HAND_ON(jitdebug_register_object, object, size, sections, count, flags,
          registration);
  struct gate_register_object call = {
      .registering = registering(flags, registration),
      .object = (uintptr_t)object,
      .size = size,
      .sections = (uintptr_t)sections,
      .count = count};
  return enter_to_register(GATE_REGISTER_OBJECT, &call.registering);
}

/* Unregisters without entering Go, where that is possible and nothing is wrong:
 * see UnregisterOutside in internal/registry. */
static int (*unregister_outside)(uintptr_t registration,
                                 struct gate_memory *memory);

void gate_set_unregister_outside(uintptr_t address) {
  unregister_outside = (__typeof__(unregister_outside))address;
}

int32_t jitdebug_unregister(jitdebug_registration *registration) {
  HAND_ON(jitdebug_unregister, registration);
  if (!registration) return JITDEBUG_OK; /* not worth a start of Go */
  struct gate_unregister call = {.registration = (uintptr_t)registration};
  int32_t status = JITDEBUG_OK;
  if (!unregister_outside ||
      !unregister_outside(call.registration, &call.memory))
    status = enter(GATE_UNREGISTER, &call, 0);
  release(call.memory);
  return status;
}

int32_t jitdebug_registration_image(const jitdebug_registration *registration,
                                    size_t index, const void **image,
                                    size_t *size) {
  HAND_ON(jitdebug_registration_image, registration, index, image, size);
  struct gate_registration_image call = {
      .registration = (uintptr_t)registration,
      .index = index,
      .image_output = (uintptr_t)image,
      .size_output = (uintptr_t)size};
  int32_t status = enter(GATE_REGISTRATION_IMAGE, &call, 0);
  if (status == JITDEBUG_OK) {
    *image = (const void *)call.image;
    *size = call.size;
  }
  return status;
}

const char *jitdebug_status_string(int32_t status) {
  switch (status) {
    case JITDEBUG_OK:
      return "success";
    case JITDEBUG_E_ARGUMENT:
      return "invalid argument";
    case JITDEBUG_E_HANDLE:
      return "not a handle of this library";
    case JITDEBUG_E_STALE:
      return "stale handle";
    case JITDEBUG_E_IMAGE:
      return "no debugger could read this image";
    case JITDEBUG_E_MEMORY:
      return "out of memory";
    case JITDEBUG_E_BUSY:
      return "the list is being changed";
    case JITDEBUG_E_FORKED:
      return "not available in a forked child";
    case JITDEBUG_E_DUPLICATE:
      return "this buffer is registered already";
    case JITDEBUG_E_UNSUPPORTED:
      return "not supported on this platform";
    case JITDEBUG_E_INTERNAL:
      return "internal error in libjitdebug";
    default:
      return "unknown status";
  }
}

const char *jitdebug_last_error(void) {
  if (last.text) return last.text;
  const struct copy *other = first;
  return other ? other->jitdebug_last_error() : "";
}

const char *jitdebug_notice(void) {
  const struct copy *other = first;
  if (other) return other->jitdebug_notice ? other->jitdebug_notice() : "";
  return gdbjit_notice ? gdbjit_notice : "";
}

uint32_t jitdebug_version(void) {
  return JITDEBUG_VERSION_MAJOR << 16 | JITDEBUG_VERSION_MINOR << 8 |
         JITDEBUG_VERSION_PATCH;
}

/* What a forked child goes on with, all of it in memory that a child has too.
 * Whatever a call changes for a later one is either here or reached from here.
 */
struct estate {
  struct gdbjit_choice choice;
  void *blocks; /* of handles */
  const struct origin *origin;
};

static const struct estate *estate(void) {
  static struct estate estate;
  estate = (struct estate){gdbjit_choice(), block_newest(), copies_origin()};
  return &estate;
}

/* Called in the new copy, again if Go could not start there. */
static int32_t adopt(const struct estate *estate) {
  if (forked() || decided == ELSEWHERE) return JITDEBUG_E_INTERNAL;
  if (decided == UNDECIDED) {
    gdbjit_inherit(&estate->choice);
    block_inherit(estate->blocks);
    copies_inherit(estate->origin);
    decided = HERE;
  }
  return enter(GATE_ADOPT, NULL, 0);
}
