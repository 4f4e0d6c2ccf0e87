/*
 * Generates a function for each line of the file names.txt, with the line for
 * its name, and has it call look. With LARGE in the environment, they are in a
 * call of many functions.
 */
#include <jitdebug.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "check.h"

__attribute__((noinline)) void look(void) { __asm__ volatile("" ::: "memory"); }

typedef void generated(void (*called)(void));

int main(void) {
  static const uint8_t code[] = {
      0x55, 0x48, 0x89, 0xe5, /* push %rbp; mov %rsp, %rbp */
      0xff, 0xd7,             /* call *%rdi */
      0x5d, 0xc3,             /* pop %rbp; ret */
  };
  enum { MOST = 64, ALL = 1000 };
  static char names[MOST][256];
  static jitdebug_function functions[ALL];
  size_t count = 0;
  FILE *file = fopen("names.txt", "r");
  CHECK(file, "names.txt");
  while (count < MOST && fgets(names[count], sizeof names[0], file))
    *strchr(names[count++], '\n') = 0;
  fclose(file);
  uint8_t *memory =
      mmap(NULL, ALL * sizeof code, PROT_READ | PROT_WRITE | PROT_EXEC,
           MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(memory != MAP_FAILED, "no memory for code");
  size_t all = getenv("LARGE") ? ALL : count;
  for (size_t i = 0; i < all; i++)
    functions[i] = (jitdebug_function){
        .struct_size = sizeof(jitdebug_function),
        .unwind = JITDEBUG_UNWIND_FRAME_POINTER,
        .name = i < count ? names[i] : "other",
        .address = memcpy(memory + i * sizeof code, code, sizeof code),
        .size = sizeof code,
    };
  jitdebug_registration *registration;
  int32_t status =
      jitdebug_register_functions(functions, all, 0, &registration);
  CHECK(status == JITDEBUG_OK, "%s", jitdebug_last_error());
  for (size_t i = 0; i < count; i++) ((generated *)functions[i].address)(look);
  CHECK(jitdebug_unregister(registration) == JITDEBUG_OK, "%s",
        jitdebug_last_error());
}
