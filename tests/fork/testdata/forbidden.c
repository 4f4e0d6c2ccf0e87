/*
 * Children in which something is forbidden that the library needs to start
 * again: each is refused, at once, and told what it was.
 *
 * usage: forbidden
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "child.h"

static void limit(int resource, rlim_t most) {
  struct rlimit both = {most, most};
  child_expects(setrlimit(resource, &both) == 0, "setrlimit");
}

static void no_descriptors(void) { limit(RLIMIT_NOFILE, 0); }
static void no_large_files(void) { limit(RLIMIT_FSIZE, 4096); }

/* Enough for the library, and not for Go. */
static void no_memory(void) {
  FILE *sizes = fopen("/proc/self/statm", "r");
  unsigned long pages;
  child_expects(sizes && fscanf(sizes, "%lu", &pages) == 1, "statm");
  fclose(sizes);
  limit(RLIMIT_AS, pages * (rlim_t)sysconf(_SC_PAGESIZE) + (16 << 20));
}

/* Has these system calls fail, and opening files, or those for writing. */
static void filter(long first, long second, unsigned open_flags) {
  enum { NR = offsetof(struct seccomp_data, nr) };
  struct sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, NR),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)first, 5, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)second, 4, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 2),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
               offsetof(struct seccomp_data, args[2])),
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, open_flags, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
  };
  struct sock_fprog filter = {sizeof program / sizeof program[0], program};
  child_expects(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
                    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0,
                "seccomp");
}

static void no_new_files(void) { filter(SYS_memfd_create, -1, O_RDWR); }
static void no_files(void) { filter(SYS_memfd_create, -1, O_CLOEXEC); }
static void no_threads(void) { filter(SYS_clone, SYS_clone3, 0); }

/* Not forbidden: a file takes the place. */
static void no_memfd(void) { filter(SYS_memfd_create, -1, 0); }

static const struct ban {
  const char *words;
  void (*impose)(void);
} bans[] = {
    {"Too many open files", no_descriptors},
    {"RLIMIT_FSIZE", no_large_files},
    {"no memory", no_memory},
    {"Operation not permitted", no_new_files},
    {"Operation not permitted", no_files},
    {"no threads", no_threads},
};

int main(void) {
  static struct image image;
  image_make(&image, 1);
  descriptor = list_descriptor(RTLD_DEFAULT);
  CHECK(jitdebug_register(&image, sizeof image, 0, &live) == 0, "%s",
        jitdebug_last_error());
  CHECK(jitdebug_register(&image, sizeof image, 0, &stale) == 0, "%s",
        jitdebug_last_error());
  CHECK(jitdebug_unregister(stale) == 0, "%s", jitdebug_last_error());
  for (size_t i = 0; i < sizeof bans / sizeof bans[0]; i++) {
    pid_t child = fork();
    if (child == 0) {
      bans[i].impose();
      child_calls_everything();
      child_expects(strstr(jitdebug_last_error(), bans[i].words) != NULL,
                    jitdebug_last_error());
      child_expects(strstr(jitdebug_last_error(), "or exec") != NULL,
                    "it does not say what to do");
      child_ends(NULL);
    }
    child_was_well(child);
  }
  pid_t child = fork();
  if (child == 0) {
    no_memfd();
    child_goes_on();
    child_ends(NULL);
  }
  child_was_well(child);
  CHECK(jitdebug_unregister(live) == 0, "%s", jitdebug_last_error());
  return 0;
}
