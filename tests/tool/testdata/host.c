/* A host of the library, or of a plug-in that has a list of its own: host MODE
 * [PLUGIN]. It says "ready" and waits: "ready PID" where that is another
 * process than this one. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "code.h"
#include "file.h"
#include "jitdebug.h"

static void register_image(struct image *image, uint64_t serial) {
  jitdebug_registration *registration;
  code_make(serial);
  image_make(image, serial);
  CHECK(
      jitdebug_register(image, sizeof *image, 0, &registration) == JITDEBUG_OK,
      "%s", jitdebug_last_error());
}

/* Registers and unregisters for ever, single functions and whole images. */
static void *churn(void *number) {
  uint64_t serial = (uint64_t)(uintptr_t)number * 256;
  unsigned char *run = (unsigned char *)(uintptr_t)code_make(serial);
  for (;;) {
    struct image image;
    image_make(&image, serial);
    jitdebug_function function = {.struct_size = sizeof function,
                                  .unwind = JITDEBUG_UNWIND_FRAME_POINTER,
                                  .name = "short-lived",
                                  .address = run + 64,
                                  .size = 8};
    memcpy(run + 64, run, 8);
    jitdebug_registration *a, *b;
    CHECK(jitdebug_register(&image, sizeof image, 0, &a) == JITDEBUG_OK, "%s",
          jitdebug_last_error());
    CHECK(jitdebug_register_functions(&function, 1, 0, &b) == JITDEBUG_OK, "%s",
          jitdebug_last_error());
    CHECK(jitdebug_unregister(a) == JITDEBUG_OK, "%s", jitdebug_last_error());
    CHECK(jitdebug_unregister(b) == JITDEBUG_OK, "%s", jitdebug_last_error());
  }
  return NULL;
}

/* Burns time in two functions, 64 bytes apart, called by a third. */
static void burn(double seconds) {
  static const unsigned char framed[] = {
      0x55, 0x48, 0x89, 0xe5,    /* push %rbp; mov %rsp, %rbp */
      0xb8, 0,    0,    0x10, 0, /* mov $0x100000, %eax */
      0xff, 0xc8, 0x75, 0xfc,    /* dec %eax; jne */
      0x5d, 0xc3};               /* pop %rbp; ret */
  static const unsigned char bare[] = {
      0x48, 0x83, 0xec, 0x18,        /* sub $24, %rsp */
      0xb8, 0,    0,    0x10, 0,     /* mov $0x100000, %eax */
      0xff, 0xc8, 0x75, 0xfc,        /* dec %eax; jne */
      0x48, 0x83, 0xc4, 0x18, 0xc3}; /* add $24, %rsp; ret */
  static const unsigned char caller[] = {0x55, 0x48, 0x89,
                                         0xe5, /* push %rbp; mov %rsp, %rbp */
                                         0xff, 0xd7,  /* call *%rdi */
                                         0x5d, 0xc3}; /* pop %rbp; ret */
  /* The CFA is rsp+32 behind the sub, and rsp+8 again behind the add. */
  static const unsigned char cfi[] = {0x44, 0x0e, 0x20, 0x4d, 0x0e, 0x08};
  static const jitdebug_line lines[] = {{0, 1, 1}, {4, 2, 1}, {9, 3, 1}};
  char *run = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(run != MAP_FAILED, "mmap");
  memcpy(run, framed, sizeof framed);
  memcpy(run + 64, bare, sizeof bare);
  memcpy(run + 128, caller, sizeof caller);
  jitdebug_function functions[] = {{.struct_size = sizeof functions[0],
                                    .unwind = JITDEBUG_UNWIND_FRAME_POINTER,
                                    .name = "js:hot loop",
                                    .address = run,
                                    .size = sizeof framed,
                                    .file = "hot.js",
                                    .lines = lines,
                                    .line_count = 3},
                                   {.struct_size = sizeof functions[0],
                                    .unwind = JITDEBUG_UNWIND_CFI,
                                    .name = "bare_loop",
                                    .address = run + 64,
                                    .size = sizeof bare,
                                    .file = "hot.js",
                                    .lines = lines,
                                    .line_count = 3,
                                    .cfi = cfi,
                                    .cfi_size = sizeof cfi},
                                   {.struct_size = sizeof functions[0],
                                    .unwind = JITDEBUG_UNWIND_FRAME_POINTER,
                                    .name = "caller",
                                    .address = run + 128,
                                    .size = sizeof caller}};
  jitdebug_registration *registration;
  CHECK(jitdebug_register_functions(functions, 3, 0, &registration) ==
            JITDEBUG_OK,
        "%s", jitdebug_last_error());
  struct timespec begin, now;
  clock_gettime(CLOCK_MONOTONIC, &begin);
  do {
    ((void (*)(void *))(run + 128))(run);
    ((void (*)(void *))(run + 128))(run + 64);
    clock_gettime(CLOCK_MONOTONIC, &now);
  } while ((double)(now.tv_sec - begin.tv_sec) < seconds);
}

/* Loads a linked program where it was linked to be, and registers it as it is.
 */
static void load(const char *path) {
  size_t size;
  void *bytes = file_read(path, &size);
  const Elf64_Ehdr *header = bytes;
  const Elf64_Phdr *segment =
      (const void *)((const char *)bytes + header->e_phoff);
  for (int i = 0; i < header->e_phnum; i++, segment++) {
    if (segment->p_type != PT_LOAD) continue;
    uintptr_t page = segment->p_vaddr & ~UINT64_C(4095);
    CHECK(mmap((void *)page, segment->p_vaddr - page + segment->p_memsz,
               PROT_READ | PROT_WRITE | PROT_EXEC,
               MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == (void *)page,
          "%s", path);
    memcpy((void *)segment->p_vaddr, (char *)bytes + segment->p_offset,
           segment->p_filesz);
  }
  jitdebug_registration *registration;
  CHECK(jitdebug_register(bytes, size, JITDEBUG_OPAQUE, &registration) ==
            JITDEBUG_OK,
        "%s", jitdebug_last_error());
}

static void ready(pid_t pid) {
  printf("ready %d\n", (int)pid);
  fflush(stdout);
}

int main(int argc, char **argv) {
  CHECK(argc >= 2, "usage: host MODE [PLUGIN]");
  static struct image image;
  const char *mode = argv[1];
  prctl(PR_SET_PDEATHSIG, 9);
#define MODE(text) if (strcmp(mode, text) == 0)
  MODE("burn") {
    ready(getpid());
    burn(3);
    pause();
    return 0;
  }
  MODE("image") {
    load(argv[2]);
    ready(getpid());
    for (;;) pause();
  }
  register_image(&image, 0);
  MODE("busy") {
    for (uintptr_t i = 1; i <= 4; i++) {
      pthread_t thread;
      CHECK(pthread_create(&thread, NULL, churn, (void *)i) == 0, "no thread");
    }
  }
  MODE("plugin") {
    static struct image theirs;
    code_make(256);
    image_make(&theirs, 256);
    void *plugin = dlopen(argv[2], RTLD_NOW | RTLD_LOCAL);
    CHECK(plugin, "%s", dlerror());
    void (*add)(const void *, size_t) = dlsym(plugin, "pair_register");
    add(&theirs, sizeof theirs);
  }
  MODE("namespace") {
    static struct image theirs;
    code_make(256);
    image_make(&theirs, 256);
    void *plugin = dlmopen(LM_ID_NEWLM, argv[2], RTLD_NOW | RTLD_LOCAL);
    CHECK(plugin, "%s", dlerror());
    void (*add)(const void *, size_t) = dlsym(plugin, "pair_register");
    add(&theirs, sizeof theirs);
  }
  MODE("fork") {
    int pipes[2];
    CHECK(pipe(pipes) == 0, "pipe");
    pid_t child = fork();
    if (child == 0) {
      static struct image own;
      prctl(PR_SET_PDEATHSIG, 9);
      register_image(&own, 256);
      CHECK(write(pipes[1], "", 1) == 1, "pipe");
      for (;;) pause();
    }
    char byte;
    CHECK(read(pipes[0], &byte, 1) == 1, "the child");
    ready(child);
    for (;;) pause();
  }
  ready(getpid());
  for (;;) pause();
}
