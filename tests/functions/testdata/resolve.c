/*
 * Registers 1,000 functions, 100 a call, which interleave in memory, and writes
 * what a debugger should make of each of their addresses into a file:
 *
 *   ADDRESS NAME FILE LINE      (in hexadecimal, decimal)
 *
 * With "mixed", one function a call, and every seventh as an image.
 *
 * usage: resolve FILE [mixed]
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

static jitdebug_registration *registrations[FUNCTIONS];
static int registered;

static void add(const jitdebug_function *them, size_t count) {
  CHECK(jitdebug_register_functions(them, count, 0,
                                    &registrations[registered++]) == 0,
        "%s", jitdebug_last_error());
}

static void add_interleaved(void) {
  for (int call = 0; call < CALLS; call++) {
    jitdebug_function together[FUNCTIONS / CALLS];
    for (int i = 0; i < FUNCTIONS / CALLS; i++)
      together[i] = functions[i * CALLS + (call + i) % CALLS];
    add(together, FUNCTIONS / CALLS);
  }
}

/* An image that nobody knows to be the library's. */
static void add_image(int i) {
  const void *image;
  size_t size;
  add(&functions[i], 1);
  jitdebug_registration **registration = &registrations[registered - 1];
  CHECK(jitdebug_registration_image(*registration, 0, &image, &size) == 0, "%s",
        jitdebug_last_error());
  void *copy = malloc(size);
  memcpy(copy, image, size);
  CHECK(jitdebug_unregister(*registration) == 0 &&
            jitdebug_register(copy, size, 0, registration) == 0,
        "%s", jitdebug_last_error());
  free(copy);
}

/* Images come before the functions around them, and after. */
static void add_mixed(void) {
  for (int i = 0; i < FUNCTIONS / 2; i += 7) add_image(i);
  for (int i = 0; i < FUNCTIONS; i++)
    if (i % 7) add(&functions[i], 1);
  for (int i = 0; i < FUNCTIONS; i += 7)
    if (i >= FUNCTIONS / 2) add_image(i);
}

int main(int argc, char **argv) {
  CHECK(argc == 2 || argc == 3, "usage: resolve FILE [mixed]");
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

  if (argc == 3)
    add_mixed();
  else
    add_interleaved();
  look();
  while (registered--)
    CHECK(jitdebug_unregister(registrations[registered]) == JITDEBUG_OK, "%s",
          jitdebug_last_error());
}
