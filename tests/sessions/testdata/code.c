#define _GNU_SOURCE
#include "code.h"

#include <elf.h>
#include <err.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { PAGE = 4096 };

static uintptr_t round_up(uintptr_t value, uintptr_t alignment) {
  return (value + alignment - 1) & -alignment;
}

static char *map(uintptr_t address, size_t size) {
  char *memory = mmap((void *)address, size, PROT_READ | PROT_WRITE | PROT_EXEC,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
  return memory == MAP_FAILED ? NULL : memory;
}

/* The lowest free address of a range of its own: code that is released is the
 * next code's place. */
static char *map_free(size_t size) {
  for (uintptr_t at = 0x20000000; at < 0x30000000; at += PAGE) {
    char *memory = map(at, size);
    if (memory) return memory;
  }
  errx(1, "no room for code");
}

static void load_segments(struct code *code, const Elf64_Ehdr *header) {
  const Elf64_Phdr *segments = (void *)(code->image + header->e_phoff);
  uintptr_t start = UINTPTR_MAX, end = 0;
  for (int i = 0; i < header->e_phnum; i++) {
    const Elf64_Phdr *segment = &segments[i];
    if (segment->p_type != PT_LOAD) continue;
    if (segment->p_vaddr < start) start = segment->p_vaddr & -PAGE;
    if (segment->p_vaddr + segment->p_memsz > end)
      end = segment->p_vaddr + segment->p_memsz;
  }
  code->length = round_up(end - start, PAGE);
  code->memory = map(start, code->length);
  if (!code->memory) err(1, "mmap at 0x%lx", start);
  for (int i = 0; i < header->e_phnum; i++)
    if (segments[i].p_type == PT_LOAD)
      memcpy((void *)segments[i].p_vaddr, code->image + segments[i].p_offset,
             segments[i].p_filesz);
  code->function = (int (*)(int))header->e_entry;
}

static void relocate(char *image, const Elf64_Shdr *sections,
                     const Elf64_Shdr *relocations) {
  const Elf64_Shdr *target = &sections[relocations->sh_info];
  const Elf64_Sym *symbols =
      (void *)(image + sections[relocations->sh_link].sh_offset);
  const Elf64_Rela *entry = (void *)(image + relocations->sh_offset);
  for (size_t n = relocations->sh_size / sizeof *entry; n; n--, entry++) {
    const Elf64_Sym *symbol = &symbols[ELF64_R_SYM(entry->r_info)];
    uint64_t place = target->sh_addr + entry->r_offset;
    uint64_t value = sections[symbol->st_shndx].sh_addr + symbol->st_value +
                     (uint64_t)entry->r_addend;
    switch (ELF64_R_TYPE(entry->r_info)) {
      case R_X86_64_64:
        memcpy((void *)place, &value, 8);
        break;
      case R_X86_64_PC32:
      case R_X86_64_PLT32:
        value -= place;
        /* fall through */
      case R_X86_64_32:
      case R_X86_64_32S:
        memcpy((void *)place, &value, 4);
        break;
      default:
        errx(1, "relocation type %lu", ELF64_R_TYPE(entry->r_info));
    }
  }
}

static void load_sections(struct code *code, const Elf64_Ehdr *header) {
  Elf64_Shdr *sections = (void *)(code->image + header->e_shoff);
  Elf64_Shdr *end = sections + header->e_shnum;
  for (Elf64_Shdr *s = sections; s < end; s++)
    if (s->sh_flags & SHF_ALLOC)
      code->length = round_up(code->length, s->sh_addralign) + s->sh_size;
  code->memory = map_free(code->length);
  uintptr_t at = (uintptr_t)code->memory;
  for (Elf64_Shdr *s = sections; s < end; s++) {
    if (!(s->sh_flags & SHF_ALLOC)) continue;
    s->sh_addr = at = round_up(at, s->sh_addralign);
    if (s->sh_type != SHT_NOBITS)
      memcpy((void *)at, code->image + s->sh_offset, s->sh_size);
    at += s->sh_size;
  }
  for (Elf64_Shdr *s = sections; s < end; s++) {
    if (s->sh_type == SHT_RELA && sections[s->sh_info].sh_flags & SHF_ALLOC)
      relocate(code->image, sections, s);
    if (s->sh_type != SHT_SYMTAB) continue;
    const Elf64_Sym *symbol = (void *)(code->image + s->sh_offset);
    for (size_t n = s->sh_size / sizeof *symbol; n; n--, symbol++)
      if (symbol->st_info == ELF64_ST_INFO(STB_GLOBAL, STT_FUNC))
        code->function = (int (*)(int))(sections[symbol->st_shndx].sh_addr +
                                        symbol->st_value);
  }
}

struct code code_load(const char *path) {
  struct code code = {0};
  FILE *file = fopen(path, "rb");
  if (!file || fseek(file, 0, SEEK_END) != 0) err(1, "%s", path);
  code.size = (size_t)ftell(file);
  rewind(file);
  code.image = malloc(code.size);
  if (!code.image || fread(code.image, 1, code.size, file) != code.size)
    err(1, "%s", path);
  fclose(file);
  const Elf64_Ehdr *header = (void *)code.image;
  if (header->e_type == ET_REL)
    load_sections(&code, header);
  else
    load_segments(&code, header);
  return code;
}

struct code code_with_symbol(const char *name, int traps) {
  /* push %rbp; mov %rsp,%rbp; mov %edi,%eax or ud2; pop %rbp; ret */
  unsigned char instructions[] = {0x55, 0x48, 0x89, 0xe5,
                                  0x89, 0xf8, 0x5d, 0xc3};
  if (traps) memcpy(instructions + 4, "\x0f\x0b", 2);
  enum { TEXT = 1, SYMBOLS, STRINGS, SECTIONS };
  struct minimal {
    Elf64_Ehdr header;
    Elf64_Shdr sections[SECTIONS];
    Elf64_Sym symbols[2];
    char strings[];
  };
  struct code code = {.length = PAGE};
  code.memory = map_free(code.length);
  memcpy(code.memory, instructions, sizeof instructions);
  code.function = (int (*)(int))code.memory;

  size_t strings = strlen(name) + 2;
  code.size = sizeof(struct minimal) + strings;
  struct minimal *m = calloc(1, code.size);
  if (!m) err(1, "calloc");
  code.image = (char *)m;
  m->header = (Elf64_Ehdr){
      .e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
      .e_type = ET_REL,
      .e_machine = EM_X86_64,
      .e_version = EV_CURRENT,
      .e_shoff = offsetof(struct minimal, sections),
      .e_ehsize = sizeof(Elf64_Ehdr),
      .e_shentsize = sizeof(Elf64_Shdr),
      .e_shnum = SECTIONS,
      .e_shstrndx = STRINGS};
  m->sections[TEXT] = (Elf64_Shdr){.sh_type = SHT_NOBITS,
                                   .sh_flags = SHF_ALLOC | SHF_EXECINSTR,
                                   .sh_addr = (uintptr_t)code.memory,
                                   .sh_size = sizeof instructions,
                                   .sh_addralign = 16};
  m->sections[SYMBOLS] =
      (Elf64_Shdr){.sh_type = SHT_SYMTAB,
                   .sh_offset = offsetof(struct minimal, symbols),
                   .sh_size = sizeof m->symbols,
                   .sh_link = STRINGS,
                   .sh_info = 1,
                   .sh_addralign = 8,
                   .sh_entsize = sizeof(Elf64_Sym)};
  m->sections[STRINGS] =
      (Elf64_Shdr){.sh_type = SHT_STRTAB,
                   .sh_offset = offsetof(struct minimal, strings),
                   .sh_size = strings,
                   .sh_addralign = 1};
  m->symbols[1] = (Elf64_Sym){.st_name = 1,
                              .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC),
                              .st_shndx = TEXT,
                              .st_size = sizeof instructions};
  strcpy(m->strings + 1, name);
  return code;
}

void code_release(struct code *code) {
  munmap(code->memory, code->length);
  free(code->image);
}
