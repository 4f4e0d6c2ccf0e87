/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/*
 * A JIT in miniature: it loads machine code that was made for an address, shows
 * it to the debugger with libjitdebug, runs it, and takes it back.
 *
 * Here gcc and ld played the code generator and left an ELF file. A real JIT
 * has the same bytes in memory; its image need not ever be a file.
 *
 *   cc host.c -ljitdebug && ./a.out generated.elf
 */
#define _GNU_SOURCE
#include <elf.h>
#include <jitdebug.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

typedef int generated_function(int);

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void *read_file(const char *path, size_t *size) {
  FILE *file = fopen(path, "rb");
  if (!file || fseek(file, 0, SEEK_END) != 0) fail(path);
  *size = (size_t)ftell(file);
  rewind(file);
  void *bytes = malloc(*size);
  if (!bytes || fread(bytes, 1, *size, file) != *size) fail(path);
  fclose(file);
  return bytes;
}

/*
 * Puts the code where the linker was told that it would be. The addresses in an
 * image that is registered are those at which the code runs: a JIT that chooses
 * the place late has to write them into the image (sh_addr, st_value) first.
 */
static generated_function *load_code(const char *image) {
  const Elf64_Ehdr *header = (const Elf64_Ehdr *)image;
  const Elf64_Phdr *segment = (const Elf64_Phdr *)(image + header->e_phoff);
  const size_t page_size = (size_t)sysconf(_SC_PAGESIZE);
  for (int i = 0; i < header->e_phnum; i++, segment++) {
    if (segment->p_type != PT_LOAD) continue;
    size_t before = segment->p_vaddr % page_size;
    void *page = (void *)(segment->p_vaddr - before);
    size_t size = segment->p_memsz + before;
    if (mmap(page, size, PROT_READ | PROT_WRITE,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) != page)
      fail("mmap");
    memcpy((void *)segment->p_vaddr, image + segment->p_offset,
           segment->p_filesz);
    if (mprotect(page, size, PROT_READ | PROT_EXEC) != 0) fail("mprotect");
  }
  return (generated_function *)header->e_entry;
}

/* Where the sessions stop on the way into the generated code. */
__attribute__((noinline)) static void call(generated_function *function) {
  printf("host: the generated code returns %d\n", function(10));
}

int main(int argc, char **argv) {
  if (argc != 2) {
    fprintf(stderr, "usage: %s IMAGE\n", argv[0]);
    return 2;
  }
  setlinebuf(stdout);
  size_t size;
  char *image = read_file(argv[1], &size);
  generated_function *function = load_code(image);

  /* Register after the code is in place and before it runs: a breakpoint that
   * waits for its name is set inside this call. */
  jitdebug_registration *registration;
  if (jitdebug_register(image, size, 0, &registration) != JITDEBUG_OK) {
    fprintf(stderr, "jitdebug_register: %s\n", jitdebug_last_error());
    return 1;
  }
  free(image); /* the library has a copy; with JITDEBUG_BORROW it would not */
  call(function);

  /* Unregister before the code's memory is given back or used again, or the
   * debugger goes on showing the old names. */
  if (jitdebug_unregister(registration) != JITDEBUG_OK) {
    fprintf(stderr, "jitdebug_unregister: %s\n", jitdebug_last_error());
    return 1;
  }
  call(function);
  return 0;
}
