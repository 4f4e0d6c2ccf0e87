#include <jitdebug.h>

#include "file.h"

static const unsigned char code[16] = {0};

int main(void) {
  size_t size;
  void *object = file_read(&size);
  jitdebug_registration *registration = NULL;
  /* BLOCK */
  MUST(registration != NULL);
  MUST(jitdebug_unregister(registration) == JITDEBUG_OK);
  return 0;
}
