/* What jitdebug_register_object takes and what it refuses.
 *
 * usage: objects FILE   (object.c, with several sections called .text) */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "calls.h"
#include "file.h"

static char *object, *pristine;
static size_t size;
static uint32_t texts[8]; /* indexes of the sections called .text */
static uint32_t text_count;

static Elf64_Ehdr *header(void) { return (Elf64_Ehdr *)object; }
static Elf64_Shdr *sections(void) {
  return (Elf64_Shdr *)(object + header()->e_shoff);
}
static const char *name_of(const Elf64_Shdr *s) {
  return object + sections()[header()->e_shstrndx].sh_offset + s->sh_name;
}

static uint32_t find(const char *name) {
  for (uint32_t i = 1; i < header()->e_shnum; i++)
    if (!strcmp(name_of(&sections()[i]), name)) return i;
  fail_msg("no section %s", name);
  return 0;
}

static jitdebug_section by_index(uint32_t index, uintptr_t address) {
  return (jitdebug_section){sizeof(jitdebug_section), index, NULL,
                            (const void *)address};
}

static jitdebug_section by_name(const char *name, uintptr_t address) {
  return (jitdebug_section){sizeof(jitdebug_section), 0, name,
                            (const void *)address};
}

#define REGISTER(sections, count, flags)                               \
  jitdebug_register_object(object, size, (sections), (count), (flags), \
                           &out.registration)

/* One place, given in the macro's words, is refused. */
#define REFUSED(place, ...)                                            \
  do {                                                                 \
    const jitdebug_section refused = place;                            \
    FAILS(REGISTER(&refused, 1, 0), JITDEBUG_E_ARGUMENT, __VA_ARGS__); \
  } while (0)

static void accepted(void **state) {
  (void)state;
  const uint32_t flags[] = {0, JITDEBUG_NOWAIT};
  const jitdebug_section places[] = {
      by_index(texts[1], 0x10000000), by_name(".data", 0x10001000),
      /* Of no use, and no harm. */
      by_name(".debug_info", 0x10002000), by_name(".symtab", 0x10003000)};
  for (size_t i = 0; i < 2; i++) {
    SUCCEEDS(REGISTER(places, 4, flags[i]));
    jitdebug_registration *registration = out.registration;
    memset(object, 0xee, size);
    SUCCEEDS(
        jitdebug_registration_image(registration, 0, &out.image, &out.size));
    assert_memory_equal(out.image, "\177ELF", 4);
    assert_int_equal(settled_length(), 1);
    memcpy(object, pristine, size);
    SUCCEEDS(jitdebug_unregister(registration));
  }
  jitdebug_section both = by_index(texts[1], 0x10000000);
  both.name = ".text";
  SUCCEEDS(REGISTER(&both, 1, 0));
  unregister_output();
}

static void arguments(void **state) {
  (void)state;
  const jitdebug_section place = by_index(texts[1], 0x10000000);
  FAILS(jitdebug_register_object(NULL, size, &place, 1, 0, &out.registration),
        JITDEBUG_E_ARGUMENT, "object is NULL");
  FAILS(jitdebug_register_object(object, 0, &place, 1, 0, &out.registration),
        JITDEBUG_E_ARGUMENT, "size is 0");
  FAILS(REGISTER(NULL, 1, 0), JITDEBUG_E_ARGUMENT, "sections is NULL");
  FAILS(REGISTER(&place, 0, 0), JITDEBUG_E_ARGUMENT, "count is 0");
  FAILS(jitdebug_register_object(object, size, &place, 1, 0, NULL),
        JITDEBUG_E_ARGUMENT, "registration is NULL");
  FAILS(REGISTER(&place, 1, JITDEBUG_BORROW), JITDEBUG_E_ARGUMENT, "flags",
        "JITDEBUG_BORROW");
  FAILS(REGISTER(&place, 1, JITDEBUG_OPAQUE), JITDEBUG_E_ARGUMENT, "flags",
        "JITDEBUG_OPAQUE");
  FAILS(REGISTER(&place, 1, 1u << 20), JITDEBUG_E_ARGUMENT, "unknown flag",
        "0x100000");
  FAILS(REGISTER(&place, SIZE_MAX / 2, 0), JITDEBUG_E_ARGUMENT, "count");
  FAILS(REGISTER((void *)4096, 1, 0), JITDEBUG_E_ARGUMENT, "sections");
}

static void struct_sizes(void **state) {
  (void)state;
  jitdebug_section places[2] = {by_index(texts[1], 0x10000000),
                                by_name(".data", 0x10001000)};
  const uint32_t wrong[] = {0, 1, sizeof *places - 8, sizeof *places + 4,
                            1u << 30};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    places[0].struct_size = wrong[i];
    FAILS(REGISTER(places, 2, 0), JITDEBUG_E_ARGUMENT, "sections[0]",
          "struct_size");
  }
  places[0].struct_size = sizeof *places;
  places[1].struct_size = sizeof *places + 8;
  FAILS(REGISTER(places, 2, 0), JITDEBUG_E_ARGUMENT, "sections[1]",
        "struct_size is 32");

  /* A later version's. */
  struct {
    jitdebug_section known;
    uint64_t more;
  } later[2] = {{by_index(texts[1], 0x10000000), 0},
                {by_name(".data", 0x10001000), 0}};
  later[0].known.struct_size = later[1].known.struct_size = sizeof *later;
  SUCCEEDS(REGISTER(&later[0].known, 2, 0));
  unregister_output();
  later[1].more = 1;
  FAILS(REGISTER(&later[0].known, 2, 0), JITDEBUG_E_ARGUMENT, "sections[1]",
        "does not know");
}

static void places(void **state) {
  (void)state;
  REFUSED(by_name(".nowhere", 0x1000), "sections[0] (.nowhere)", "no section");
  REFUSED(by_index(header()->e_shnum, 0x1000), "sections[0]", "index");
  REFUSED(by_index(UINT32_MAX, 0x1000), "sections[0]", "4294967295");
  REFUSED(by_index(0, 0x1000), "sections[0]", "index is 0 and name is NULL");
  REFUSED(by_index(texts[1], 0), "sections[0]", "address is NULL");
  REFUSED(by_index(texts[1], UINTPTR_MAX - 2), "sections[0]", "address");
  char indexes[64];
  snprintf(indexes, sizeof indexes, "%u %u %u", texts[0], texts[1], texts[2]);
  REFUSED(by_name(".text", 0x1000), "sections[0] (.text)",
          "3 sections of this name", indexes);
  jitdebug_section other = by_index(texts[1], 0x1000);
  other.name = ".data";
  REFUSED(other, "sections[0] (.data)", ".text");
  REFUSED(by_name((const char *)8, 0x1000), "sections[0]", "name");

  jitdebug_section two[] = {by_index(texts[1], 0x1000),
                            by_index(texts[1], 0x2000)};
  FAILS(REGISTER(two, 2, 0), JITDEBUG_E_ARGUMENT, "sections[1]",
        "sections[0] already");
  two[1] = by_index(texts[2], 0x1001);
  FAILS(REGISTER(two, 2, 0), JITDEBUG_E_ARGUMENT, "sections[1]", "overlaps");
  /* At the end of the other there is room. */
  two[1].address = (void *)(0x1000 + sections()[texts[1]].sh_size);
  SUCCEEDS(REGISTER(two, 2, 0));
  unregister_output();
  /* Nothing has no place. */
  two[1] = by_index(texts[0], 0);
  assert_int_equal(sections()[texts[0]].sh_size, 0);
  SUCCEEDS(REGISTER(two, 2, 0));
  unregister_output();
  /* But code there is, and this is not where. */
  two[1].address = (void *)0x1000;
  FAILS(REGISTER(&two[1], 1, 0), JITDEBUG_E_ARGUMENT, "sections", "empty",
        "(.text)");
}

static void not_objects(void **state) {
  (void)state;
  const jitdebug_section place = by_index(texts[1], 0x10000000);
  header()->e_type = ET_DYN;
  FAILS(REGISTER(&place, 1, 0), JITDEBUG_E_IMAGE, "e_type",
        "jitdebug_register");
  memcpy(object, pristine, size);
  header()->e_machine = EM_AARCH64;
  FAILS(REGISTER(&place, 1, 0), JITDEBUG_E_IMAGE, "e_machine", "183");
  memcpy(object, pristine, size);
  memset(object, 0, 4);
  FAILS(REGISTER(&place, 1, 0), JITDEBUG_E_IMAGE, "e_ident");
  memcpy(object, pristine, size);
  for (size_t cut = 1; cut < size; cut += 1 + size / 100) {
    char *part = malloc(cut);
    memcpy(part, object, cut);
    FAILS(jitdebug_register_object(part, cut, &place, 1, 0, &out.registration),
          JITDEBUG_E_IMAGE, "object");
    free(part);
  }
  /* The second page cannot be read. */
  const size_t page = (size_t)sysconf(_SC_PAGESIZE);
  char *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  munmap(pages + page, page);
  FAILS(jitdebug_register_object(pages + page - 100, size, &place, 1, 0,
                                 &out.registration),
        JITDEBUG_E_IMAGE, "object", "100");
  munmap(pages, page);
}

static void relocations(void **state) {
  (void)state;
  const jitdebug_section place = by_index(texts[1], 0x10000000);
  const Elf64_Shdr *table = &sections()[find(".rela.debug_info")];
  Elf64_Rela *first = (Elf64_Rela *)(object + table->sh_offset);
  first->r_info = ELF64_R_INFO(ELF64_R_SYM(first->r_info), R_X86_64_GOTPCREL);
  FAILS(REGISTER(&place, 1, 0), JITDEBUG_E_UNSUPPORTED, "R_X86_64_GOTPCREL",
        ".rela.debug_info", "relocation 0", ".debug_info");
  first->r_info = ELF64_R_INFO(ELF64_R_SYM(first->r_info), 4000);
  FAILS(REGISTER(&place, 1, 0), JITDEBUG_E_UNSUPPORTED, "4000");
  memcpy(object, pristine, size);
  first->r_offset = UINT64_MAX - 1;
  FAILS(REGISTER(&place, 1, 0), JITDEBUG_E_IMAGE, "relocation 0");
  memcpy(object, pristine, size);
  first->r_info |= (uint64_t)UINT32_MAX << 32;
  FAILS(REGISTER(&place, 1, 0), JITDEBUG_E_IMAGE, "relocation 0", "symbol");
  memcpy(object, pristine, size);
}

int main(int argc, char **argv) {
  CHECK(argc == 2, "usage: objects FILE");
  object = file_read(argv[1], &size);
  pristine = file_read(argv[1], &size);
  for (uint32_t i = 1; i < header()->e_shnum; i++)
    if (!strcmp(name_of(&sections()[i]), ".text")) texts[text_count++] = i;
  CHECK(text_count == 3, "%u sections called .text", text_count);
  const struct CMUnitTest cases[] = {CASE(accepted),     CASE(arguments),
                                     CASE(struct_sizes), CASE(places),
                                     CASE(not_objects),  CASE(relocations)};
  return cmocka_run_group_tests(cases, NULL, NULL);
}
