#include <jitdebug.h>

#include "file.h"

int main(void) {
  size_t size;
  void *elf = file_read(&size);
  jitdebug_registration *registration = NULL;
  /* BLOCK */
  MUST(registration != NULL);
  MUST(jitdebug_unregister(registration) == JITDEBUG_OK);
  return 0;
}
