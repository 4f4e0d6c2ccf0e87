/*
 * A host's SIGSEGV handler gets its faults: set before the load or after, on
 * the main thread and on others that have called the library or have not, with
 * an alternate stack and without.
 *
 * usage: faults before [onstack], or: faults after
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include "library.h"

enum { FAULTS = 3000 };

static __thread sigjmp_buf back;
static __thread int faults;
static char *forbidden;

static void handler(int signal, siginfo_t *info, void *context) {
  (void)context;
  if (signal != SIGSEGV || info->si_addr != forbidden) _exit(3);
  faults++;
  siglongjmp(back, 1);
}

static void fault_often(void) {
  faults = 0;
  for (volatile int i = 0; i < FAULTS; i++) {
    if (sigsetjmp(back, 1) == 0) {
      *(volatile char *)forbidden = 1;
      CHECK(0, "a fault was passed over");
    }
  }
  CHECK(faults == FAULTS, "%d faults of %d were handled", faults, FAULTS);
}

static void set_handler(int flags) {
  struct sigaction action = {.sa_sigaction = handler,
                             .sa_flags = SA_SIGINFO | flags};
  sigemptyset(&action.sa_mask);
  CHECK(sigaction(SIGSEGV, &action, NULL) == 0, "sigaction");
}

#ifdef LINKED
/* The loader calls this before any library's constructors. */
static void before_libraries(int argc, char **argv, char **environment) {
  (void)environment;
  if (argc > 1 && strcmp(argv[1], "before") == 0)
    set_handler(argc > 2 ? SA_ONSTACK : 0);
}

__attribute__((section(".preinit_array"),
               used)) static void (*const preinit)(int, char **,
                                                   char **) = before_libraries;
#endif

struct thread {
  int calls, own_stack;
};

static void *thread_main(void *argument) {
  const struct thread *thread = argument;
  stack_t stack = {.ss_sp = malloc(SIGSTKSZ), .ss_size = SIGSTKSZ};
  if (thread->own_stack) CHECK(sigaltstack(&stack, NULL) == 0, "sigaltstack");
  if (thread->calls) library_pair();
  fault_often();
  if (thread->calls) library_pair();
  stack.ss_flags = SS_DISABLE;
  if (thread->own_stack) sigaltstack(&stack, NULL);
  free(stack.ss_sp);
  return NULL;
}

static void everywhere(void) {
  for (int i = 0; i < 4; i++) {
    struct thread kind = {i & 1, i >> 1};
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, thread_main, &kind) == 0, "no thread");
    pthread_join(thread, NULL);
    thread_main(&kind);
  }
}

int main(int argc, char **argv) {
  static const int flags[] = {0, SA_ONSTACK, SA_ONSTACK | SA_NODEFER};
  int before = argc > 1 && strcmp(argv[1], "before") == 0;
  forbidden = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (before) {
#ifndef LINKED
    set_handler(argc > 2 ? SA_ONSTACK : 0);
#endif
    library_load();
    everywhere();
  } else {
    library_load();
  }
  for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
    set_handler(flags[i]);
    everywhere();
  }
  return 0;
}
