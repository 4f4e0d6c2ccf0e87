#include <jitdebug_dl.h>
#include <stdarg.h>

#include "file.h"

static void log_debug(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  vfprintf(stderr, format, arguments);
  va_end(arguments);
}

int main(void) {
  size_t size;
  void *elf = file_read(&size);
  jitdebug_registration *registration = NULL;
  /* BLOCK */
  MUST(registration != NULL);
  MUST(jitdebug_dl_unregister(registration) == JITDEBUG_OK);
  return 0;
}
