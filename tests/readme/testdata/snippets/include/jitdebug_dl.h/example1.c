#include <jitdebug_dl.h>

#include "file.h"

static void log_once(const char *text) { MUST(text == NULL); }

int main(void) {
  size_t size;
  void *elf = file_read(&size);
  jitdebug_registration *registration = NULL;
  /* BLOCK */
  MUST(registration != NULL);
  return 0;
}
