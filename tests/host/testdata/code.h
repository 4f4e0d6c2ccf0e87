/* Code generated at run time, in miniature: a function that calls the one it is
 * given, where image_make() says that it lies. */
#ifndef CODE_H
#define CODE_H

#include <sys/mman.h>

#include "check.h"
#include "image.h"

typedef void code(void (*call)(void));

/* Maps it; image_make(image, serial) is the image to register, and a debugger
 * shows "f" and the serial number in the backtrace of what it calls. */
static inline code *code_make(uint64_t serial) {
#if defined(__x86_64__)
  static const unsigned char bytes[] = {
      0x55,             /* push %rbp */
      0x48, 0x89, 0xe5, /* mov %rsp, %rbp */
      0xff, 0xd7,       /* call *%rdi */
      0x5d, 0xc3        /* pop %rbp; ret */
  };
#elif defined(__aarch64__)
#error "20 bytes, and a place in an image for 16"
#endif
  struct image image;
  image_make(&image, serial);
  uint64_t address = image.sections[1].sh_addr;
  void *page = (void *)(uintptr_t)(address & ~UINT64_C(4095));
  /* Another function may have mapped the page. */
  void *mapped = mmap(page, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  CHECK(mapped == page, "cannot map generated code at %p", page);
  return (code *)memcpy((void *)(uintptr_t)address, bytes, sizeof bytes);
}

#endif
