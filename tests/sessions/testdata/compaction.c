/* A JIT that registers function by function, also while one of them is running.
 * Each calls what it is given. */
#define _GNU_SOURCE
#include <jitdebug.h>
#include <string.h>
#include <sys/mman.h>

#include "check.h"

enum { FUNCTIONS = 1300, SLOT = 32 };

typedef void function(void (*call)(void));

static unsigned char *code;
static jitdebug_registration *registrations[FUNCTIONS];
static int registered;

static const unsigned char bytes[] = {
    0x55,             /* push %rbp */
    0x48, 0x89, 0xe5, /* mov %rsp, %rbp */
    0xff, 0xd7,       /* call *%rdi */
    0x90,             /* nop */
    0x5d, 0xc3        /* pop %rbp; ret */
};

static function *generate(int i) {
  unsigned char *at = code + (size_t)i * SLOT;
  memcpy(at, bytes, sizeof bytes);
  char name[32];
  snprintf(name, sizeof name, "function_%d", i);
  const uint32_t line = 10 * (uint32_t)i;
  const jitdebug_line lines[] = {
      {0, line, 0}, {4, line + 1, 0}, {6, line + 2, 0}, {7, line + 3, 0}};
  const jitdebug_function function = {.struct_size = sizeof function,
                                      .unwind = JITDEBUG_UNWIND_FRAME_POINTER,
                                      .name = name,
                                      .address = at,
                                      .size = sizeof bytes,
                                      .file = "generated.lang",
                                      .lines = lines,
                                      .line_count = 4};
  CHECK(jitdebug_register_functions(&function, 1, 0, &registrations[i]) == 0,
        "%s", jitdebug_last_error());
  return (void *)at;
}

static void drop(int i) {
  CHECK(jitdebug_unregister(registrations[i]) == 0, "%s",
        jitdebug_last_error());
}

/* Others, which share images with the function that calls this. */
__attribute__((noinline)) void grow(void) {
  for (const int end = registered < 30 ? 30 : 600; registered < end;)
    generate(registered++);
}

/* The neighbours of that function go. */
__attribute__((noinline)) void shrink(void) {
  drop(4);
  drop(6);
}

__attribute__((noinline)) void look(void) { __asm__ volatile(""); }

int main(void) {
  code = mmap(NULL, FUNCTIONS * SLOT, PROT_READ | PROT_WRITE | PROT_EXEC,
              MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(code != MAP_FAILED, "no memory");
  while (registered < 10) generate(registered++);
  function *five = (void *)(code + 5 * SLOT);
  five(grow);
  five(grow);
  while (registered < 700) generate(registered++); /* in many images */
  five(shrink);
  five(look);
  drop(5);
  CHECK(!memcmp(five, bytes, sizeof bytes), "a breakpoint is left in the code");
  look();
  return 0;
}
