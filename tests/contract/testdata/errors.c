/* Statuses and their texts: each status that can be provoked is, and its text
 * names the culprit. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "calls.h"

static struct image image;

/* Runs in a child; what cannot be checked there with cmocka is its exit
 * status. */
static int in_forked_child(jitdebug_registration *registration) {
  const jitdebug_image images[] = {{&image, sizeof image}};
  const struct rlimit no_descriptor = {0, 0};
  setrlimit(RLIMIT_NOFILE, &no_descriptor);
  before_call();
  const int refused =
      jitdebug_register(&image, sizeof image, 0, &out.registration) ==
          JITDEBUG_E_FORKED &&
      jitdebug_register_batch(images, 1, 0, &out.registration) ==
          JITDEBUG_E_FORKED &&
      jitdebug_unregister(registration) == JITDEBUG_E_FORKED &&
      jitdebug_registration_image(registration, 0, &out.image, &out.size) ==
          JITDEBUG_E_FORKED;
  const int untouched = errno == ERRNO_BEFORE &&
                        out.registration == UNTOUCHED && out.image == UNTOUCHED;
  const int told = strstr(jitdebug_last_error(), "forked") != NULL &&
                   strcmp(jitdebug_status_string(JITDEBUG_OK), "success") == 0;
  return refused && untouched && told ? 0 : 1;
}

static void every_status(void **state) {
  (void)state;
  const jitdebug_image twice[] = {{&image, sizeof image},
                                  {&image, sizeof image}};
  char culprit[32];
  snprintf(culprit, sizeof culprit, "0x%zx", (size_t)&image);

  SUCCEEDS(jitdebug_register(&image, sizeof image, JITDEBUG_BORROW,
                             &out.registration));
  jitdebug_registration *live = out.registration;

  FAILS(jitdebug_register(&image, sizeof image, 64, &out.registration),
        JITDEBUG_E_ARGUMENT, "flag", "0x40");
  FAILS(jitdebug_unregister((jitdebug_registration *)&image), JITDEBUG_E_HANDLE,
        "registration", culprit);
  FAILS(jitdebug_registration_image((jitdebug_registration *)&image, 0,
                                    &out.image, &out.size),
        JITDEBUG_E_HANDLE, "registration", culprit);
  FAILS(jitdebug_register(&image, sizeof image, JITDEBUG_BORROW,
                          &out.registration),
        JITDEBUG_E_DUPLICATE, "buffer", culprit);
  FAILS(jitdebug_register_batch(twice, 2, JITDEBUG_BORROW, &out.registration),
        JITDEBUG_E_DUPLICATE, "image 0 of 2", culprit);

  const pid_t child = fork();
  if (child == 0) _exit(in_forked_child(live));
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  if (status) fail_msg("JITDEBUG_E_FORKED, in a child: %#x", status);

  SUCCEEDS(jitdebug_unregister(live));
  snprintf(culprit, sizeof culprit, "0x%zx", (size_t)live);
  FAILS(jitdebug_unregister(live), JITDEBUG_E_STALE, "registration", culprit);
  FAILS(jitdebug_registration_image(live, 0, &out.image, &out.size),
        JITDEBUG_E_STALE, "registration", culprit);

  struct image wrong = image;
  wrong.sections[1].sh_type = SHT_PROGBITS;
  wrong.sections[1].sh_size = 54321;
  FAILS(jitdebug_register(&wrong, sizeof wrong, 0, &out.registration),
        JITDEBUG_E_IMAGE, "section 1", "sh_size", "0xd431");

  /* Over the place where debuggers stop, which gdb would not survive. */
  char *hook = dlsym(RTLD_DEFAULT, "__jit_debug_register_code");
  assert_non_null(hook);
  snprintf(culprit, sizeof culprit, "0x%zx", (size_t)hook);
  wrong = image;
  wrong.sections[1].sh_addr = (uintptr_t)hook - 8;
  FAILS(jitdebug_register(&wrong, sizeof wrong, 0, &out.registration),
        JITDEBUG_E_IMAGE, "section 1", "__jit_debug_register_code", culprit);
  const jitdebug_section place = {sizeof place, 1, NULL, hook};
  FAILS(jitdebug_register_object(&image, sizeof image, &place, 1, 0,
                                 &out.registration),
        JITDEBUG_E_IMAGE, "section", "__jit_debug_register_code", culprit);
  jitdebug_function functions[2] = {{.struct_size = sizeof *functions,
                                     .name = "beside",
                                     .address = hook - 32,
                                     .size = 32}};
  SUCCEEDS(jitdebug_register_functions(functions, 1, 0, &out.registration));
  unregister_output();
  functions[1] = functions[0];
  functions[0].size = 1;
  functions[1].address = hook - 31;
  FAILS(jitdebug_register_functions(functions, 2, 0, &out.registration),
        JITDEBUG_E_ARGUMENT, "functions[1]", "__jit_debug_register_code",
        culprit);

  /* JITDEBUG_E_BUSY: lock.c. JITDEBUG_E_MEMORY: tests/memory, and below.
   * JITDEBUG_E_INTERNAL: tests/guest. JITDEBUG_E_UNSUPPORTED: nothing that is
   * known is unsupported on this platform. */
}

static void out_of_memory(void **state) {
  (void)state;
  const size_t size = (size_t)64 << 20;
  char *large = mmap(NULL, size, PROT_READ,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  assert_true(large != MAP_FAILED);
  const jitdebug_image images[] = {{large, size}};
  struct rlimit before, none;
  assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
  none = before;
  none.rlim_cur = 0;
  assert_int_equal(setrlimit(RLIMIT_AS, &none), 0);
  before_call();
  const int32_t single =
      jitdebug_register(large, size, JITDEBUG_OPAQUE, &out.registration);
  const int32_t batch =
      jitdebug_register_batch(images, 1, JITDEBUG_OPAQUE, &out.registration);
  assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
  const char *const words[] = {"memory", "copies", NULL};
  check_failure(single, JITDEBUG_E_MEMORY, words, "one too large", __LINE__);
  check_failure(batch, JITDEBUG_E_MEMORY, words, "a batch", __LINE__);
  SUCCEEDS(jitdebug_register(&image, sizeof image, 0, &out.registration));
  unregister_output();
  munmap(large, size);
}

static void status_strings(void **state) {
  (void)state;
  const char *const unknown = jitdebug_status_string(1);
  assert_non_null(unknown);
  assert_non_null(strstr(unknown, "unknown"));
  for (int32_t status = JITDEBUG_OK; status >= JITDEBUG_E_INTERNAL; status--) {
    const char *text = jitdebug_status_string(status);
    assert_non_null(text);
    assert_true(*text);
    assert_string_not_equal(text, unknown);
    for (int32_t other = JITDEBUG_OK; other > status; other--)
      assert_string_not_equal(text, jitdebug_status_string(other));
    /* Static: it is the same one each time. */
    assert_ptr_equal(text, jitdebug_status_string(status));
  }
  const int32_t numbers[] = {1,    2,        42,        JITDEBUG_E_INTERNAL - 1,
                             -100, -1000000, INT32_MAX, INT32_MIN};
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    errno = ERRNO_BEFORE;
    assert_string_equal(jitdebug_status_string(numbers[i]), unknown);
    assert_int_equal(errno, ERRNO_BEFORE);
  }
}

static void success_leaves_last_error(void **state) {
  (void)state;
  FAILS(jitdebug_register(NULL, 1, 0, &out.registration), JITDEBUG_E_ARGUMENT,
        "NULL");
  char before[512];
  strcpy(before, jitdebug_last_error());
  SUCCEEDS(jitdebug_register(&image, sizeof image, 0, &out.registration));
  assert_string_equal(jitdebug_last_error(), before);
  jitdebug_registration *registration = out.registration;
  SUCCEEDS(jitdebug_registration_image(registration, 0, &out.image, &out.size));
  assert_string_equal(jitdebug_last_error(), before);
  SUCCEEDS(jitdebug_unregister(registration));
  SUCCEEDS(jitdebug_unregister(NULL));
  assert_string_equal(jitdebug_last_error(), before);
  (void)jitdebug_status_string(JITDEBUG_E_STALE);
  (void)jitdebug_version();
  assert_string_equal(jitdebug_last_error(), before);
  assert_int_equal(errno, ERRNO_BEFORE);
}

/* A thread that has not failed yet has no text; then it has its own. The main
 * thread fails at another thing between the two. */
static void *fail_on_a_thread(void *argument) {
  pthread_barrier_t *turn = argument;
  const char *wrong = NULL;
  if (*jitdebug_last_error()) wrong = "a new thread has a last error";
  jitdebug_registration *registration;
  if (jitdebug_register(&image, sizeof image, 0, &registration) ||
      jitdebug_unregister(registration))
    wrong = "a new thread cannot register";
  if (*jitdebug_last_error()) wrong = "a success wrote a last error";
  jitdebug_register(&image, 0, 0, &registration);
  pthread_barrier_wait(turn);
  pthread_barrier_wait(turn);
  if (!strstr(jitdebug_last_error(), "size is 0"))
    wrong = "another thread's failure overwrote this one's";
  return (void *)wrong;
}

static void last_error_is_of_the_thread(void **state) {
  (void)state;
  pthread_barrier_t turn;
  pthread_barrier_init(&turn, NULL, 2);
  pthread_t thread;
  FAILS(jitdebug_register(&image, sizeof image, 32, &out.registration),
        JITDEBUG_E_ARGUMENT, "0x20");
  assert_int_equal(pthread_create(&thread, NULL, fail_on_a_thread, &turn), 0);
  pthread_barrier_wait(&turn);
  const char *text = jitdebug_last_error();
  assert_non_null(strstr(text, "0x20"));
  FAILS(jitdebug_register(&image, sizeof image, 128, &out.registration),
        JITDEBUG_E_ARGUMENT, "0x80");
  text = jitdebug_last_error();
  pthread_barrier_wait(&turn);
  void *wrong;
  assert_int_equal(pthread_join(thread, &wrong), 0);
  if (wrong) fail_msg("%s", (const char *)wrong);
  /* That thread's end took its text along, not this one's. */
  assert_ptr_equal(text, jitdebug_last_error());
  assert_non_null(strstr(text, "0x80"));
  pthread_barrier_destroy(&turn);
}

/* First of all: no call has failed yet. */
static void no_failure_yet(void **state) {
  (void)state;
  errno = ERRNO_BEFORE;
  assert_string_equal(jitdebug_last_error(), "");
  assert_int_equal(errno, ERRNO_BEFORE);
}

int main(void) {
  image_make(&image, 1);
  const struct CMUnitTest cases[] = {CASE(no_failure_yet),
                                     CASE(every_status),
                                     CASE(out_of_memory),
                                     CASE(status_strings),
                                     CASE(success_leaves_last_error),
                                     CASE(last_error_is_of_the_thread)};
  return cmocka_run_group_tests(cases, NULL, NULL);
}
