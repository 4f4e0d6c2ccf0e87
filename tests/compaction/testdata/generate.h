/* A JIT that registers function by function. Each function calls the first of
 * what it is given, with the rest. */
#include <jitdebug.h>
#include <string.h>
#include <sys/mman.h>

#include "check.h"

enum { SLOT = 64, MOST = 2048, OTHERS = 24 };

typedef void generated(void *const *called);

static uint8_t *memory;
static size_t count;

static jitdebug_registration *generate(const char *name) {
  static const uint8_t code[] = {
      0x55, 0x48, 0x89, 0xe5, /* push %rbp; mov %rsp, %rbp */
      0x48, 0x8b, 0x07,       /* mov (%rdi), %rax */
      0x48, 0x83, 0xc7, 0x08, /* add $8, %rdi */
      0xff, 0xd0,             /* call *%rax */
      0x90,                   /* nop */
      0x5d, 0xc3,             /* pop %rbp; ret */
  };
  CHECK(count < MOST, "too many functions");
  const uint32_t line = 10 * (uint32_t)count;
  const jitdebug_line lines[] = {
      {0, line, 0}, {4, line + 1, 0}, {13, line + 2, 0}, {14, line + 3, 0}};
  const jitdebug_function function = {
      .struct_size = sizeof function,
      .unwind = JITDEBUG_UNWIND_FRAME_POINTER,
      .name = name,
      .address = memcpy(memory + SLOT * count++, code, sizeof code),
      .size = sizeof code,
      .file = "generated.lang",
      .lines = lines,
      .line_count = 4};
  jitdebug_registration *registration;
  CHECK(jitdebug_register_functions(&function, 1, 0, &registration) == 0, "%s",
        jitdebug_last_error());
  return registration;
}

/* More, which come into images that are there. Returns the first. */
static jitdebug_registration *generate_others(void) {
  jitdebug_registration *first = NULL;
  for (int i = 0; i < OTHERS; i++) {
    char name[32];
    snprintf(name, sizeof name, "other_%zu", count);
    jitdebug_registration *other = generate(name);
    if (i == 0) first = other;
  }
  return first;
}

static void start(void) {
  memory = mmap(NULL, MOST * SLOT, PROT_READ | PROT_WRITE | PROT_EXEC,
                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(memory != MAP_FAILED, "no memory");
}
