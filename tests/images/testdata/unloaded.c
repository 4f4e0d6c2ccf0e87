/*
 * A function with a frame of 4 KiB, which is described by .eh_frame alone, as
 * wasmtime leaves it: with SHF_ALLOC, at address 0. It calls look; then the
 * image is asked for, and it calls look again.
 */
#define _GNU_SOURCE
#include <elf.h>
#include <jitdebug.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#include "check.h"

enum { TEXT = 1, SYMTAB, STRTAB, FRAMES, DATA, NAMES, SECTIONS };

static const char names[] =
    "\0.text\0.symtab\0.strtab\0.eh_frame\0.rodata.wasm\0.shstrtab";
static const char strings[] = "\0generated";

static struct {
  Elf64_Ehdr header;
  Elf64_Shdr sections[SECTIONS];
  Elf64_Sym symbols[2];
  struct __attribute__((packed)) {
    char common[24];
    uint32_t size, back;
    uint64_t address, length;
    char rules[8];
    uint32_t end;
  } frames;
  char strings[16], names[64];
} image;

__attribute__((noinline)) void look(void) { __asm__ volatile(""); }

/* sub $0x1008, %rsp; call look; add $0x1008, %rsp; ret */
static size_t generate(char *code) {
  void (*const called)(void) = look;
  char *to = code;
  to = mempcpy(to, "\x48\x81\xec\x08\x10\0\0\x48\xb8", 9);
  to = mempcpy(to, &called, sizeof called);
  to = mempcpy(to, "\xff\xd0\x48\x81\xc4\x08\x10\0\0\xc3", 10);
  return (size_t)(to - code);
}

static void section(int i, uint32_t type, const void *data, size_t size) {
  const char *name = names + 1;
  for (int n = TEXT; n < i; n++) name += strlen(name) + 1;
  image.sections[i] =
      (Elf64_Shdr){.sh_name = (uint32_t)(name - names),
                   .sh_type = type,
                   .sh_offset = (size_t)((const char *)data - (char *)&image),
                   .sh_size = size,
                   .sh_addralign = 1};
}

static void describe(const char *code, size_t size) {
  memcpy(image.strings, strings, sizeof strings);
  memcpy(image.names, names, sizeof names);
  image.symbols[1] =
      (Elf64_Sym){1, ELF64_ST_INFO(STB_GLOBAL, STT_FUNC), 0, TEXT, 0, size};
  memcpy(image.frames.common,
         "\x14\0\0\0\0\0\0\0\1\0\1\x78\x10\x0c\7\x08\x90\1\0\0\0\0\0\0", 24);
  image.frames.size = 28;
  image.frames.back = 28;
  image.frames.address = (uintptr_t)code;
  image.frames.length = size;
  memcpy(image.frames.rules, "\x47\x0e\x90\x20\0\0\0\0", 8);

  section(TEXT, SHT_NOBITS, &image.sections, size);
  image.sections[TEXT].sh_flags = SHF_ALLOC | SHF_EXECINSTR;
  image.sections[TEXT].sh_addr = (uintptr_t)code;
  section(SYMTAB, SHT_SYMTAB, image.symbols, sizeof image.symbols);
  image.sections[SYMTAB].sh_link = STRTAB;
  image.sections[SYMTAB].sh_info = 1;
  image.sections[SYMTAB].sh_entsize = sizeof(Elf64_Sym);
  section(STRTAB, SHT_STRTAB, image.strings, sizeof strings);
  section(FRAMES, SHT_PROGBITS, &image.frames, sizeof image.frames);
  section(DATA, SHT_PROGBITS, image.strings, sizeof strings);
  image.sections[FRAMES].sh_flags = image.sections[DATA].sh_flags = SHF_ALLOC;
  section(NAMES, SHT_STRTAB, image.names, sizeof names);
  image.header = (Elf64_Ehdr){.e_ident = ELFMAG "\2\1\1",
                              .e_type = ET_REL,
                              .e_machine = EM_X86_64,
                              .e_version = 1,
                              .e_shoff = sizeof image.header,
                              .e_ehsize = sizeof image.header,
                              .e_shentsize = sizeof(Elf64_Shdr),
                              .e_shnum = SECTIONS,
                              .e_shstrndx = NAMES};
}

int main(void) {
  jitdebug_registration *registration;
  const void *shown;
  size_t size;
  char *code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
                    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  CHECK(code != MAP_FAILED, "mmap");
  describe(code, generate(code));
  CHECK(jitdebug_register(&image, sizeof image, 0, &registration) == 0, "%s",
        jitdebug_last_error());
  ((void (*)(void))code)();
  CHECK(jitdebug_registration_image(registration, 0, &shown, &size) == 0, "%s",
        jitdebug_last_error());
  CHECK(size == sizeof image && memcmp(shown, &image, size) == 0,
        "it is not as it was registered");
  ((void (*)(void))code)();
  return jitdebug_unregister(registration);
}
