/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* A JIT that registers functions, for bench/debuggers to time.
 *
 *   each N        one at a time
 *   random N      in random order of their addresses
 *   together N    in one call
 *   gone N        one at a time; then unregisters them in random order
 *   wait N        one at a time, and waits for a debugger that attaches
 *   write N FILE  leaves their images in a file
 *   images N FILE registers those, an image for each function
 *   pairs N FILE  without a debugger: what a call costs
 *
 * Prints milliseconds, and for gone: of the first tenth, of the last, of all.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <jitdebug.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LINES = 20, SIZE = 50, DISTANCE = 64 };

struct code_entry {
  struct code_entry *next, *prev;
  const void *image;
  uint64_t size;
};

struct descriptor {
  uint32_t version, action;
  struct code_entry *relevant, *first;
};

static const uint64_t code = UINT64_C(0x200000000000);
static jitdebug_line lines[LINES];
static char (*names)[24];
static jitdebug_function *functions;
static jitdebug_registration **registrations;
static int count;

static void check(int32_t status) {
  if (status == JITDEBUG_OK) return;
  fprintf(stderr, "functions: %s\n", jitdebug_last_error());
  exit(1);
}

static double milliseconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void describe(void) {
  names = calloc((size_t)count, sizeof *names);
  functions = calloc((size_t)count, sizeof *functions);
  registrations = calloc((size_t)count, sizeof(void *));
  for (uint32_t i = 0; i < LINES; i++)
    lines[i] = (jitdebug_line){2 * i, 10 + i, 0};
  for (int i = 0; i < count; i++) {
    snprintf(names[i], sizeof names[i], "function_%d", i);
    functions[i] = (jitdebug_function){
        .struct_size = sizeof functions[i],
        .unwind = JITDEBUG_UNWIND_FRAME_POINTER,
        .name = names[i],
        .address = (void *)(uintptr_t)(code + (uint64_t)i * DISTANCE),
        .size = SIZE,
        .file = "source.lang",
        .lines = lines,
        .line_count = LINES};
  }
}

static void each(void) {
  for (int i = 0; i < count; i++)
    check(jitdebug_register_functions(&functions[i], 1, 0, &registrations[i]));
}

static int *random_order(void) {
  int *order = calloc((size_t)count, sizeof *order);
  uint64_t random = 1;
  for (int i = 0; i < count; i++) {
    random = random * UINT64_C(6364136223846793005) + 1442695040888963407;
    const int j = (int)((random >> 33) % (uint64_t)(i + 1));
    order[i] = order[j];
    order[j] = i;
  }
  return order;
}

static void in_random_order(void) {
  const int *order = random_order();
  for (int i = 0; i < count; i++)
    check(jitdebug_register_functions(&functions[order[i]], 1, 0,
                                      &registrations[order[i]]));
}

static void gone(double times[3]) {
  const int *order = random_order();
  const double begin = milliseconds();
  double last = begin;
  for (int i = 0; i < count; i++) {
    check(jitdebug_unregister(registrations[order[i]]));
    if (i + 1 == count / 10) times[0] = milliseconds() - begin;
    if (i + 1 == count - count / 10) last = milliseconds();
  }
  times[1] = milliseconds() - last;
  times[2] = milliseconds() - begin;
}

static void write_images(const char *path) {
  FILE *file = fopen(path, "wb");
  for (int i = 0; i < count; i++) {
    const void *image;
    size_t size;
    check(jitdebug_register_functions(&functions[i], 1, 0, &registrations[i]));
    check(jitdebug_registration_image(registrations[i], 0, &image, &size));
    fwrite(&size, sizeof size, 1, file);
    fwrite(image, size, 1, file);
    check(jitdebug_unregister(registrations[i]));
  }
  if (fclose(file) != 0) exit(1);
}

static jitdebug_image *read_images(const char *path) {
  FILE *file = fopen(path, "rb");
  jitdebug_image *images = calloc((size_t)count, sizeof *images);
  for (int i = 0; i < count; i++) {
    if (fread(&images[i].size, sizeof(size_t), 1, file) != 1) exit(1);
    void *data = malloc(images[i].size);
    if (fread(data, images[i].size, 1, file) != 1) exit(1);
    images[i].data = data;
  }
  fclose(file);
  return images;
}

static void images(const jitdebug_image *all) {
  for (int i = 0; i < count; i++)
    check(jitdebug_register(all[i].data, all[i].size, 0, &registrations[i]));
}

static double bytes(void) {
  const struct descriptor *list = dlsym(RTLD_DEFAULT, "__jit_debug_descriptor");
  double sum = 0;
  for (const struct code_entry *e = list->first; e; e = e->next)
    sum += (double)e->size;
  return sum / count;
}

static void drop_all(void) {
  for (int i = 0; i < count; i++) check(jitdebug_unregister(registrations[i]));
}

int main(int argc, char **argv) {
  if (argc < 3) return 2;
  const char *mode = argv[1];
  count = atoi(argv[2]);
  describe();
  jitdebug_image *all = argc > 3 && *mode != 'w' ? read_images(argv[3]) : NULL;
  double begin = milliseconds();
  if (strcmp(mode, "write") == 0) {
    write_images(argv[3]);
  } else if (strcmp(mode, "images") == 0) {
    images(all);
  } else if (strcmp(mode, "random") == 0) {
    in_random_order();
  } else if (strcmp(mode, "together") == 0) {
    check(jitdebug_register_functions(functions, (size_t)count, 0,
                                      registrations));
  } else if (strcmp(mode, "pairs") == 0) {
    each();
    const double functions_took = milliseconds() - begin, size = bytes();
    drop_all();
    begin = milliseconds();
    images(all);
    printf("%f %f %f %f\n", functions_took, milliseconds() - begin, size,
           bytes());
    return 0;
  } else {
    each();
  }
  printf("%f\n", milliseconds() - begin);
  fflush(stdout);
  if (strcmp(mode, "wait") == 0) pause();
  if (strcmp(mode, "gone") == 0) {
    double times[3] = {0};
    gone(times);
    printf("%f %f %f\n", times[0], times[1], times[2]);
  }
  return 0;
}
