/* A small image that a debugger reads, and that says which one it is: one
 * function, named after its serial number, which also ends the image. */
#ifndef IMAGE_H
#define IMAGE_H

#include <elf.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct image {
  Elf64_Ehdr header;
  Elf64_Shdr sections[4]; /* none, .text, symbols, names */
  Elf64_Sym symbols[2];
  char names[24]; /* both the sections' (none has one) and the symbols' */
  uint64_t serial, end;
};

#if defined(__x86_64__)
enum { IMAGE_MACHINE = EM_X86_64 };
#elif defined(__aarch64__)
enum { IMAGE_MACHINE = EM_AARCH64 };
#endif

/* The functions lie side by side, 16 bytes each, where nothing is mapped. */
#define IMAGE_CODE UINT64_C(0x200000000000)

static inline void image_make(struct image *image, uint64_t serial) {
  uint64_t code = IMAGE_CODE + serial % (UINT64_C(1) << 32) * 16;
  memset(image, 0, sizeof *image);
  memcpy(image->header.e_ident,
         (char[]){ELFMAG0, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
         7);
  image->header.e_type = ET_REL;
  image->header.e_machine = IMAGE_MACHINE;
  image->header.e_version = EV_CURRENT;
  image->header.e_shoff = offsetof(struct image, sections);
  image->header.e_ehsize = sizeof image->header;
  image->header.e_shentsize = sizeof image->sections[0];
  image->header.e_shnum = 4;
  image->header.e_shstrndx = 3;
  image->sections[1] = (Elf64_Shdr){.sh_type = SHT_NOBITS,
                                    .sh_flags = SHF_ALLOC | SHF_EXECINSTR,
                                    .sh_addr = code,
                                    .sh_size = 16,
                                    .sh_addralign = 16};
  image->sections[2] =
      (Elf64_Shdr){.sh_type = SHT_SYMTAB,
                   .sh_offset = offsetof(struct image, symbols),
                   .sh_size = sizeof image->symbols,
                   .sh_link = 3,
                   .sh_info = 1,
                   .sh_addralign = 8,
                   .sh_entsize = sizeof image->symbols[0]};
  image->sections[3] = (Elf64_Shdr){.sh_type = SHT_STRTAB,
                                    .sh_offset = offsetof(struct image, names),
                                    .sh_size = sizeof image->names,
                                    .sh_addralign = 1};
  image->symbols[1] =
      (Elf64_Sym){.st_name = 1,
                  .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC),
                  .st_shndx = 1,
                  .st_size = 16};
  snprintf(image->names + 1, sizeof image->names - 1, "f%llu",
           (unsigned long long)serial);
  image->serial = serial;
  image->end = ~serial;
}

/* Says whether the bytes are a whole image. */
static inline int image_whole(const struct image *image, uint64_t size) {
  struct image expected;
  if (size != sizeof *image) return 0;
  image_make(&expected, image->serial);
  return memcmp(image, &expected, sizeof expected) == 0;
}

#endif
