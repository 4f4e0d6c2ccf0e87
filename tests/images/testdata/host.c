/*
 * Registers the images that a list names, one after another, through the GDB
 * JIT interface, as plainly as it can be: the debugger is under test, with it
 * the checks that chose the images, and nothing else.
 *
 * usage: host LIST   (a file; a line: the path of an image, addresses in its
 * code)
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

struct jit_code_entry {
  struct jit_code_entry *next_entry, *prev_entry;
  const char *symfile_addr;
  uint64_t symfile_size;
};

struct jit_descriptor {
  uint32_t version, action_flag;
  struct jit_code_entry *relevant_entry, *first_entry;
};

struct jit_descriptor __jit_debug_descriptor = {1, 0, 0, 0};

__attribute__((noinline)) void __jit_debug_register_code(void) {
  __asm__ volatile("" ::: "memory");
}

/* The debugger's script stops here to look around, once an image. */
__attribute__((noinline)) void look(const char *image) {
  __asm__ volatile("" ::"r"(image) : "memory");
}

/* The stack of a frame of an image's code, whose variables are zero then. */
char zero[1 << 16];

static void notify(uint32_t action, struct jit_code_entry *entry) {
  __jit_debug_descriptor.action_flag = action;
  __jit_debug_descriptor.relevant_entry = entry;
  __jit_debug_register_code();
  __jit_debug_descriptor.action_flag = 0;
  __jit_debug_descriptor.relevant_entry = 0;
}

static char *load(const char *path, size_t *size) {
  FILE *file = fopen(path, "rb");
  if (!file) {
    perror(path);
    exit(2);
  }
  fseek(file, 0, SEEK_END);
  *size = (size_t)ftell(file);
  rewind(file);
  char *data = malloc(*size + 1);
  if (!data || fread(data, 1, *size, file) != *size) {
    perror(path);
    exit(2);
  }
  fclose(file);
  return data;
}

/* Where an image says that its code is, let there be some: nops. */
static void map_code(const char *address) {
  const size_t size = 1 << 16;
  char *at = (char *)(strtoull(address, 0, 0) / size * size);
  char *code = mmap(at, size, PROT_READ | PROT_WRITE | PROT_EXEC,
                    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  if (code != MAP_FAILED) memset(code, 0x90, size);
}

int main(int argc, char **argv) {
  FILE *list = argc == 2 ? fopen(argv[1], "r") : 0;
  if (!list) {
    fprintf(stderr, "usage: host LIST\n");
    return 2;
  }
  setvbuf(stdout, 0, _IONBF, 0);
  char path[4096];
  while (fgets(path, sizeof path, list)) {
    char *address = strtok(path, " \n");
    while ((address = strtok(0, " \n"))) map_code(address);
    size_t size;
    char *data = load(path, &size);
    struct jit_code_entry entry = {0, 0, data, size};
    __jit_debug_descriptor.first_entry = &entry;
    notify(1, &entry);
    look(path);
    __jit_debug_descriptor.first_entry = 0;
    notify(2, &entry);
    free(data);
  }
  printf("all images registered\n");
  return 0;
}
