/* The signal mask and the alternate stack of a thread are after its first and
 * later calls what they were before, and so are its name, errno and floating
 * point modes. */
#define _GNU_SOURCE
#include <errno.h>
#include <fenv.h>
#include <pthread.h>
#include <signal.h>

#include "library.h"

enum masks { MASK_NONE, MASK_ALL, MASK_SOME };

struct thread {
  enum masks mask;
  int own_stack;
};

struct state {
  sigset_t mask;
  stack_t stack;
  char name[16];
  fenv_t fpu;
  int error, rounding;
};

static void take(struct state *state) {
  memset(state, 0, sizeof *state);
  state->error = errno;
  state->rounding = fegetround();
  CHECK(pthread_sigmask(SIG_SETMASK, NULL, &state->mask) == 0, "-");
  CHECK(sigaltstack(NULL, &state->stack) == 0, "-");
  CHECK(
      pthread_getname_np(pthread_self(), state->name, sizeof state->name) == 0,
      "-");
  fegetenv(&state->fpu);
  errno = state->error;
}

static void compare(const struct state *was, const char *when) {
  struct state now;
  take(&now);
  CHECK(memcmp(&now.mask, &was->mask, sizeof now.mask) == 0,
        "the signal mask is another %s", when);
  CHECK(now.stack.ss_flags == was->stack.ss_flags &&
            now.stack.ss_sp == was->stack.ss_sp &&
            now.stack.ss_size == was->stack.ss_size,
        "the alternate stack is another %s", when);
  CHECK(strcmp(now.name, was->name) == 0, "the name is %s %s", now.name, when);
  CHECK(now.error == was->error, "errno is %d %s", now.error, when);
  CHECK(now.rounding == was->rounding, "rounding is %d %s", now.rounding, when);
  CHECK(now.fpu.__control_word == was->fpu.__control_word,
        "the FPU control word is %#x %s", now.fpu.__control_word, when);
#ifdef __x86_64__
  CHECK((now.fpu.__mxcsr & ~0x3fu) == (was->fpu.__mxcsr & ~0x3fu),
        "MXCSR is %#x %s", now.fpu.__mxcsr, when);
#endif
}

static void *thread_main(void *argument) {
  const struct thread *thread = argument;
  struct state was;
  sigset_t mask;
  stack_t stack = {.ss_sp = malloc(SIGSTKSZ), .ss_size = SIGSTKSZ};
  if (thread->own_stack) CHECK(sigaltstack(&stack, NULL) == 0, "sigaltstack");
  sigemptyset(&mask);
  if (thread->mask == MASK_ALL) sigfillset(&mask);
  if (thread->mask == MASK_SOME) {
    sigaddset(&mask, SIGURG);
    sigaddset(&mask, SIGPROF);
    sigaddset(&mask, SIGRTMIN + 3);
  }
  pthread_sigmask(SIG_SETMASK, &mask, NULL);
  pthread_setname_np(pthread_self(), "a host's thread");
  fesetround(FE_TOWARDZERO);
  errno = EXDEV;
  take(&was);
  library_pair();
  compare(&was, "after the first call");
  library_exercise();
  compare(&was, "after later calls");
  for (int i = 0; i < 1000; i++) library_failure();
  compare(&was, "after many failing calls");
  stack.ss_flags = SS_DISABLE;
  if (thread->own_stack) sigaltstack(&stack, NULL);
  free(stack.ss_sp);
  return NULL;
}

/* A first call that fails is a first call, too. */
static void *fails_first(void *unused) {
  struct state was;
  take(&was);
  library_failure();
  compare(&was, "after a first call that failed");
  return unused;
}

int main(void) {
  struct state was;
  pthread_t thread;
  pthread_setname_np(pthread_self(), "main");
  fesetround(FE_UPWARD);
  errno = EXDEV;
  take(&was);
  library_load();
  errno = EXDEV; /* dlopen's, not the library's */
  compare(&was, "after the load");
  library_pair();
  compare(&was, "after the main thread's first call");
  for (int mask = MASK_NONE; mask <= MASK_SOME; mask++) {
    for (int own_stack = 0; own_stack <= 1; own_stack++) {
      struct thread kind = {mask, own_stack};
      pthread_create(&thread, NULL, thread_main, &kind);
      pthread_join(thread, NULL);
    }
  }
  pthread_create(&thread, NULL, fails_first, NULL);
  pthread_join(thread, NULL);
  compare(&was, "at the end");
  return 0;
}
