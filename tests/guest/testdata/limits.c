/*
 * A limit or a sandbox that leaves the library too little: each call is OK or
 * has a status with a sentence, nothing is printed, and the process goes on.
 *
 * usage: limits WHERE WHEN WHAT VALUE
 *   WHERE  program; child: of a parent that loaded; grown: of one that
 * registered WHEN   first: before the first call; crowd: before that of 64
 * threads at once; later: 64 threads, after a first call WHAT   as: VALUE in
 * MiB; more: so many MiB more than there are; nproc: VALUE threads; or a system
 * call's name, with the errno VALUE
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "library.h"

enum { THREADS = 64 };

static const struct {
  const char *name;
  long number;
} calls[] = {
    {"clone", SYS_clone},
    {"clone3", SYS_clone3},
    {"mmap", SYS_mmap},
    {"futex", SYS_futex},
    {"memfd_create", SYS_memfd_create},
    {"sigaltstack", SYS_sigaltstack},
    {"rt_sigprocmask", SYS_rt_sigprocmask},
    {"madvise", SYS_madvise},
    {"munmap", SYS_munmap},
    {"mprotect", SYS_mprotect},
    {"process_vm_readv", SYS_process_vm_readv},
    {"sched_yield", SYS_sched_yield},
    {"nanosleep", SYS_nanosleep},
    {"clock_nanosleep", SYS_clock_nanosleep},
    {"gettid", SYS_gettid},
    {"getpid", SYS_getpid},
    {"prctl", SYS_prctl},
    {"openat", SYS_openat},
    {"sched_getaffinity", SYS_sched_getaffinity},
    {"sched_setscheduler", SYS_sched_setscheduler},
    {"prlimit64", SYS_prlimit64},
};

/* Of futex, waiting: a host that cannot wake ends in its own C library. */
static void forbid(long call, unsigned error) {
  enum { NR = offsetof(struct seccomp_data, nr) };
  struct sock_filter program[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, NR),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)call, 0, 4),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_futex, 0, 2),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
               offsetof(struct seccomp_data, args[1])),
      BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, FUTEX_WAKE, 1, 0),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
  };
  struct sock_fprog filter = {sizeof program / sizeof program[0], program};
  CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
            syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                    SECCOMP_FILTER_FLAG_TSYNC, &filter) == 0,
        "seccomp");
}

static rlim_t in_use(void) {
  unsigned long pages;
  FILE *sizes = fopen("/proc/self/statm", "r");
  CHECK(sizes && fscanf(sizes, "%lu", &pages) == 1, "statm");
  fclose(sizes);
  return pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

static void limit(int resource, rlim_t most) {
  struct rlimit both = {most, most};
  CHECK(setrlimit(resource, &both) == 0, "setrlimit");
}

static void impose(const char *what, int value) {
  if (strcmp(what, "as") == 0) return limit(RLIMIT_AS, (rlim_t)value << 20);
  if (strcmp(what, "more") == 0)
    return limit(RLIMIT_AS, in_use() + ((rlim_t)value << 20));
  if (strcmp(what, "nproc") == 0) {
    /* The superuser has no such limit. */
    CHECK(getuid() != 0 || setresuid(54321, 54321, 54321) == 0, "setresuid");
    return limit(RLIMIT_NPROC, (rlim_t)value);
  }
  for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
    if (strcmp(what, calls[i].name) == 0)
      return forbid(calls[i].number, (unsigned)value);
  CHECK(0, "%s?", what);
}

static int forked;

static void is_answer(int32_t status) {
  int allowed = status == JITDEBUG_OK || status == JITDEBUG_E_MEMORY ||
                status == JITDEBUG_E_UNSUPPORTED ||
                (forked && status == JITDEBUG_E_FORKED);
  const char *text = library_last_error();
  CHECK(allowed && (status == JITDEBUG_OK || *text), "%d: %s", status, text);
}

/* Returns the status of the first call. */
static int32_t call_all(void) {
  struct image image;
  jitdebug_registration *handles[20];
  int32_t statuses[20];
  image_make(&image, 1);
  for (int i = 0; i < 20; i++) {
    const char *address = (char *)0x200000 + 16 * i;
    statuses[i] = i % 3 == 0
                      ? library_register(&image, sizeof image, 0, &handles[i])
                  : i % 3 == 1 ? library_function(address, 0, &handles[i])
                               : library_object(address, 0, &handles[i]);
    is_answer(statuses[i]);
  }
  for (int i = 0; i < 20; i++)
    if (statuses[i] == JITDEBUG_OK) is_answer(library_unregister(handles[i]));
  return statuses[0];
}

static atomic_int waiting, imposed, done;

static void *work(void *unused) {
  waiting++;
  while (!imposed) sched_yield();
  call_all();
  done++;
  for (;;) pause(); /* an end may need what is forbidden */
  return unused;
}

/* The C library's own waiting ends the process where it is forbidden. */
static void call_in_threads(const char *what, int value) {
  pthread_t thread;
  pthread_attr_t small;
  pthread_attr_init(&small);
  pthread_attr_setstacksize(&small, 128 << 10);
  for (int i = 0; i < THREADS; i++)
    CHECK(pthread_create(&thread, &small, work, NULL) == 0, "pthread_create");
  while (waiting < THREADS) sched_yield();
  impose(what, value);
  imposed = 1;
  while (done < THREADS) sched_yield();
}

static void call(const char *when, const char *what, int value) {
  if (strcmp(when, "first") == 0) {
    impose(what, value);
    int32_t status = call_all();
    CHECK(!forked || status == JITDEBUG_OK || status == JITDEBUG_E_FORKED,
          "%d in a child: %s", status, library_last_error());
    return;
  }
  if (strcmp(when, "later") == 0) library_pair();
  call_in_threads(what, value);
}

int main(int argc, char **argv) {
  CHECK(argc == 5, "usage: limits WHERE WHEN WHAT VALUE");
  const char *where = argv[1];
  int status;
  library_load();
  if (strcmp(where, "grown") == 0) library_pair();
  if (strcmp(where, "program") != 0) {
    pid_t child = fork();
    CHECK(child >= 0, "fork");
    forked = child == 0;
    if (child > 0) {
      CHECK(waitpid(child, &status, 0) == child && status == 0, "status %#x",
            status);
      return 0;
    }
  }
  call(argv[2], argv[3], atoi(argv[4]));
  return 0;
}
