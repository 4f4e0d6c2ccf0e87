#define _GNU_SOURCE
#include "loader.h"

#include <dlfcn.h>
#include <elf.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>

#include "check.h"

enum { PAGE = 4096, ROOM = 64 << 20 };

/* The object that is being loaded. */
static struct {
  char *bytes;
  Elf64_Shdr *sections;
  int count;
  const Elf64_Sym *symbols;
  const char *names; /* of the symbols */
  char *memory, *free;
} o;

static uint64_t random_below(uint64_t limit) {
  uint64_t value;
  CHECK(getrandom(&value, sizeof value, 0) == sizeof value, "getrandom");
  return value % limit;
}

static char *read_file(const char *path, size_t *size) {
  FILE *file = fopen(path, "rb");
  CHECK(file && fseek(file, 0, SEEK_END) == 0, "%s", path);
  *size = (size_t)ftell(file);
  rewind(file);
  char *bytes = malloc(*size);
  CHECK(bytes && fread(bytes, 1, *size, file) == *size, "%s", path);
  fclose(file);
  return bytes;
}

static char *map_anywhere(void) {
  for (;;) {
    void *at = (void *)(random_below(0x7f0000000000 / PAGE) * PAGE);
    char *memory =
        mmap(at, ROOM, PROT_READ | PROT_WRITE | PROT_EXEC,
             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE,
             -1, 0);
    if (memory != MAP_FAILED) return memory;
  }
}

static char *take(size_t size, size_t alignment) {
  uintptr_t at = (uintptr_t)o.free;
  if (alignment > 1) at = (at + alignment - 1) & -alignment;
  o.free = (char *)at + size;
  CHECK(o.free < o.memory + ROOM, "no room for code");
  return (char *)at;
}

/* Until they are registered, addresses are in the headers' sh_addr. */
static void place_sections(void) {
  o.memory = o.free = map_anywhere();
  for (int i = 1; i < o.count; i++) {
    Elf64_Shdr *s = &o.sections[i];
    if (!(s->sh_flags & SHF_ALLOC)) continue;
    o.free += random_below(16 * PAGE);
    char *at = take(s->sh_size, s->sh_addralign);
    if (s->sh_type != SHT_NOBITS)
      memcpy(at, o.bytes + s->sh_offset, s->sh_size);
    s->sh_addr = (uintptr_t)at;
    o.free += 8; /* a zero ends .eh_frame */
  }
}

static uint64_t address_of(const Elf64_Sym *symbol) {
  if (symbol->st_shndx == SHN_ABS) return symbol->st_value;
  if (symbol->st_shndx != SHN_UNDEF)
    return o.sections[symbol->st_shndx].sh_addr + symbol->st_value;
  const char *name = o.names + symbol->st_name;
  if (!*name) return 0;
  void *found = dlsym(RTLD_DEFAULT, name);
  CHECK(found || ELF64_ST_BIND(symbol->st_info) == STB_WEAK, "%s", name);
  return (uintptr_t)found;
}

/* jmp *slot, and the slot, which also serves as one of a GOT. */
struct stub {
  unsigned char jump[8];
  uint64_t slot;
};

static struct stub *stub_for(uint64_t address) {
  struct stub *stub = (struct stub *)take(sizeof *stub, 16);
  *stub = (struct stub){{0xff, 0x25, 2, 0, 0, 0, 0xcc, 0xcc}, address};
  return stub;
}

static void relocate(const Elf64_Shdr *relocations) {
  const Elf64_Shdr *target = &o.sections[relocations->sh_info];
  const Elf64_Rela *r = (void *)(o.bytes + relocations->sh_offset);
  for (size_t n = relocations->sh_size / sizeof *r; n; n--, r++) {
    char *place = (char *)target->sh_addr + r->r_offset;
    uint64_t value = address_of(&o.symbols[ELF64_R_SYM(r->r_info)]);
    uint64_t here = (uintptr_t)place - (uint64_t)r->r_addend;
    size_t width = 4;
    switch (ELF64_R_TYPE(r->r_info)) {
      case R_X86_64_64:
        value += (uint64_t)r->r_addend;
        width = 8;
        break;
      case R_X86_64_PC64:
        value -= here;
        width = 8;
        break;
      case R_X86_64_PLT32:
        if ((int64_t)(value - here) != (int32_t)(value - here))
          value = (uintptr_t)stub_for(value);
        value -= here;
        break;
      case R_X86_64_GOTPCREL:
      case R_X86_64_GOTPCRELX:
      case R_X86_64_REX_GOTPCRELX:
        value = (uintptr_t)&stub_for(value)->slot;
        value -= here;
        break;
      case R_X86_64_PC32:
        value -= here;
        break;
      default:
        CHECK(0, "relocation type %lu", ELF64_R_TYPE(r->r_info));
    }
    CHECK(width == 8 || (int64_t)value == (int32_t)value, "out of range");
    memcpy(place, &value, width);
  }
}

void __register_frame(void *);

static void use_sections(void) {
  for (int i = 1; i < o.count; i++) {
    const Elf64_Shdr *s = &o.sections[i];
    if (s->sh_type != SHT_SYMTAB) continue;
    o.symbols = (void *)(o.bytes + s->sh_offset);
    o.names = o.bytes + o.sections[s->sh_link].sh_offset;
  }
  const char *names =
      o.bytes + o.sections[((Elf64_Ehdr *)o.bytes)->e_shstrndx].sh_offset;
  for (int i = 1; i < o.count; i++) {
    const Elf64_Shdr *s = &o.sections[i];
    if (s->sh_type == SHT_RELA && o.sections[s->sh_info].sh_flags & SHF_ALLOC)
      relocate(s);
  }
  for (int i = 1; i < o.count; i++)
    if (!strcmp(names + o.sections[i].sh_name, ".eh_frame"))
      __register_frame((void *)o.sections[i].sh_addr);
}

static void tell(struct loaded *l, enum telling telling) {
  const char *names =
      o.bytes + o.sections[((Elf64_Ehdr *)o.bytes)->e_shstrndx].sh_offset;
  l->sections = calloc((size_t)o.count, sizeof *l->sections);
  for (int i = 1; i < o.count; i++) {
    Elf64_Shdr *s = &o.sections[i];
    jitdebug_section section = {.struct_size = sizeof section,
                                .address = (void *)s->sh_addr};
    if (telling == ALL_BY_INDEX)
      section.index = (uint32_t)i;
    else
      section.name = names + s->sh_name;
    if (s->sh_flags & SHF_ALLOC &&
        (telling == ALL_BY_INDEX || s->sh_flags & SHF_EXECINSTR))
      l->sections[l->count++] = section;
    s->sh_addr = 0; /* the object is as the compiler wrote it */
  }
}

static void *find_entry(const char *path) {
  const char *slash = strrchr(path, '/');
  const char *base = slash ? slash + 1 : path;
  size_t length = strcspn(base, ".");
  for (const Elf64_Sym *s = o.symbols + 1;; s++) {
    const char *name = o.names + s->st_name;
    if (strlen(name) == length && !memcmp(name, base, length) &&
        ELF64_ST_TYPE(s->st_info) == STT_FUNC)
      return (void *)address_of(s);
  }
}

struct loaded load_object(const char *path, enum telling telling) {
  struct loaded l = {0};
  l.object = o.bytes = read_file(path, &l.size);
  const Elf64_Ehdr *header = (void *)o.bytes;
  o.sections = (void *)(o.bytes + header->e_shoff);
  o.count = header->e_shnum;
  place_sections();
  use_sections();
  l.entry = find_entry(path);
  tell(&l, telling);
  return l;
}
