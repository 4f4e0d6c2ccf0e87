/* Arguments that no call may take, and memory that no call may touch. */
#define _GNU_SOURCE
#include <sys/mman.h>
#include <unistd.h>

#include "calls.h"

static struct image image;

static void null_arguments(void **state) {
  (void)state;
  const jitdebug_image images[] = {{&image, sizeof image}};
  FAILS(jitdebug_register(NULL, sizeof image, 0, &out.registration),
        JITDEBUG_E_ARGUMENT, "image", "NULL");
  FAILS(jitdebug_register(&image, sizeof image, 0, NULL), JITDEBUG_E_ARGUMENT,
        "registration", "NULL");
  FAILS(jitdebug_register(NULL, 0, 0, NULL), JITDEBUG_E_ARGUMENT, "NULL");
  FAILS(jitdebug_register_batch(NULL, 1, 0, &out.registration),
        JITDEBUG_E_ARGUMENT, "images", "NULL");
  FAILS(jitdebug_register_batch(images, 1, 0, NULL), JITDEBUG_E_ARGUMENT,
        "registration", "NULL");
  FAILS(jitdebug_register_batch(NULL, 0, 0, NULL), JITDEBUG_E_ARGUMENT, "NULL");

  SUCCEEDS(jitdebug_unregister(NULL));
  FAILS(jitdebug_registration_image(NULL, 0, &out.image, &out.size),
        JITDEBUG_E_ARGUMENT, "registration", "NULL");

  SUCCEEDS(jitdebug_register(&image, sizeof image, 0, &out.registration));
  jitdebug_registration *registration = out.registration;
  FAILS(jitdebug_registration_image(registration, 0, NULL, &out.size),
        JITDEBUG_E_ARGUMENT, "image", "NULL");
  FAILS(jitdebug_registration_image(registration, 0, &out.image, NULL),
        JITDEBUG_E_ARGUMENT, "size", "NULL");
  FAILS(jitdebug_registration_image(registration, 0, NULL, NULL),
        JITDEBUG_E_ARGUMENT, "NULL");
  SUCCEEDS(jitdebug_unregister(registration));
}

static void null_and_empty_in_batch(void **state) {
  (void)state;
  jitdebug_image images[5];
  for (int i = 0; i < 5; i++)
    images[i] = (jitdebug_image){&image, sizeof image};
  images[3].data = NULL;
  FAILS(jitdebug_register_batch(images, 5, 0, &out.registration),
        JITDEBUG_E_ARGUMENT, "image 3 of 5", "data is NULL");
  images[3] = (jitdebug_image){&image, 0};
  FAILS(jitdebug_register_batch(images, 5, 0, &out.registration),
        JITDEBUG_E_ARGUMENT, "image 3 of 5", "size is 0");
  struct image wrong = image;
  wrong.header.e_machine = EM_S390;
  images[3] = (jitdebug_image){&wrong, sizeof wrong};
  FAILS(jitdebug_register_batch(images, 5, 0, &out.registration),
        JITDEBUG_E_IMAGE, "image 3 of 5", "e_machine", "22");
}

static void empty(void **state) {
  (void)state;
  const jitdebug_image images[] = {{&image, sizeof image}};
  const uint32_t flags[] = {0, JITDEBUG_BORROW, JITDEBUG_NOWAIT,
                            JITDEBUG_OPAQUE};
  for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
    FAILS(jitdebug_register(&image, 0, flags[i], &out.registration),
          JITDEBUG_E_ARGUMENT, "size", "0");
    FAILS(jitdebug_register_batch(images, 0, flags[i], &out.registration),
          JITDEBUG_E_ARGUMENT, "count", "0");
  }
}

static void unknown_flags(void **state) {
  (void)state;
  const uint32_t known = JITDEBUG_BORROW | JITDEBUG_NOWAIT | JITDEBUG_OPAQUE;
  const jitdebug_image images[] = {{&image, sizeof image}};
  for (int bit = 3; bit < 32; bit++) {
    char value[16];
    snprintf(value, sizeof value, "0x%x", (unsigned)1 << bit);
    const uint32_t flag = (uint32_t)1 << bit;
    FAILS(jitdebug_register(&image, sizeof image, flag, &out.registration),
          JITDEBUG_E_ARGUMENT, "flag", value);
    FAILS(jitdebug_register(&image, sizeof image, known | flag,
                            &out.registration),
          JITDEBUG_E_ARGUMENT, "flag", value);
    FAILS(jitdebug_register_batch(images, 1, flag, &out.registration),
          JITDEBUG_E_ARGUMENT, "flag", value);
  }
  for (uint32_t flags = 0; flags <= known; flags++) {
    SUCCEEDS(jitdebug_register(&image, sizeof image, flags, &out.registration));
    unregister_output();
  }
}

static void absurd_count(void **state) {
  (void)state;
  const jitdebug_image images[] = {{&image, sizeof image}};
  /* Two of them overflow when multiplied by the size of an element. */
  const size_t counts[] = {SIZE_MAX, SIZE_MAX / sizeof *images,
                           SIZE_MAX / sizeof *images + 1,
                           SIZE_MAX / sizeof *images + 2, (size_t)1 << 40};
  for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
    char value[32];
    snprintf(value, sizeof value, "%zu", counts[i]);
    FAILS(jitdebug_register_batch(images, counts[i], 0, &out.registration),
          JITDEBUG_E_ARGUMENT, "count", value);
  }
}

static void index_past_end(void **state) {
  (void)state;
  const jitdebug_image images[] = {{&image, sizeof image},
                                   {&image, sizeof image}};
  SUCCEEDS(jitdebug_register_batch(images, 2, 0, &out.registration));
  jitdebug_registration *registration = out.registration;
  const size_t indices[] = {2, 3, (size_t)1 << 32, (size_t)1 << 63, SIZE_MAX};
  for (size_t i = 0; i < sizeof indices / sizeof *indices; i++) {
    char value[32];
    snprintf(value, sizeof value, "%zu", indices[i]);
    FAILS(jitdebug_registration_image(registration, indices[i], &out.image,
                                      &out.size),
          JITDEBUG_E_ARGUMENT, "index", value, "2 images");
  }
  SUCCEEDS(jitdebug_unregister(registration));
}

/* What a text says of memory whose first bytes alone can be read. */
static const char *part_of(size_t readable, size_t size) {
  static char text[64];
  snprintf(text, sizeof text, "read past its first %zu of %zu bytes", readable,
           size);
  return text;
}

/* Two pages, of which the second cannot be read. */
static char *half_readable(size_t page) {
  char *pages = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  assert_true(pages != MAP_FAILED);
  assert_int_equal(mprotect(pages + page, page, PROT_NONE), 0);
  return pages;
}

static void unreadable_image(void **state) {
  (void)state;
  const size_t page = (size_t)sysconf(_SC_PAGESIZE);
  char *pages = half_readable(page);
  char *gone = mmap(NULL, page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  assert_true(gone != MAP_FAILED);
  munmap(gone, page);
  void *const addresses[] = {pages + page,
                             pages + page + 123,
                             gone,
                             (void *)16,
                             (void *)(uintptr_t)0x0000900000000000,
                             (void *)(uintptr_t)0x8000000000000000,
                             (void *)(uintptr_t)0xffffffffff000000,
                             (void *)(UINTPTR_MAX - sizeof image / 2)};
  const uint32_t flags[] = {0, JITDEBUG_BORROW, JITDEBUG_OPAQUE,
                            JITDEBUG_OPAQUE | JITDEBUG_BORROW};
  for (size_t i = 0; i < sizeof addresses / sizeof *addresses; i++) {
    for (size_t f = 0; f < sizeof flags / sizeof *flags; f++) {
      const jitdebug_image images[] = {{&image, sizeof image},
                                       {addresses[i], sizeof image}};
      FAILS(jitdebug_register(addresses[i], sizeof image, flags[f],
                              &out.registration),
            JITDEBUG_E_IMAGE, part_of(0, sizeof image));
      FAILS(jitdebug_register_batch(images, 2, flags[f], &out.registration),
            JITDEBUG_E_IMAGE, "image 1 of 2", part_of(0, sizeof image));
    }
  }

  /* One that begins where it can be read: what is there is a whole header. */
  char *split = pages + page - 100;
  memcpy(split, &image, 100);
  for (size_t f = 0; f < sizeof flags / sizeof *flags; f++)
    FAILS(jitdebug_register(split, sizeof image, flags[f], &out.registration),
          JITDEBUG_E_IMAGE, part_of(100, sizeof image));
  munmap(pages, 2 * page);
}

static void unreadable_array(void **state) {
  (void)state;
  const size_t page = (size_t)sysconf(_SC_PAGESIZE);
  char *pages = half_readable(page);
  jitdebug_image *images = (jitdebug_image *)(pages + page) - 3;
  for (int i = 0; i < 3; i++)
    images[i] = (jitdebug_image){&image, sizeof image};
  SUCCEEDS(jitdebug_register_batch(images, 3, 0, &out.registration));
  unregister_output();
  FAILS(jitdebug_register_batch(images, 4, 0, &out.registration),
        JITDEBUG_E_ARGUMENT, "images", "count", "4");
  const jitdebug_image *const arrays[] = {
      images + 3, (jitdebug_image *)16,
      (jitdebug_image *)(uintptr_t)0x0000900000000000,
      (jitdebug_image *)(UINTPTR_MAX - 15)};
  for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
    FAILS(jitdebug_register_batch(arrays[i], 2, 0, &out.registration),
          JITDEBUG_E_ARGUMENT, "images", "count", "2");
  munmap(pages, 2 * page);
}

static void lying_size(void **state) {
  (void)state;
  const size_t page = (size_t)sysconf(_SC_PAGESIZE);
  char *pages = half_readable(page);
  memcpy(pages, &image, sizeof image);
  const size_t sizes[] = {(size_t)1 << 32, (size_t)1 << 40, (size_t)1 << 63,
                          SIZE_MAX - 1, SIZE_MAX};
  const uint32_t flags[] = {0, JITDEBUG_BORROW, JITDEBUG_OPAQUE,
                            JITDEBUG_OPAQUE | JITDEBUG_BORROW};
  for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
    for (size_t f = 0; f < sizeof flags / sizeof *flags; f++) {
      const jitdebug_image images[] = {{&image, sizeof image},
                                       {pages, sizes[i]}};
      FAILS(jitdebug_register(pages, sizes[i], flags[f], &out.registration),
            JITDEBUG_E_IMAGE, part_of(page, sizes[i]));
      FAILS(jitdebug_register_batch(images, 2, flags[f], &out.registration),
            JITDEBUG_E_IMAGE, "image 1 of 2", part_of(page, sizes[i]));
    }
  }
  munmap(pages, 2 * page);
}

int main(void) {
  image_make(&image, 1);
  const struct CMUnitTest cases[] = {CASE(null_arguments),
                                     CASE(null_and_empty_in_batch),
                                     CASE(empty),
                                     CASE(unknown_flags),
                                     CASE(absurd_count),
                                     CASE(index_past_end),
                                     CASE(unreadable_image),
                                     CASE(unreadable_array),
                                     CASE(lying_size)};
  return cmocka_run_group_tests(cases, NULL, NULL);
}
