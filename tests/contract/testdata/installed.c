/* Says which version it was built with, and which it runs with. */
#include <jitdebug.h>
#include <stdio.h>

int main(void) {
  const uint32_t version = jitdebug_version();
  printf("header %d.%d.%d\n", JITDEBUG_VERSION_MAJOR, JITDEBUG_VERSION_MINOR,
         JITDEBUG_VERSION_PATCH);
  printf("library %u.%u.%u\n", (unsigned)(version >> 16),
         (unsigned)(version >> 8 & 255), (unsigned)(version & 255));
  return jitdebug_unregister(NULL);
}
