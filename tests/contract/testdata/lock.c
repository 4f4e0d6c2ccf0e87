/* While one thread is inside __jit_debug_register_code, as a debugger that
 * stopped it there would hold it: what the descriptor says, who is refused and
 * who waits. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "calls.h"

static struct image image, other;

/* What the handler saw, and whether it may return. */
static struct descriptor seen;
static atomic_int stops, go_on;

/* A breakpoint at the function's first instruction: it stands for the whole
 * function, which does nothing but return. */
static void stopped(int signal, siginfo_t *info, void *context) {
  (void)signal;
  (void)info;
  const struct descriptor *now = list_descriptor(RTLD_DEFAULT);
  seen = *now;
  const int stop = atomic_fetch_add(&stops, 1) + 1;
  while (atomic_load(&go_on) < stop) sched_yield();
  mcontext_t *machine = &((ucontext_t *)context)->uc_mcontext;
#if defined(__x86_64__)
  machine->gregs[REG_RIP] = *(greg_t *)machine->gregs[REG_RSP];
  machine->gregs[REG_RSP] += 8;
#elif defined(__aarch64__)
  machine->pc = machine->regs[30];
#endif
}

static int set_breakpoint(void **state) {
  (void)state;
#if defined(__x86_64__)
  static const unsigned char breakpoint[] = {0xcc};
#elif defined(__aarch64__)
  static const unsigned char breakpoint[] = {0x00, 0x00, 0x20, 0xd4};
#endif
  unsigned char *hook = dlsym(RTLD_DEFAULT, "__jit_debug_register_code");
  CHECK(hook, "%s", dlerror());
  const size_t page = (size_t)sysconf(_SC_PAGESIZE);
  void *start = (void *)((uintptr_t)hook & ~(page - 1));
  CHECK(mprotect(start, 2 * page, PROT_READ | PROT_WRITE | PROT_EXEC) == 0,
        "the hook cannot be patched");
  memcpy(hook, breakpoint, sizeof breakpoint);
  __builtin___clear_cache((char *)hook, (char *)hook + sizeof breakpoint);
  CHECK(mprotect(start, 2 * page, PROT_READ | PROT_EXEC) == 0, "mprotect");
  struct sigaction action = {.sa_sigaction = stopped, .sa_flags = SA_SIGINFO};
  CHECK(sigaction(SIGTRAP, &action, NULL) == 0, "sigaction");
  return 0;
}

static void wait_for_stop(int stop) {
  while (atomic_load(&stops) < stop) sched_yield();
}

/* Allows all stops from now on. */
static void continue_all(void) { atomic_store(&go_on, 1 << 30); }

static int before_case(void **state) {
  (void)state;
  atomic_store(&stops, 0);
  atomic_store(&go_on, 0);
  return 0;
}

static int after_case(void **state) {
  continue_all();
  return list_is_empty(state);
}

/* A call on a thread of its own. */
struct call {
  jitdebug_registration *registration; /* in or out */
  int32_t status;
  atomic_int done;
  pthread_t thread;
};

static void *register_there(void *argument) {
  struct call *call = argument;
  call->status =
      jitdebug_register(&image, sizeof image, 0, &call->registration);
  atomic_store(&call->done, 1);
  return NULL;
}

static void *unregister_there(void *argument) {
  struct call *call = argument;
  call->status = jitdebug_unregister(call->registration);
  atomic_store(&call->done, 1);
  return NULL;
}

static void start(struct call *call, void *(*run)(void *)) {
  atomic_store(&call->done, 0);
  assert_int_equal(pthread_create(&call->thread, NULL, run, call), 0);
}

static void finish(struct call *call) {
  assert_int_equal(pthread_join(call->thread, NULL), 0);
  assert_int_equal(call->status, JITDEBUG_OK);
}

static void refused_without_waiting(void) {
  const jitdebug_image images[] = {{&other, sizeof other}};
  const uint32_t borrow = JITDEBUG_NOWAIT | JITDEBUG_BORROW;
  FAILS(jitdebug_register(&other, sizeof other, JITDEBUG_NOWAIT,
                          &out.registration),
        JITDEBUG_E_BUSY, "NOWAIT");
  FAILS(jitdebug_register(&other, sizeof other, borrow, &out.registration),
        JITDEBUG_E_BUSY, "NOWAIT");
  FAILS(jitdebug_register_batch(images, 1, borrow, &out.registration),
        JITDEBUG_E_BUSY, "NOWAIT");
  const jitdebug_function function = {.struct_size = sizeof function,
                                      .name = "busy",
                                      .address = &image,
                                      .size = sizeof image};
  FAILS(jitdebug_register_functions(&function, 1, JITDEBUG_NOWAIT,
                                    &out.registration),
        JITDEBUG_E_BUSY, "NOWAIT");
  const jitdebug_section place = {sizeof place, 1, NULL, &image};
  FAILS(jitdebug_register_object(&other, sizeof other, &place, 1,
                                 JITDEBUG_NOWAIT, &out.registration),
        JITDEBUG_E_BUSY, "NOWAIT");
  /* What would be refused anyway is. */
  FAILS(jitdebug_register(&other, 10, JITDEBUG_NOWAIT, &out.registration),
        JITDEBUG_E_IMAGE, "10 bytes");
}

static void registering(void **state) {
  (void)state;
  struct call held, waiting;
  start(&held, register_there);
  wait_for_stop(1);
  assert_int_equal(seen.version, 1);
  assert_int_equal(seen.action, ACTION_REGISTER);
  assert_non_null(seen.relevant);
  assert_ptr_equal(seen.first, seen.relevant);
  assert_int_equal(seen.relevant->size, sizeof image);
  assert_memory_equal(seen.relevant->symfile, &image, sizeof image);
  refused_without_waiting();

  start(&waiting, register_there);
  usleep(50000);
  assert_false(atomic_load(&waiting.done));
  assert_int_equal(atomic_load(&stops), 1);

  atomic_store(&go_on, 1);
  finish(&held);
  wait_for_stop(2);
  /* The first is on the list behind the second, which waited for it. */
  assert_int_equal(seen.action, ACTION_REGISTER);
  assert_ptr_equal(seen.first, seen.relevant);
  assert_ptr_not_equal(seen.first->next, NULL);
  assert_null(seen.first->next->next);
  continue_all();
  finish(&waiting);

  SUCCEEDS(jitdebug_register(&other, sizeof other, JITDEBUG_NOWAIT,
                             &out.registration));
  unregister_output();
  SUCCEEDS(jitdebug_unregister(held.registration));
  SUCCEEDS(jitdebug_unregister(waiting.registration));
}

static void unregistering(void **state) {
  (void)state;
  atomic_store(&go_on, 1);
  struct call held, waiting;
  SUCCEEDS(jitdebug_register(&image, sizeof image, JITDEBUG_BORROW,
                             &held.registration));
  start(&held, unregister_there);
  wait_for_stop(2);
  assert_int_equal(seen.action, ACTION_UNREGISTER);
  assert_non_null(seen.relevant);
  /* Off the list, and still whole: a debugger looks it up by what it says. */
  assert_null(seen.first);
  assert_ptr_equal(seen.relevant->symfile, &image);
  assert_int_equal(seen.relevant->size, sizeof image);
  refused_without_waiting();

  start(&waiting, register_there);
  usleep(50000);
  assert_false(atomic_load(&waiting.done));
  continue_all();
  finish(&held);
  finish(&waiting);
  SUCCEEDS(jitdebug_unregister(waiting.registration));
}

static void nothing_stands_outside(void **state) {
  (void)state;
  continue_all();
  SUCCEEDS(jitdebug_register(&image, sizeof image, 0, &out.registration));
  assert_int_equal(atomic_load(&stops), 1);
  assert_int_equal(settled_length(), 1);
  unregister_output();
  assert_int_equal(atomic_load(&stops), 2);
  assert_int_equal(settled_length(), 0);
}

#define HELD_CASE(function) \
  cmocka_unit_test_setup_teardown(function, before_case, after_case)

int main(void) {
  image_make(&image, 1);
  image_make(&other, 2);
  const struct CMUnitTest cases[] = {HELD_CASE(registering),
                                     HELD_CASE(unregistering),
                                     HELD_CASE(nothing_stands_outside)};
  return cmocka_run_group_tests(cases, set_breakpoint, NULL);
}
