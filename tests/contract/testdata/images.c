/* What is registered, and what registration_image and a debugger see of it.
 *
 * usage: images FILE...   (images from a compiler) */
#include "calls.h"
#include "file.h"

static struct image image;
static jitdebug_image real[16];
static size_t real_count;

static const struct code_entry *entry_of(const void *symfile) {
  const struct code_entry *found = NULL;
  for (const struct code_entry *entry = list_descriptor(RTLD_DEFAULT)->first;
       entry; entry = entry->next) {
    if ((const void *)entry->symfile != symfile) continue;
    if (found) fail_msg("%p is on the list twice", symfile);
    found = entry;
  }
  return found;
}

/* The registration's image is the one expected, and on the list. */
static const void *check_image(jitdebug_registration *registration,
                               size_t index, const jitdebug_image *expected) {
  SUCCEEDS(
      jitdebug_registration_image(registration, index, &out.image, &out.size));
  assert_int_equal(out.size, expected->size);
  assert_memory_equal(out.image, expected->data, expected->size);
  const struct code_entry *entry = entry_of(out.image);
  assert_non_null(entry);
  assert_int_equal(entry->size, expected->size);
  return out.image;
}

static void copy(void **state) {
  (void)state;
  for (size_t i = 0; i < real_count; i++) {
    void *buffer = malloc(real[i].size);
    assert_non_null(buffer);
    memcpy(buffer, real[i].data, real[i].size);
    SUCCEEDS(jitdebug_register(buffer, real[i].size, 0, &out.registration));
    jitdebug_registration *registration = out.registration;
    /* The buffer is the caller's again. */
    memset(buffer, 0xff, real[i].size);
    assert_ptr_not_equal(check_image(registration, 0, &real[i]), buffer);
    free(buffer);
    check_image(registration, 0, &real[i]);
    SUCCEEDS(jitdebug_unregister(registration));
  }
}

static void borrow(void **state) {
  (void)state;
  for (size_t i = 0; i < real_count; i++) {
    SUCCEEDS(jitdebug_register(real[i].data, real[i].size, JITDEBUG_BORROW,
                               &out.registration));
    jitdebug_registration *registration = out.registration;
    assert_ptr_equal(check_image(registration, 0, &real[i]), real[i].data);
    SUCCEEDS(jitdebug_unregister(registration));
    assert_null(entry_of(real[i].data));
  }
}

/* Images of many sizes, so that copies that lie side by side would show. */
static void batch_keeps_order(void **state) {
  (void)state;
  enum { COUNT = 300 };
  static struct image small[COUNT];
  static jitdebug_image images[COUNT];
  const uint32_t flags[] = {0, JITDEBUG_BORROW};
  for (size_t f = 0; f < 2; f++) {
    for (size_t i = 0; i < COUNT; i++) {
      image_make(&small[i], i);
      images[i] = (jitdebug_image){&small[i], sizeof small[i]};
      if (i % 7 == 3 && i / 7 < real_count) images[i] = real[i / 7];
    }
    SUCCEEDS(
        jitdebug_register_batch(images, COUNT, flags[f], &out.registration));
    jitdebug_registration *registration = out.registration;
    assert_int_equal(settled_length(), COUNT);
    for (size_t i = COUNT; i-- > 0;) {
      const void *shown = check_image(registration, i, &images[i]);
      if (flags[f] & JITDEBUG_BORROW)
        assert_ptr_equal(shown, images[i].data);
      else
        assert_ptr_not_equal(shown, images[i].data);
    }
    /* The array is the caller's again, whatever the flags. */
    const jitdebug_image first = images[0];
    memset(images, 0xff, sizeof images);
    check_image(registration, 0, &first);
    SUCCEEDS(jitdebug_unregister(registration));
    assert_int_equal(settled_length(), 0);
  }
}

static void opaque(void **state) {
  (void)state;
  static const char other[] = "not ELF at all";
  FAILS(jitdebug_register(other, sizeof other, 0, &out.registration),
        JITDEBUG_E_IMAGE, "ELF", "15 bytes");
  const jitdebug_image expected = {other, sizeof other};
  const uint32_t flags[] = {JITDEBUG_OPAQUE, JITDEBUG_OPAQUE | JITDEBUG_BORROW};
  for (size_t f = 0; f < 2; f++) {
    SUCCEEDS(
        jitdebug_register(other, sizeof other, flags[f], &out.registration));
    jitdebug_registration *registration = out.registration;
    check_image(registration, 0, &expected);
    SUCCEEDS(jitdebug_unregister(registration));
  }
}

static void duplicate(void **state) {
  (void)state;
  SUCCEEDS(jitdebug_register(&image, sizeof image, JITDEBUG_BORROW,
                             &out.registration));
  jitdebug_registration *first = out.registration;
  FAILS(jitdebug_register(&image, sizeof image, JITDEBUG_BORROW,
                          &out.registration),
        JITDEBUG_E_DUPLICATE, "borrowed already");
  FAILS(jitdebug_register(&image, sizeof image,
                          JITDEBUG_BORROW | JITDEBUG_OPAQUE | JITDEBUG_NOWAIT,
                          &out.registration),
        JITDEBUG_E_DUPLICATE, "borrowed already");
  assert_int_equal(settled_length(), 1);

  /* Copies have addresses of their own. */
  SUCCEEDS(jitdebug_register(&image, sizeof image, 0, &out.registration));
  jitdebug_registration *copied = out.registration;
  SUCCEEDS(jitdebug_unregister(copied));
  FAILS(jitdebug_register(&image, sizeof image, JITDEBUG_BORROW,
                          &out.registration),
        JITDEBUG_E_DUPLICATE, "borrowed already");

  SUCCEEDS(jitdebug_unregister(first));
  SUCCEEDS(jitdebug_register(&image, sizeof image, JITDEBUG_BORROW,
                             &out.registration));
  unregister_output();
}

static void duplicate_in_batch(void **state) {
  (void)state;
  enum { COUNT = 40 };
  static struct image small[COUNT];
  jitdebug_image images[COUNT];
  for (size_t i = 0; i < COUNT; i++) {
    image_make(&small[i], i);
    images[i] = (jitdebug_image){&small[i], sizeof small[i]};
  }
  SUCCEEDS(jitdebug_register(&image, sizeof image, JITDEBUG_BORROW,
                             &out.registration));
  jitdebug_registration *other = out.registration;
  const struct code_entry *entry = entry_of(&image);

  images[COUNT - 1].data = &image;
  FAILS(jitdebug_register_batch(images, COUNT, JITDEBUG_BORROW,
                                &out.registration),
        JITDEBUG_E_DUPLICATE, "image 39 of 40");
  images[COUNT - 1].data = &small[5];
  FAILS(jitdebug_register_batch(images, COUNT, JITDEBUG_BORROW,
                                &out.registration),
        JITDEBUG_E_DUPLICATE, "image 39 of 40");
  assert_int_equal(settled_length(), 1);
  assert_ptr_equal(entry_of(&image), entry);
  SUCCEEDS(jitdebug_register_batch(images, COUNT, 0, &out.registration));
  unregister_output();

  /* Nothing of the batch stayed behind: each can be borrowed. */
  for (size_t i = 0; i < COUNT; i++) {
    SUCCEEDS(jitdebug_register(&small[i], sizeof small[i], JITDEBUG_BORROW,
                               &out.registration));
    unregister_output();
  }
  images[COUNT - 1].data = &small[COUNT - 1];
  SUCCEEDS(jitdebug_register_batch(images, COUNT, JITDEBUG_BORROW,
                                   &out.registration));
  jitdebug_registration *batch = out.registration;
  FAILS(jitdebug_register(&small[17], sizeof small[17], JITDEBUG_BORROW,
                          &out.registration),
        JITDEBUG_E_DUPLICATE, "borrowed already");
  SUCCEEDS(jitdebug_unregister(batch));

  /* And what was refused because of another's address did not free that. */
  FAILS(jitdebug_register(&image, sizeof image, JITDEBUG_BORROW,
                          &out.registration),
        JITDEBUG_E_DUPLICATE, "borrowed already");
  SUCCEEDS(jitdebug_unregister(other));
}

int main(int argc, char **argv) {
  image_make(&image, 1);
  for (int i = 1; i < argc; i++, real_count++)
    real[real_count].data = file_read(argv[i], &real[real_count].size);
  CHECK(real_count, "no images given");
  const struct CMUnitTest cases[] = {
      CASE(copy),   CASE(borrow),    CASE(batch_keeps_order),
      CASE(opaque), CASE(duplicate), CASE(duplicate_in_batch)};
  return cmocka_run_group_tests(cases, NULL, NULL);
}
