/* A plug-in that is linked with a copy of the library. */
#include "jitdebug.h"

uint32_t plugin_version(void);
uint32_t plugin_version(void) { return jitdebug_version(); }
