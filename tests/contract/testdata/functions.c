/* What jitdebug_register_functions() refuses, and what it takes. */
#define _GNU_SOURCE
#include <sys/mman.h>
#include <unistd.h>

#include "calls.h"

enum { COUNT = 4 };

static const jitdebug_line rows[] = {
    {0, 1, 0}, {4, 2, 7}, {4, 3, 0}, {15, 0, 0}};
static jitdebug_function functions[COUNT];

/* Four functions that are as they should be. */
static int sound(void **state) {
  static const char *const names[COUNT] = {"a", "b", "c", "culprit"};
  (void)state;
  for (int i = 0; i < COUNT; i++)
    functions[i] = (jitdebug_function){
        .struct_size = sizeof functions[i],
        .name = names[i],
        .address = (char *)0x200000000000 + 16 * i,
        .size = 16,
        .file = "file",
        .lines = rows,
        .line_count = sizeof rows / sizeof *rows,
    };
  return 0;
}

static int32_t register_all(void) {
  return jitdebug_register_functions(functions, COUNT, 0, &out.registration);
}

/* The last of the functions with a field changed. */
#define WRONG(field, value, ...)                                               \
  do {                                                                         \
    sound(NULL);                                                               \
    functions[3].field = value;                                                \
    FAILS(register_all(), JITDEBUG_E_ARGUMENT, "functions[3]", ##__VA_ARGS__); \
  } while (0)
#define WRONG_CULPRIT(field, value, ...) \
  WRONG(field, value, "\"culprit\"", ##__VA_ARGS__)

static void sound_functions(void **state) {
  (void)state;
  SUCCEEDS(register_all());
  assert_int_equal(settled_length(), 1);
  unregister_output();
  assert_int_equal(settled_length(), 0);

  /* The least that there is to say; and one byte. */
  const jitdebug_function least = {
      .struct_size = sizeof least, .name = "", .address = (void *)1, .size = 1};
  jitdebug_function named = least;
  named.name = "n";
  SUCCEEDS(jitdebug_register_functions(&named, 1, JITDEBUG_NOWAIT,
                                       &out.registration));
  unregister_output();
}

static void arguments(void **state) {
  (void)state;
  FAILS(jitdebug_register_functions(NULL, 1, 0, &out.registration),
        JITDEBUG_E_ARGUMENT, "functions", "NULL");
  FAILS(jitdebug_register_functions(functions, 0, 0, &out.registration),
        JITDEBUG_E_ARGUMENT, "count", "0");
  FAILS(jitdebug_register_functions(functions, COUNT, 0, NULL),
        JITDEBUG_E_ARGUMENT, "registration", "NULL");
  FAILS(jitdebug_register_functions(functions, SIZE_MAX, 0, &out.registration),
        JITDEBUG_E_ARGUMENT, "count", "18446744073709551615");
  FAILS(jitdebug_register_functions((void *)8, COUNT, 0, &out.registration),
        JITDEBUG_E_ARGUMENT, "functions", "read");
  FAILS(jitdebug_register_functions(functions, COUNT, JITDEBUG_BORROW,
                                    &out.registration),
        JITDEBUG_E_ARGUMENT, "JITDEBUG_BORROW");
  FAILS(jitdebug_register_functions(functions, COUNT, JITDEBUG_OPAQUE,
                                    &out.registration),
        JITDEBUG_E_ARGUMENT, "JITDEBUG_OPAQUE");
  FAILS(jitdebug_register_functions(functions, COUNT, 64, &out.registration),
        JITDEBUG_E_ARGUMENT, "0x40");
}

static void struct_sizes(void **state) {
  (void)state;
  WRONG(struct_size, 0, "struct_size");
  WRONG(struct_size, sizeof *functions - 8, "struct_size");
  WRONG(struct_size, sizeof *functions + 8, "struct_size");
  const uint32_t wrong[] = {
      0, 1, sizeof *functions - 8, sizeof *functions + 4, 8192, UINT32_MAX};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    sound(NULL);
    functions[0].struct_size = wrong[i];
    FAILS(register_all(), JITDEBUG_E_ARGUMENT, "functions[0]", "struct_size");
  }

  /* As a later version has it, with what is not known here left zero. */
  struct later {
    jitdebug_function function;
    uint64_t more[2];
  } later[COUNT] = {0};
  sound(NULL);
  for (int i = 0; i < COUNT; i++) {
    later[i].function = functions[i];
    later[i].function.struct_size = sizeof later[i];
  }
  SUCCEEDS(jitdebug_register_functions(&later[0].function, COUNT, 0,
                                       &out.registration));
  unregister_output();
  later[2].more[1] = UINT64_C(1) << 63;
  FAILS(jitdebug_register_functions(&later[0].function, COUNT, 0,
                                    &out.registration),
        JITDEBUG_E_ARGUMENT, "functions[2]", "struct_size");
}

static void places(void **state) {
  (void)state;
  WRONG_CULPRIT(address, NULL, "address");
  WRONG_CULPRIT(size, 0, "size is 0");
  WRONG_CULPRIT(size, (size_t)1 << 32, "size");
  WRONG_CULPRIT(address, (void *)-8, "size", "0xfffffffffffffff8");
  /* Overlaps by a byte, by all, before and after; and is twice the same. */
  WRONG_CULPRIT(address, (char *)functions[2].address + 15,
                "functions[2] \"c\"");
  WRONG_CULPRIT(address, functions[1].address, "functions[1] \"b\"");
  sound(NULL);
  functions[0].size = 17;
  FAILS(register_all(), JITDEBUG_E_ARGUMENT, "functions[1] \"b\"",
        "functions[0] \"a\"", "17");
  sound(NULL);
  functions[0].address = (char *)functions[3].address + 8;
  FAILS(register_all(), JITDEBUG_E_ARGUMENT, "functions[0] \"a\"",
        "functions[3] \"culprit\"");
}

static void names(void **state) {
  (void)state;
  WRONG(name, NULL, "name", "NULL");
  WRONG(name, "", "name", "empty");
  WRONG(name, (char *)8, "name", "read");

  /* At the end of what can be read: with a NUL, and without. */
  const size_t page = (size_t)sysconf(_SC_PAGESIZE), all = 32 * page;
  char *memory = mmap(NULL, all, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  assert_ptr_not_equal(memory, MAP_FAILED);
  assert_int_equal(mprotect(memory + all - page, page, PROT_NONE), 0);
  memset(memory, 'x', all - page);
  WRONG(name, memory + all - page - 5, "name", "read");
  WRONG(file, memory + all - page - 5, "file", "read");
  memory[all - page - 1] = 0;
  sound(NULL);
  functions[3].name = memory + all - page - 5;
  SUCCEEDS(register_all());
  unregister_output();

  /* The longest, and longer. */
  functions[3].name = memory;
  FAILS(register_all(), JITDEBUG_E_ARGUMENT, "functions[3]", "name", "65536");
  functions[3].name = memory + all - page - 65536;
  SUCCEEDS(register_all());
  unregister_output();
  functions[3].size = 0; /* it is cut in the text */
  FAILS(register_all(), JITDEBUG_E_ARGUMENT, "functions[3] \"xxx", "xxx...\"",
        "size is 0");
  munmap(memory, all);
}

static void lines(void **state) {
  (void)state;
  WRONG_CULPRIT(lines, NULL, "lines", "NULL", "4");
  WRONG_CULPRIT(file, NULL, "file", "NULL");
  WRONG_CULPRIT(file, "", "file", "empty");
  WRONG_CULPRIT(line_count, SIZE_MAX / 16, "line_count");
  WRONG_CULPRIT(lines, (void *)8, "line_count");
  const jitdebug_line descending[] = {
      {0, 1, 0}, {5, 2, 0}, {4, 3, 0}, {6, 4, 0}};
  WRONG_CULPRIT(lines, descending, "lines[2]", "offset is 4", "5");
  const jitdebug_line past[] = {{0, 1, 0}, {5, 2, 0}, {15, 3, 0}, {16, 4, 0}};
  WRONG_CULPRIT(lines, past, "lines[3]", "offset is 16", "16 bytes");
  const jitdebug_line large[] = {
      {0, 1, 0}, {0, 1u << 31, 0}, {1, 3, 0}, {2, 4, 0}};
  WRONG_CULPRIT(lines, large, "lines[1]", "2147483648");
}

static void frames(void **state) {
  (void)state;
  static const uint8_t cfi[] = {0x41, 0x0e, 16, 0xc2};
  WRONG_CULPRIT(unwind, 3, "unwind is 3");
  WRONG_CULPRIT(cfi, cfi, "cfi", "JITDEBUG_UNWIND_CFI");
  WRONG_CULPRIT(cfi_size, 1, "cfi", "JITDEBUG_UNWIND_CFI");
#define WRONG_CFI(bytes, length, ...)                                      \
  do {                                                                     \
    sound(NULL);                                                           \
    functions[3].unwind = JITDEBUG_UNWIND_CFI;                             \
    functions[3].cfi = bytes;                                              \
    functions[3].cfi_size = length;                                        \
    FAILS(register_all(), JITDEBUG_E_ARGUMENT, "functions[3] \"culprit\"", \
          "cfi", __VA_ARGS__);                                             \
  } while (0)
  WRONG_CFI(NULL, 4, "NULL");
  WRONG_CFI((void *)8, 4, "cfi_size");
  WRONG_CFI(cfi, SIZE_MAX, "cfi_size");
  WRONG_CFI(((uint8_t[]){0x41, 0x3d}), 2, "0x1", "0x3d"); /* unknown */
  WRONG_CFI(((uint8_t[]){0x0e}), 1, "0x0");               /* cut */
  WRONG_CFI(((uint8_t[]){0x0f, 9, 0x30}), 3, "0x0");
  sound(NULL);
  functions[3].unwind = JITDEBUG_UNWIND_CFI;
  SUCCEEDS(register_all()); /* the state at the entry, to the end */
  unregister_output();
  functions[3].cfi = cfi;
  functions[3].cfi_size = sizeof cfi;
  SUCCEEDS(register_all());
  unregister_output();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(sound_functions, sound, list_is_empty),
      cmocka_unit_test_setup_teardown(arguments, sound, list_is_empty),
      CASE(struct_sizes),
      CASE(places),
      CASE(names),
      CASE(lines),
      CASE(frames),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
