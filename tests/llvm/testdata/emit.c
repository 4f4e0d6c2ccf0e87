#define _GNU_SOURCE
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "check.h"
#include "image.h"
#include "runtime.h"

enum { CODE_SIZE = 4096 };

struct emitted emit(const char *name) {
  static const unsigned char call_next[] = {
      0x55,                   /* push %rbp */
      0x48, 0x89, 0xe5,       /* mov %rsp,%rbp */
      0x48, 0x8b, 0x07,       /* mov (%rdi),%rax */
      0x48, 0x8b, 0x7f, 0x08, /* mov 8(%rdi),%rdi */
      0xff, 0xd0,             /* call *%rax */
      0x5d,                   /* pop %rbp */
      0xc3,                   /* ret */
  };
  void *code = mmap(NULL, CODE_SIZE, PROT_READ | PROT_WRITE | PROT_EXEC,
                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(code != MAP_FAILED, "no memory for code");
  memcpy(code, call_next, sizeof call_next);
  struct image *image = malloc(sizeof *image);
  image_make(image, 0);
  image->sections[1].sh_addr = (uintptr_t)code;
  image->sections[1].sh_size = sizeof call_next;
  image->symbols[1].st_size = sizeof call_next;
  CHECK(strlen(name) < sizeof image->names - 1, "%s: too long", name);
  strcpy(image->names + 1, name);
  return (struct emitted){(void (*)(struct link *))code, image, sizeof *image};
}

void unemit(struct emitted *emitted) {
  munmap((void *)emitted->function, CODE_SIZE);
  free(emitted->image);
}
