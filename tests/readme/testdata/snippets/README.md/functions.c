#include <jitdebug.h>

#include "file.h"

static const unsigned char code[16] = {0x55, 0x48, 0x89, 0xe5, 0x90};

int main(void) {
  const size_t code_size = sizeof code;
  jitdebug_registration *registration = NULL;
  /* BLOCK */
  MUST(registration != NULL);
  MUST(jitdebug_unregister(registration) == JITDEBUG_OK);
  return 0;
}
