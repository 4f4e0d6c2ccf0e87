/* Registers random functions, and writes the images that the library makes of
 * them, into files of these names: DIRECTORY/NUMBER.
 *
 * usage: functions SEED COUNT DIRECTORY */
#include <jitdebug.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "random.h"

enum { FUNCTIONS = 40, LINES = 30, SPACE = 64 };

static uint64_t state;

static uint64_t below(uint64_t limit) { return random_below(&state, limit); }

/* Around the address that gdb is asked about. */
static char *const code = (char *)0x30000000;

static const char *const names[] = {
    "jit_main", "fibonacci", "fooB",        "foo__bar",
    "a::b<c>",  "_Z3fooi",   "js:a.js:3 f", "\xce\xbb x",
    "operator", "a b",       "a(int)",      "_ZN3foo3barEv",
};
static const char *const files[] = {NULL, "/src/a.js", "b.py", "c d.lisp"};
static const unsigned char push_and_pop[] = {0x41, 0x0e, 0x10, 0x86, 0x02,
                                             0x44, 0xc6, 0x0e, 0x08};

static void make(jitdebug_function *function, char *name, jitdebug_line *lines,
                 const char *address) {
  uint64_t offset = 0;
  *function = (jitdebug_function){.struct_size = sizeof *function,
                                  .unwind = (uint32_t)below(3),
                                  .name = name,
                                  .address = address,
                                  .size = 1 + below(SPACE),
                                  .file = files[below(4)],
                                  .lines = lines};
  sprintf(name, "%s", names[below(sizeof names / sizeof *names)]);
  if (below(2)) sprintf(name + strlen(name), "%u", (unsigned)below(1000));
  if (function->unwind == JITDEBUG_UNWIND_CFI) {
    function->cfi = push_and_pop;
    function->cfi_size = below(2) ? sizeof push_and_pop : 3;
  }
  for (size_t i = 0; function->file && i < below(LINES); i++) {
    if (offset >= function->size) break;
    lines[i] =
        (jitdebug_line){offset, (uint32_t)below(100000), (uint32_t)below(200)};
    if (below(50) == 0) lines[i].line = INT32_MAX;
    function->line_count = i + 1;
    offset += below(8);
  }
}

static void write_image(jitdebug_registration *registration, const char *path) {
  const void *image;
  size_t size;
  CHECK(jitdebug_registration_image(registration, 0, &image, &size) == 0, "%s",
        jitdebug_last_error());
  FILE *file = fopen(path, "wb");
  CHECK(file && fwrite(image, 1, size, file) == size && fclose(file) == 0, "%s",
        path);
}

int main(int argc, char **argv) {
  static jitdebug_function functions[FUNCTIONS];
  static jitdebug_line lines[FUNCTIONS][LINES];
  static char all_names[FUNCTIONS][64];
  CHECK(argc == 4, "usage: functions SEED COUNT DIRECTORY");
  state = strtoull(argv[1], NULL, 0);
  for (int i = 0; i < atoi(argv[2]); i++) {
    jitdebug_registration *registration;
    size_t count = 1 + below(FUNCTIONS);
    char path[4096];
    for (size_t j = 0; j < count; j++)
      make(&functions[j], all_names[j], lines[j], code + j * SPACE);
    CHECK(jitdebug_register_functions(functions, count, 0, &registration) == 0,
          "%s", jitdebug_last_error());
    snprintf(path, sizeof path, "%s/%d", argv[3], i);
    write_image(registration, path);
    CHECK(jitdebug_unregister(registration) == 0, "%s", jitdebug_last_error());
  }
  return 0;
}
