/*
 * A host that does what its arguments say, one after the other, with generated
 * code as a JIT has it. The latest code is the one that is meant.
 *
 *   load FILE     generated code, from a linked file or an object file
 *   symbol NAME   code with a minimal image: one symbol
 *   trap NAME     the same, but it raises SIGILL
 *   register      registers its image, and frees the caller's copy
 *   borrow        registers it without a copy
 *   batch         registers all code that is not registered yet, as one
 *   unregister
 *   release       gives the code's memory back; the code before is the latest
 *   call
 *   dlopen FILE   loads the library (in the program that is not linked with it)
 *   ready         says so, and waits until a debugger sets proceed
 *   fork          parent and child go on; the parent waits for the child last
 *   main          with -DCONSTRUCTOR: what stands before runs in a constructor
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <err.h>
#include <jitdebug.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "code.h"

#ifdef LINKED
#define library_register jitdebug_register
#define library_batch jitdebug_register_batch
#define library_unregister jitdebug_unregister
#define library_error jitdebug_last_error
static void open_library(const char *path) { errx(2, "dlopen %s", path); }
#else
static __typeof__(&jitdebug_register) library_register;
static __typeof__(&jitdebug_register_batch) library_batch;
static __typeof__(&jitdebug_unregister) library_unregister;
static __typeof__(&jitdebug_last_error) library_error;

static void open_library(const char *path) {
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!library) errx(1, "%s", dlerror());
  library_register = dlsym(library, "jitdebug_register");
  library_batch = dlsym(library, "jitdebug_register_batch");
  library_unregister = dlsym(library, "jitdebug_unregister");
  library_error = dlsym(library, "jitdebug_last_error");
}
#endif

enum { MOST = 64 };
static struct code codes[MOST];
static jitdebug_registration *registrations[MOST];
static int count;

static volatile int proceed;

static void check(const char *action, int32_t status) {
  if (status != JITDEBUG_OK)
    errx(1, "%s: status %d: %s", action, status, library_error());
}

static struct code *latest(void) {
  if (count == 0) errx(2, "no code");
  return &codes[count - 1];
}

static void register_latest(uint32_t flags) {
  struct code *code = latest();
  check("register", library_register(code->image, code->size, flags,
                                     &registrations[count - 1]));
  if (flags & JITDEBUG_BORROW) return;
  memset(code->image, 0xee, code->size);
  free(code->image);
  code->image = NULL;
}

static void register_all(void) {
  jitdebug_image images[MOST];
  jitdebug_registration *registration;
  size_t n = 0;
  for (int i = 0; i < count; i++)
    if (!registrations[i])
      images[n++] = (jitdebug_image){codes[i].image, codes[i].size};
  check("batch", library_batch(images, n, 0, &registration));
  for (int i = 0; i < count; i++)
    if (!registrations[i]) registrations[i] = registration;
}

static void unregister_latest(void) {
  jitdebug_registration *registration = registrations[count - 1];
  check("unregister", library_unregister(registration));
  for (int i = 0; i < count; i++)
    if (registrations[i] == registration) registrations[i] = NULL;
}

__attribute__((noinline)) static void call_generated(int (*function)(int)) {
  int result = function(10);
  printf("host: %d\n", result);
  fflush(stdout);
}

__attribute__((noinline)) static void wait_for_debugger(void) {
  puts("ready");
  fflush(stdout);
  while (!proceed) usleep(10000);
  proceed = 0;
}

static pid_t child;

static void fork_here(void) {
  child = fork();
  if (child == -1) err(1, "fork");
  /* lldb is confused by a parent that stops just when its child ends. */
  if (child == 0) usleep(500000);
}

static const char *const *run(const char *const *action) {
  for (; *action; action++) {
    const char *name = *action;
    if (!strcmp(name, "main"))
      break;
    else if (!strcmp(name, "load") && action[1])
      codes[count++] = code_load(*++action);
    else if (!strcmp(name, "symbol") && action[1])
      codes[count++] = code_with_symbol(*++action, 0);
    else if (!strcmp(name, "trap") && action[1])
      codes[count++] = code_with_symbol(*++action, 1);
    else if (!strcmp(name, "register"))
      register_latest(0);
    else if (!strcmp(name, "borrow"))
      register_latest(JITDEBUG_BORROW);
    else if (!strcmp(name, "batch"))
      register_all();
    else if (!strcmp(name, "unregister"))
      unregister_latest();
    else if (!strcmp(name, "release"))
      code_release(&codes[--count]);
    else if (!strcmp(name, "call"))
      call_generated(latest()->function);
    else if (!strcmp(name, "dlopen") && action[1])
      open_library(*++action);
    else if (!strcmp(name, "ready"))
      wait_for_debugger();
    else if (!strcmp(name, "fork"))
      fork_here();
    else
      errx(2, "%s: no such action", name);
  }
  return action;
}

static int constructed;

#ifdef CONSTRUCTOR
__attribute__((constructor)) static void before_main(int argc, char **argv) {
  (void)argc;
  constructed = run((const char *const *)argv + 1) - (const char *const *)argv;
}
#endif

int main(int argc, char **argv) {
  (void)argc;
  prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
  run((const char *const *)argv + constructed + 1);
  int status = 0;
  if (child > 0 && (waitpid(child, &status, 0) != child || status != 0))
    errx(1, "the child: wait status 0x%x", status);
  return 0;
}
