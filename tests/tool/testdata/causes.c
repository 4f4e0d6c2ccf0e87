/* A JIT with a list of its own, which makes one mistake, or none: causes CASE.
 * It says "ready ADDRESS" when all is in place, the address being that of a
 * function that was generated, and waits there, or in generated code that calls
 * it. */
#define _GNU_SOURCE
#include <string.h>
#include <unistd.h>

#include "code.h"
#include "list.h"

struct descriptor __jit_debug_descriptor = {1, ACTION_NONE, NULL, NULL};

void __jit_debug_register_code(void);
__attribute__((noinline)) void __jit_debug_register_code(void) {
  __asm__ volatile("" ::: "memory");
}

enum { MOST = 16 };

static struct code_entry entries[MOST];
static struct image images[MOST];
static int count;

static struct code_entry *add(const void *image, uint64_t size) {
  struct code_entry *entry = &entries[count++];
  entry->symfile = image;
  entry->size = size;
  entry->next = __jit_debug_descriptor.first;
  if (entry->next) entry->next->prev = entry;
  __jit_debug_descriptor.first = entry;
  __jit_debug_register_code();
  return entry;
}

/* Each function is in a page of its own. */
static code *make(int n) { return code_make((uint64_t)n * 256); }

/* Generates and registers function n. */
static code *generate(int n) {
  code *run = make(n);
  image_make(&images[n], (uint64_t)n * 256);
  add(&images[n], sizeof images[n]);
  return run;
}

static void wait_here(void) {
  for (;;) pause();
}

static void ready(code *run, int inside) {
  printf("ready %p\n", (void *)(uintptr_t)run);
  fflush(stdout);
  if (inside) run(wait_here);
  wait_here();
}

int main(int argc, char **argv) {
  CHECK(argc == 2, "usage: causes CASE");
  const char *name = argv[1];
  struct descriptor *list = &__jit_debug_descriptor;
#define CASE(text) if (strcmp(name, text) == 0)
  CASE("healthy") ready(generate(0), 1);
  CASE("healthy, three") {
    generate(0);
    generate(1);
    ready(generate(2), 1);
  }
  CASE("nothing generated") ready((code *)(uintptr_t)main, 0);
  CASE("never registered") ready(make(0), 1);
  CASE("one of two registered") {
    generate(0);
    ready(make(1), 1);
  }
  CASE("unregistered") {
    code *run = generate(0);
    list->first = NULL;
    ready(run, 1);
  }
  CASE("version") {
    code *run = generate(0);
    list->version = 2;
    ready(run, 1);
  }
  CASE("cycle") {
    generate(0);
    code *run = generate(1);
    entries[0].next = &entries[1];
    ready(run, 1);
  }
  CASE("to itself") {
    code *run = generate(0);
    entries[0].next = &entries[0];
    ready(run, 1);
  }
  CASE("wild pointer") {
    code *run = generate(0);
    entries[0].next = (struct code_entry *)UINT64_C(0x4141414141414140);
    ready(run, 1);
  }
  CASE("wrong prev") {
    generate(0);
    code *run = generate(1);
    entries[0].prev = &entries[7];
    ready(run, 1);
  }
  CASE("action without entry") {
    code *run = generate(0);
    list->action = ACTION_REGISTER;
    ready(run, 1);
  }
  CASE("image gone") {
    code *run = generate(0);
    entries[0].symfile = (const struct image *)UINT64_C(0x100000000000);
    ready(run, 1);
  }
  CASE("huge size") {
    code *run = generate(0);
    entries[0].size = UINT64_C(1) << 45;
    ready(run, 1);
  }
  CASE("broken image") {
    code *run = generate(0);
    memset(&images[0], 0x5a, 100);
    ready(run, 1);
  }
  CASE("section past the end") {
    code *run = generate(0);
    images[0].sections[3].sh_size = 1 << 20;
    ready(run, 1);
  }
  CASE("address zero") {
    code *run = generate(0);
    images[0].sections[1].sh_addr = 0;
    ready(run, 1);
  }
  CASE("overlap") {
    code *run = generate(0);
    image_make(&images[1], 1);
    images[1].sections[1].sh_addr = images[0].sections[1].sh_addr;
    add(&images[1], sizeof images[1]);
    ready(run, 1);
  }
  CASE("registered twice") {
    code *run = generate(0);
    add(&images[0], sizeof images[0]);
    ready(run, 1);
  }
  CASE("covering") {
    generate(0);
    generate(2);
    code *run = generate(1);
    /* One .text from function 0 to behind 2, with 0 alone in it. */
    images[0].sections[1].sh_size = 2 * 4096 + 16;
    ready(run, 1);
  }
  CASE("absolute values") {
    code *run = generate(0);
    images[0].symbols[1].st_value = images[0].sections[1].sh_addr;
    ready(run, 1);
  }
  CASE("no symbols") {
    code *run = generate(0);
    images[0].sections[2].sh_type = SHT_NULL;
    ready(run, 1);
  }
  CASE("no frames") {
    code *run = generate(0);
    static const unsigned char bytes[] = {
        0x48, 0x83, 0xec, 0x18, /* sub $24, %rsp */
        0xff, 0xd7,             /* call *%rdi */
        0x48, 0x83, 0xc4, 0x18, /* add $24, %rsp */
        0xc3                    /* ret */
    };
    memcpy((void *)(uintptr_t)run, bytes, sizeof bytes);
    ready(run, 1);
  }
  CASE("a leaf") {
    code *run = generate(0);
    static const unsigned char bytes[] = {0x8d, 0x04, 0x3f,
                                          0xc3}; /* lea; ret */
    memcpy((void *)(uintptr_t)run, bytes, sizeof bytes);
    ready(run, 0);
  }
  CASE("code gone") {
    code *run = generate(0);
    munmap((void *)((uintptr_t)run & ~UINT64_C(4095)), 4096);
    ready(run, 0);
  }
  CASE("written over") {
    code *run = generate(0);
    memset((void *)(uintptr_t)run, 0, 16);
    ready(run, 0);
  }
  CASE("written over by other code") {
    code *run = generate(0);
    static unsigned char image[sizeof(struct image) + 16];
    /* The image has the code's own bytes. */
    memcpy(image, &images[0], sizeof images[0]);
    memcpy(image + sizeof images[0], (void *)(uintptr_t)run, 16);
    Elf64_Shdr *text = &((struct image *)image)->sections[1];
    text->sh_type = SHT_PROGBITS;
    text->sh_offset = sizeof images[0];
    entries[0].symfile = (const struct image *)image;
    entries[0].size = sizeof image;
    static const unsigned char bytes[] = {0x8d, 0x04, 0x3f, 0xc3};
    memcpy((void *)(uintptr_t)run, bytes, sizeof bytes);
    ready(run, 0);
  }
  CHECK(0, "no case %s", name);
}
