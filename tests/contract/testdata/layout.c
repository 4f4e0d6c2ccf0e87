/* The values and layouts that the ABI promises: this compiles, or one changed.
 */
#include <jitdebug.h>

#define EQUAL(constant, value) \
  _Static_assert((constant) == (value), #constant " is not " #value)

EQUAL(JITDEBUG_BORROW, 1);
EQUAL(JITDEBUG_NOWAIT, 2);
EQUAL(JITDEBUG_OPAQUE, 4);

EQUAL(JITDEBUG_OK, 0);
EQUAL(JITDEBUG_E_ARGUMENT, -1);
EQUAL(JITDEBUG_E_HANDLE, -2);
EQUAL(JITDEBUG_E_STALE, -3);
EQUAL(JITDEBUG_E_IMAGE, -4);
EQUAL(JITDEBUG_E_MEMORY, -5);
EQUAL(JITDEBUG_E_BUSY, -6);
EQUAL(JITDEBUG_E_FORKED, -7);
EQUAL(JITDEBUG_E_DUPLICATE, -8);
EQUAL(JITDEBUG_E_UNSUPPORTED, -9);
EQUAL(JITDEBUG_E_INTERNAL, -10);

EQUAL(JITDEBUG_UNWIND_NONE, 0);
EQUAL(JITDEBUG_UNWIND_FRAME_POINTER, 1);
EQUAL(JITDEBUG_UNWIND_CFI, 2);

EQUAL(sizeof(jitdebug_line), 16);
EQUAL(offsetof(jitdebug_line, line), 8);
EQUAL(offsetof(jitdebug_line, column), 12);
EQUAL(sizeof(jitdebug_function), 8 + 8 * sizeof(void *));
EQUAL(offsetof(jitdebug_function, unwind), 4);
EQUAL(offsetof(jitdebug_function, name), 8);
EQUAL(offsetof(jitdebug_function, address), 16);
EQUAL(offsetof(jitdebug_function, size), 24);
EQUAL(offsetof(jitdebug_function, file), 32);
EQUAL(offsetof(jitdebug_function, lines), 40);
EQUAL(offsetof(jitdebug_function, line_count), 48);
EQUAL(offsetof(jitdebug_function, cfi), 56);
EQUAL(offsetof(jitdebug_function, cfi_size), 64);

EQUAL(sizeof(jitdebug_image), 2 * sizeof(void *));
EQUAL(offsetof(jitdebug_image, data), 0);
EQUAL(offsetof(jitdebug_image, size), sizeof(void *));
EQUAL(sizeof(((jitdebug_image *)0)->size), sizeof(size_t));

EQUAL(sizeof(jitdebug_section), 8 + 2 * sizeof(void *));
EQUAL(offsetof(jitdebug_section, struct_size), 0);
EQUAL(offsetof(jitdebug_section, index), 4);
EQUAL(offsetof(jitdebug_section, name), 8);
EQUAL(offsetof(jitdebug_section, address), 8 + sizeof(void *));

/* The prototypes, word by word: another one would not be assignable. */
int32_t (*const registers)(const void *, size_t, uint32_t,
                           jitdebug_registration **) = jitdebug_register;
int32_t (*const registers_batch)(const jitdebug_image *, size_t, uint32_t,
                                 jitdebug_registration **) =
    jitdebug_register_batch;
int32_t (*const registers_object)(
    const void *, size_t, const jitdebug_section *, size_t, uint32_t,
    jitdebug_registration **) = jitdebug_register_object;
int32_t (*const registers_functions)(const jitdebug_function *, size_t,
                                     uint32_t, jitdebug_registration **) =
    jitdebug_register_functions;
int32_t (*const unregisters)(jitdebug_registration *) = jitdebug_unregister;
int32_t (*const tells_image)(const jitdebug_registration *, size_t,
                             const void **,
                             size_t *) = jitdebug_registration_image;
const char *(*const names_status)(int32_t) = jitdebug_status_string;
const char *(*const tells_error)(void) = jitdebug_last_error;
uint32_t (*const tells_version)(void) = jitdebug_version;

int main(void) { return 0; }
