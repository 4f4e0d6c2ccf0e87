/*
 * Calls from a thread with a small stack, and from fibers: stacks of 64 KiB
 * with a guard page, switched to by swapcontext, on one thread and then on
 * another, with garbage collections in between.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "library.h"

enum { STACK = 64 << 10, PAGE = 4096, FIBERS = 8, ROUNDS = 200, THREADS = 3 };

struct fiber {
  ucontext_t context;
  ucontext_t *resumed_by;
  jitdebug_registration *kept;
  struct image image;
  int rounds;
};

static struct fiber fibers[FIBERS];

static void pause_fiber(struct fiber *fiber) {
  swapcontext(&fiber->context, fiber->resumed_by);
}

/* Each kind of registration has its turn on each fiber. */
static int32_t fiber_register(struct fiber *fiber, int index) {
  const char *code = (char *)0x100000 + 4096 * index + 16 * (fiber->rounds % 9);
  if (fiber->rounds % 4 == 1) return library_function(code, 0, &fiber->kept);
  if (fiber->rounds % 4 == 3) return library_object(code, 0, &fiber->kept);
  image_make(&fiber->image, 1000u * (index + 1) + fiber->rounds % 1000);
  return library_register(&fiber->image, sizeof fiber->image,
                          index % 2 ? JITDEBUG_BORROW : 0, &fiber->kept);
}

static void fiber_main(int index) {
  struct fiber *fiber = &fibers[index];
  for (;; fiber->rounds++) {
    CHECK(fiber_register(fiber, index) == 0, "%s", library_last_error());
    pause_fiber(fiber); /* and go on, maybe on another thread */
    for (int i = 0; i < 4; i++) library_failure();
    CHECK(library_unregister(fiber->kept) == 0, "%s", library_last_error());
    pause_fiber(fiber);
  }
}

static void make_fiber(int index) {
  struct fiber *fiber = &fibers[index];
  char *stack = mmap(NULL, STACK + PAGE, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(stack != MAP_FAILED && mprotect(stack, PAGE, PROT_NONE) == 0, "mmap");
  getcontext(&fiber->context);
  fiber->context.uc_stack.ss_sp = stack + PAGE;
  fiber->context.uc_stack.ss_size = STACK;
  makecontext(&fiber->context, (void (*)(void))fiber_main, 1, index);
}

static void resume(int index) {
  ucontext_t here;
  fibers[index].resumed_by = &here;
  swapcontext(&here, &fibers[index].context);
}

/* Runs the fibers from its own first one on, each an odd number of times, so
 * that the next thread finds them in the midst of a registration. */
static void *run_fibers(void *argument) {
  uintptr_t first = (uintptr_t)argument;
  for (int i = 0; i < ROUNDS + 1; i++)
    for (uintptr_t f = 0; f < FIBERS; f++) {
      resume((int)((f + first) % FIBERS));
      if (f == first) library_pair(); /* from the thread's own stack, too */
    }
  return NULL;
}

static void *small_thread(void *unused) {
  for (int i = 0; i < ROUNDS; i++) {
    library_pair();
    library_failure();
    library_batch();
    library_generated();
  }
  return unused;
}

static void run_thread(void *(*run)(void *), void *argument, size_t stack) {
  pthread_attr_t attributes;
  pthread_t thread;
  pthread_attr_init(&attributes);
  CHECK(pthread_attr_setstacksize(&attributes, stack) == 0, "stack size");
  CHECK(pthread_create(&thread, &attributes, run, argument) == 0, "no thread");
  pthread_join(thread, NULL);
}

int main(void) {
  int length = 0;
  library_load();
  const struct descriptor *descriptor = list_descriptor(library);
  run_thread(small_thread, NULL, STACK);
  for (int i = 0; i < FIBERS; i++) make_fiber(i);
  run_fibers(0);
  for (uintptr_t i = 0; i < THREADS; i++)
    run_thread(run_fibers, (void *)i, i % 2 ? STACK : 8 << 20);
  run_fibers((void *)5);
  for (const struct code_entry *e = descriptor->first; e; e = e->next) length++;
  CHECK(length == FIBERS, "%d registrations are alive", length);
  for (int i = 0; i < FIBERS; i++) {
    CHECK(fibers[i].rounds >= ROUNDS, "a fiber ran %d rounds",
          fibers[i].rounds);
    CHECK(library_unregister(fibers[i].kept) == 0, "%s", library_last_error());
  }
  CHECK(list_length(descriptor, 1) == 0, "the list is not empty");
  return 0;
}
