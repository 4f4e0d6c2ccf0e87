/* Runs two pieces of generated code: theirs, registered with a runtime's own
 * pair where there is one (-DTHEIRS), and ours, registered with the library.
 * Prints what jitdebug_notice says. */
#define _GNU_SOURCE
#include <elf.h>
#include <string.h>
#include <sys/mman.h>

#include "../../host/testdata/file.h"
#include "jitdebug.h"
#include "pair.h"

struct code {
  void *image;
  size_t size;
  int (*run)(int);
};

/* Loads a linked program's segments where it was linked to be. */
static struct code load(const char *path) {
  struct code code;
  code.image = file_read(path, &code.size);
  const Elf64_Ehdr *header = code.image;
  const Elf64_Phdr *segment =
      (const void *)((const char *)code.image + header->e_phoff);
  for (int i = 0; i < header->e_phnum; i++, segment++) {
    if (segment->p_type != PT_LOAD) continue;
    uintptr_t page = segment->p_vaddr & ~UINT64_C(4095);
    size_t size = segment->p_vaddr - page + segment->p_memsz;
    CHECK(mmap((void *)page, size, PROT_READ | PROT_WRITE | PROT_EXEC,
               MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1,
               0) == (void *)page,
          "%s at %#lx", path, page);
    memcpy((void *)segment->p_vaddr, (char *)code.image + segment->p_offset,
           segment->p_filesz);
  }
  code.run = (int (*)(int))header->e_entry;
  return code;
}

int main(int argc, char **argv) {
  CHECK(argc == 3, "usage: host OURS THEIRS");
  struct code ours = load(argv[1]), theirs = load(argv[2]);
  jitdebug_registration *registration;
#ifdef THEIRS
  pair_register(theirs.image, theirs.size);
#endif
  CHECK(
      jitdebug_register(ours.image, ours.size, 0, &registration) == JITDEBUG_OK,
      "%s", jitdebug_last_error());
  printf("notice: %s\n", jitdebug_notice());
  fflush(stdout);
  CHECK(ours.run(1) + theirs.run(2) == 8, "wrong code");
  return jitdebug_unregister(registration) != JITDEBUG_OK;
}
