#include "process.h"

#include <string.h>

#include "list.h"

_Static_assert(sizeof(struct image) == IMAGE_SIZE, "IMAGE_SIZE");

void make_image(void *bytes, uint64_t serial) { image_make(bytes, serial); }

/* Not list_length: the library writes images of its own, too. */
long images_listed(void) {
  long length = 0;
  for (const struct code_entry *entry =
           list_descriptor(dlopen(NULL, RTLD_NOW))->first;
       entry; entry = entry->next, length++)
    if (length == 100 || memcmp(entry->symfile, "\177ELF", 4) != 0) return -1;
  return length;
}
