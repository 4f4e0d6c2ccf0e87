/*
 * Registers 1,000 functions, 100 a call, which interleave in memory, and writes
 * what a debugger should make of each of their addresses into a file:
 *
 *   ADDRESS NAME FILE LINE      (in hexadecimal, decimal)
 *
 * usage: resolve FILE
 */
#include <jitdebug.h>
#include <stdint.h>
#include <string.h>

#include "check.h"
#include "random.h"

enum { CALLS = 10, FUNCTIONS = 1000, ROWS = 8 };

static jitdebug_function functions[FUNCTIONS];
static jitdebug_line lines[FUNCTIONS][ROWS];
static char names[FUNCTIONS][16];

/* Where the debugger looks. */
__attribute__((noinline)) void look(void) { __asm__ volatile("" ::: "memory"); }

int main(int argc, char **argv) {
  CHECK(argc == 2, "usage: resolve FILE");
  FILE *expected = fopen(argv[1], "w");
  CHECK(expected, "%s", argv[1]);
  uint64_t state = 1, address = UINT64_C(0x200000000000);
  for (int i = 0; i < FUNCTIONS; i++) {
    snprintf(names[i], sizeof names[i], "function%d", i);
    functions[i] = (jitdebug_function){
        .struct_size = sizeof functions[i],
        .name = names[i],
        .address = (void *)(uintptr_t)(address += random_below(&state, 17)),
        .size = 8 + random_below(&state, 33),
        .file = i % 3 ? "/source/one" : "two",
        .lines = lines[i],
    };
    for (uint64_t offset = 0; offset < functions[i].size;
         offset += 1 + random_below(&state, 12))
      if (functions[i].line_count < ROWS)
        lines[i][functions[i].line_count++] =
            (jitdebug_line){offset, 1 + (uint32_t)random_below(&state, 3000),
                            (uint32_t)random_below(&state, 100)};
    for (uint64_t offset = 0, row = 0; offset < functions[i].size; offset++) {
      while (row + 1 < functions[i].line_count &&
             lines[i][row + 1].offset <= offset)
        row++;
      fprintf(expected, "%llx %s %s %u\n",
              (unsigned long long)(address + offset), names[i],
              functions[i].file, lines[i][row].line);
    }
    address += functions[i].size;
  }
  fclose(expected);

  jitdebug_registration *registrations[CALLS];
  for (int call = 0; call < CALLS; call++) {
    jitdebug_function together[FUNCTIONS / CALLS];
    for (int i = 0; i < FUNCTIONS / CALLS; i++)
      together[i] = functions[i * CALLS + (call + i) % CALLS];
    int32_t status = jitdebug_register_functions(together, FUNCTIONS / CALLS, 0,
                                                 &registrations[call]);
    CHECK(status == JITDEBUG_OK, "%s", jitdebug_last_error());
  }
  look();
  for (int call = 0; call < CALLS; call++)
    CHECK(jitdebug_unregister(registrations[call]) == JITDEBUG_OK, "%s",
          jitdebug_last_error());
}
