/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* A code cache whose functions a debugger could be shown, while none is there:
 * what that costs with the library, and, for comparison, with an image for each
 * function, written here into buffers that grow, on a plain list.
 *
 *   code_cache library|list ORDER COUNT   registers functions, in the order of
 * their addresses: ascending, descending, random, or scattered, which is random
 * and 8 KiB apart; then unregisters them: in the order in which they came, but
 * for ascending, reversed, which is descending, and random, at random
 *   code_cache library|list replace COUNT   replaces as many and more at
 * random, each by one at the same address code_cache library threads COUNT does
 * so in so many threads, each its own
 *
 * Prints CPU time in µs: of a registration and of an unregistration, or of a
 * replacement; and of the dearest call in a thousand, and of the dearest, by
 * the clock.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <jitdebug.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

enum { LINES = 8, SIZE = 100, CLOSE = 128, FAR = 8192, OWN = 10000 };

/* push, mov; loads; pop, ret: of SIZE bytes */
static const uint8_t prologue[] = {0x55, 0x48, 0x89, 0xe5},
                     body[] = {0x48, 0x8b, 0x45, 0xf8},
                     epilogue[] = {0x5d, 0xc3, 0x90, 0x90};
static uint8_t *code;
static size_t distance = CLOSE;

static void fail(const char *what) {
  fprintf(stderr, "code_cache: %s\n", what);
  exit(1);
}

/* An image for each function, on a list under a lock. */

struct entry {
  struct entry *next, *prev;
  const void *symfile;
  uint64_t size;
};

static struct {
  uint32_t version, action;
  struct entry *relevant, *first;
} descriptor = {.version = 1};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

__attribute__((noinline)) static void register_code(void) { __asm__(""); }

enum { TEXT = 1, SYMTAB, STRTAB, ABBREV, INFO, LINE, FRAME, NAMES, SECTIONS };

static const char names[] =
    "\0.text\0.symtab\0.strtab\0.debug_abbrev\0.debug_info\0.debug_line\0"
    ".debug_frame\0.shstrtab";

static const char abbreviations[] =
    "\1\x11\1\x13\x05\x03\x08\x10\x17\x11\1\x12\7\0\0"
    "\2\x2e\0\x3f\x19\x03\x08\x3a\x0b\x3b\x06\x11\1\x12\7\0\0";

static const char line_start[] = "\1\1\1\xfb\x0e\x0d\0\1\1\1\1\0\0\0\1\0\0\1";

/* A section grows as it is written. */
struct buffer {
  uint8_t *data;
  size_t size, room;
};

static void put(struct buffer *to, const void *bytes, size_t size) {
  if (to->size + size > to->room) {
    to->room = 2 * (to->size + size);
    to->data = realloc(to->data, to->room);
    if (!to->data) fail("no memory");
  }
  memcpy(to->data + to->size, bytes, size);
  to->size += size;
}
#define PUT(to, type, ...) put(to, &(type){__VA_ARGS__}, sizeof(type))

static void put_text(struct buffer *to, const char *text) {
  put(to, text, strlen(text) + 1);
}

static void put_uleb(struct buffer *to, uint64_t value) {
  for (; value >= 128; value >>= 7) PUT(to, uint8_t, (uint8_t)(value | 128));
  PUT(to, uint8_t, (uint8_t)value);
}

/* Fills in a length of 32 bits, of what is behind it. */
static void end(struct buffer *to, size_t length) {
  const uint32_t size = (uint32_t)(to->size - length - sizeof size);
  memcpy(to->data + length, &size, sizeof size);
}

static void put_unit(struct buffer *to, const jitdebug_function *f) {
  PUT(to, uint32_t, 0);
  PUT(to, uint16_t, 4);
  PUT(to, uint32_t, 0);
  PUT(to, uint8_t, 8);
  PUT(to, uint8_t, 1);
  PUT(to, uint16_t, 2); /* C */
  put_text(to, f->file);
  PUT(to, uint32_t, 0);
  PUT(to, uint64_t, (uintptr_t)f->address);
  PUT(to, uint64_t, f->size);
  PUT(to, uint8_t, 2);
  put_text(to, f->name);
  PUT(to, uint8_t, 1);
  PUT(to, uint32_t, f->lines[0].line);
  PUT(to, uint64_t, (uintptr_t)f->address);
  PUT(to, uint64_t, f->size);
  PUT(to, uint8_t, 0);
  end(to, 0);
}

static void put_lines(struct buffer *to, const jitdebug_function *f) {
  PUT(to, uint32_t, 0);
  PUT(to, uint16_t, 4);
  const size_t header = to->size;
  PUT(to, uint32_t, 0);
  put(to, line_start, sizeof line_start);
  put_text(to, f->file);
  PUT(to, uint32_t, 0); /* its directory, time and size, and no more files */
  end(to, header);
  put(to, "\0\11\2", 3);
  PUT(to, uint64_t, (uintptr_t)f->address);
  uint64_t offset = 0;
  uint32_t line = 1;
  for (size_t i = 0; i < f->line_count; i++) {
    PUT(to, uint8_t, 2); /* DW_LNS_advance_pc */
    put_uleb(to, f->lines[i].offset - offset);
    PUT(to, uint8_t, 3); /* DW_LNS_advance_line, here never backwards */
    put_uleb(to, f->lines[i].line - line);
    PUT(to, uint8_t, 1); /* DW_LNS_copy */
    offset = f->lines[i].offset;
    line = f->lines[i].line;
  }
  PUT(to, uint8_t, 2);
  put_uleb(to, f->size - offset);
  put(to, "\0\1\1", 3);
  end(to, 0);
}

static void put_frame(struct buffer *to, const jitdebug_function *f) {
  static const char common[] =
      "\x14\0\0\0\xff\xff\xff\xff\4\0\x08\0\1\x78\x10"
      "\x0c\7\x08\x90\1\0\0\0";
  static const char rules[] = "\x41\x0e\x10\x86\2\x43\x0d\6";
  put(to, common, sizeof common);
  PUT(to, uint32_t, 28);
  PUT(to, uint32_t, 0);
  PUT(to, uint64_t, (uintptr_t)f->address);
  PUT(to, uint64_t, f->size);
  put(to, rules, 8);
}

static void put_symbols(struct buffer *to, const jitdebug_function *f) {
  PUT(to, Elf64_Sym, 0);
  put(to,
      &(Elf64_Sym){.st_name = 1,
                   .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC),
                   .st_shndx = TEXT,
                   .st_size = f->size},
      sizeof(Elf64_Sym));
}

static size_t aligned(size_t size) { return (size + 7) & ~(size_t)7; }

static struct entry *list_register(const jitdebug_function *f) {
  struct buffer parts[SECTIONS] = {0};
  put_symbols(&parts[SYMTAB], f);
  PUT(&parts[STRTAB], uint8_t, 0);
  put_text(&parts[STRTAB], f->name);
  put(&parts[ABBREV], abbreviations, sizeof abbreviations);
  put_unit(&parts[INFO], f);
  put_lines(&parts[LINE], f);
  put_frame(&parts[FRAME], f);
  put(&parts[NAMES], names, sizeof names);

  Elf64_Shdr sections[SECTIONS] = {0};
  size_t size = sizeof(Elf64_Ehdr);
  for (int i = TEXT, name = 1; i < SECTIONS; i++) {
    sections[i].sh_name = (uint32_t)name;
    name += (int)strlen(names + name) + 1;
    sections[i].sh_type = SHT_PROGBITS;
    sections[i].sh_offset = size;
    sections[i].sh_size = parts[i].size;
    sections[i].sh_addralign = 1;
    size += aligned(parts[i].size);
  }
  sections[TEXT].sh_type = SHT_NOBITS;
  sections[TEXT].sh_flags = SHF_ALLOC | SHF_EXECINSTR;
  sections[TEXT].sh_addr = (uintptr_t)f->address;
  sections[TEXT].sh_size = f->size;
  sections[SYMTAB].sh_type = SHT_SYMTAB;
  sections[SYMTAB].sh_link = STRTAB;
  sections[SYMTAB].sh_info = 1;
  sections[SYMTAB].sh_entsize = sizeof(Elf64_Sym);
  sections[STRTAB].sh_type = sections[NAMES].sh_type = SHT_STRTAB;
  const Elf64_Ehdr header = {.e_ident = ELFMAG "\2\1\1",
                             .e_type = ET_REL,
                             .e_machine = EM_X86_64,
                             .e_version = 1,
                             .e_shoff = size,
                             .e_ehsize = sizeof header,
                             .e_shentsize = sizeof(Elf64_Shdr),
                             .e_shnum = SECTIONS,
                             .e_shstrndx = NAMES};
  size += sizeof sections;

  struct entry *e = malloc(sizeof *e + size);
  if (!e) fail("no memory");
  uint8_t *const image = memcpy(e + 1, &header, sizeof header);
  for (int i = TEXT; i < SECTIONS; i++) {
    if (parts[i].size)
      memcpy(image + sections[i].sh_offset, parts[i].data, parts[i].size);
    free(parts[i].data);
  }
  memcpy(image + header.e_shoff, sections, sizeof sections);
  *e = (struct entry){.symfile = image, .size = size};
  pthread_mutex_lock(&lock);
  e->next = descriptor.first;
  if (e->next) e->next->prev = e;
  descriptor.first = e;
  descriptor.relevant = e;
  descriptor.action = 1;
  register_code();
  pthread_mutex_unlock(&lock);
  return e;
}

static void list_unregister(struct entry *e) {
  pthread_mutex_lock(&lock);
  *(e->prev ? &e->prev->next : &descriptor.first) = e->next;
  if (e->next) e->next->prev = e->prev;
  descriptor.relevant = e;
  descriptor.action = 2;
  register_code();
  pthread_mutex_unlock(&lock);
  free(e);
}

/* Both by one interface. */

static int library;

static void *add(size_t i) {
  static const jitdebug_line lines[LINES] = {
      {0, 10, 0},  {8, 11, 0},  {20, 12, 0}, {33, 13, 0},
      {47, 14, 0}, {60, 15, 0}, {75, 16, 0}, {90, 17, 0}};
  char name[32];
  snprintf(name, sizeof name, "function_%zu", i);
  const jitdebug_function function = {.struct_size = sizeof function,
                                      .unwind = JITDEBUG_UNWIND_FRAME_POINTER,
                                      .name = name,
                                      .address = code + i * distance,
                                      .size = SIZE,
                                      .file = "source.lang",
                                      .lines = lines,
                                      .line_count = LINES};
  if (!library) return list_register(&function);
  jitdebug_registration *registration;
  if (jitdebug_register_functions(&function, 1, 0, &registration) != 0)
    fail(jitdebug_last_error());
  return registration;
}

static void drop(void *registration) {
  if (!library)
    list_unregister(registration);
  else if (jitdebug_unregister(registration) != 0)
    fail(jitdebug_last_error());
}

static uint64_t random_below(uint64_t *state, uint64_t bound) {
  *state = *state * UINT64_C(6364136223846793005) + 1442695040888963407;
  return (*state >> 33) % bound;
}

static double now(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static size_t *numbers(size_t count) {
  size_t *all = calloc(count, sizeof *all);
  if (!all) fail("no memory");
  for (size_t i = 0; i < count; i++) all[i] = i;
  return all;
}

static void shuffle(size_t *order, size_t count) {
  uint64_t state = 1;
  for (size_t i = count - 1; i > 0; i--) {
    const size_t j = random_below(&state, i + 1), kept = order[i];
    order[i] = order[j];
    order[j] = kept;
  }
}

static int dearer(const void *a, const void *b) {
  const float x = *(const float *)a, y = *(const float *)b;
  return (x > y) - (x < y);
}

/* Functions first to first + count are there; replaces so many of them. */
static void replace(void **live, size_t first, size_t count, size_t times,
                    float *took) {
  uint64_t state = first + 1;
  for (size_t i = 0; i < times; i++) {
    const size_t which = first + random_below(&state, count);
    const double begin = took ? now(CLOCK_THREAD_CPUTIME_ID) : 0;
    drop(live[which]);
    live[which] = add(which);
    if (took) took[i] = (float)(now(CLOCK_THREAD_CPUTIME_ID) - begin);
  }
}

static void **live;

static void generate(uint8_t *to) {
  memcpy(to, prologue, sizeof prologue);
  for (size_t at = sizeof prologue; at < SIZE; at += sizeof body)
    memcpy(to + at, body, sizeof body);
  memcpy(to + SIZE - sizeof epilogue, epilogue, sizeof epilogue);
}

static void *replace_own(void *thread) {
  replace(live, (size_t)thread * OWN, OWN, 100000, NULL);
  return NULL;
}

int main(int argc, char **argv) {
  if (argc != 4) return 2;
  library = strcmp(argv[1], "library") == 0;
  const char *mode = argv[2];
  const int threads = strcmp(mode, "threads") == 0;
  const size_t given = strtoul(argv[3], NULL, 10),
               count = threads ? given * OWN : given;
  if (strcmp(mode, "scattered") == 0) distance = FAR;
  code = mmap(NULL, count * distance, PROT_READ | PROT_WRITE,
              MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  live = calloc(count, sizeof *live);
  if (code == MAP_FAILED || !live) fail("no memory");
  for (size_t i = 0; i < count; i++) generate(code + i * distance);
  size_t *order = numbers(count);
  if (strcmp(mode, "random") == 0 || strcmp(mode, "scattered") == 0)
    shuffle(order, count);
  if (strcmp(mode, "descending") == 0)
    for (size_t i = 0; i < count; i++) order[i] = count - 1 - i;

  double begin = now(CLOCK_PROCESS_CPUTIME_ID);
  for (size_t i = 0; i < count; i++) live[order[i]] = add(order[i]);
  const double registering =
      (now(CLOCK_PROCESS_CPUTIME_ID) - begin) / (double)count;

  if (threads) {
    pthread_t thread[64];
    begin = now(CLOCK_MONOTONIC);
    for (size_t i = 0; i < given; i++)
      if (pthread_create(&thread[i], NULL, replace_own, (void *)i) != 0)
        fail("no thread");
    for (size_t i = 0; i < given; i++) pthread_join(thread[i], NULL);
    printf("%f\n", (double)given * 1e5 / (now(CLOCK_MONOTONIC) - begin));
    return 0;
  }
  if (strcmp(mode, "replace") == 0) {
    const size_t times = count < 100000 ? 200000 : 2 * count;
    float *took = calloc(times, sizeof *took);
    if (!took) fail("no memory");
    replace(live, 0, count, times, NULL); /* as it is after a while */
    begin = now(CLOCK_PROCESS_CPUTIME_ID);
    replace(live, 0, count, times, NULL);
    const double each = (now(CLOCK_PROCESS_CPUTIME_ID) - begin) / (double)times;
    replace(live, 0, count, times, took); /* a clock takes time itself */
    qsort(took, times, sizeof *took, dearer);
    printf("%f %f %f\n", each, (double)took[times - 1 - times / 1000],
           (double)took[times - 1]);
    return 0;
  }
  begin = now(CLOCK_PROCESS_CPUTIME_ID);
  for (size_t i = 0; i < count; i++) drop(live[order[i]]);
  printf("%f %f\n", registering,
         (now(CLOCK_PROCESS_CPUTIME_ID) - begin) / (double)count);
  return 0;
}
