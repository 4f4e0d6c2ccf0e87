/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
/* A forked child: Go does not run in it, so the library is loaded once more,
 * under another name, and the new copy's Go goes on with what is there. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../guest/guest.h"
#include "copies.h"

/* The file that this copy was loaded from, as it was then: it may be replaced,
 * by an upgrade, or be out of sight later. */
static struct origin {
  const char *bytes; /* NULL if it could not be opened */
  size_t size;
} origin;

/* Loader and allocator are usable in a child that the C library made, and only
 * there: a raw clone() leaves their locks as other threads had them. */
static pid_t made_by_fork;

/* The copy that answers in this child, as far as it has come. */
static struct guest_lock lock;
static const struct copy *answering;
static struct copy loaded;

static void note_fork(void) {
  made_by_fork = getpid();
  lock = (struct guest_lock){0};
  if (!answering) loaded = (struct copy){0};
}

static void map(int fd) {
  struct stat file;
  if (fstat(fd, &file) != 0) return;
  size_t size = (size_t)file.st_size;
  char *bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (bytes == MAP_FAILED) return;
  madvise(bytes, size, MADV_DONTDUMP);
  origin = (struct origin){bytes, size};
}

__attribute__((constructor)) static void keep_file(void) {
  Dl_info self;
  pthread_atfork(NULL, NULL, note_fork);
  int fd =
      dladdr(&origin, &self) ? open(self.dli_fname, O_RDONLY | O_CLOEXEC) : -1;
  if (fd < 0) return;
  map(fd);
  close(fd);
}

const struct origin *copies_origin(void) { return &origin; }

void copies_inherit(const struct origin *inherited) {
  if (origin.bytes) munmap((void *)origin.bytes, origin.size);
  origin = *inherited;
}

struct text {
  char *at;
  size_t size;
};

static int refuse(struct text text, const char *what, const char *why) {
  snprintf(text.at, text.size,
           "the library cannot be started again in this forked child (%s: %s); "
           "load it after the fork, or exec",
           what, why);
  return 0;
}

/* Where the host opens no file of its own, and closes none that it counts on:
 * not the standard ones, and not those that it opens after it has closed all.
 */
static int move_up(int fd) {
  const rlim_t highest = 1 << 14; /* the kernel's table is as long */
  struct rlimit limit;
  if (fd < 0) return fd;
  errno = EMFILE;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur > highest)
    limit.rlim_cur = highest;
  int up = -1;
  for (int at = (int)limit.rlim_cur - 1; up < 0 && at > STDERR_FILENO; at /= 2)
    up = fcntl(fd, F_DUPFD_CLOEXEC, at);
  int saved = errno;
  close(fd);
  errno = saved;
  return up;
}

static int memory_file(void) {
  return memfd_create("libjitdebug.so.1", MFD_CLOEXEC);
}

static int nameless_file(void) {
  return open(P_tmpdir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0700);
}

/* The answer where the file cannot be read any more is an error, not a fault.
 */
static int write_all(int fd) {
  size_t at = 0;
  while (at < origin.size) {
    ssize_t written = write(fd, origin.bytes + at, origin.size - at);
    if (written < 0 && errno != EINTR) return 0;
    if (written > 0) at += (size_t)written;
  }
  return 1;
}

/* The loader knows a file by its inode and would hand out the dead copy again,
 * so the new one needs a file of its own. */
static void *load(int (*make)(void), const char *name, struct text text) {
  char process[32] = "", path[64];
  int fd = move_up(make());
  if (fd < 0) {
    refuse(text, name, strerror(errno));
    return NULL;
  }
  int copied = write_all(fd);
  /* Not /proc/self: a debugger opens it too. */
  if (!copied || readlink("/proc/self", process, sizeof process - 1) < 0) {
    refuse(text, copied ? "/proc/self" : name, strerror(errno));
    close(fd);
    return NULL;
  }
  snprintf(path, sizeof path, "/proc/%s/fd/%d", process, fd);
  void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!handle) {
    refuse(text, name, dlerror());
    close(fd);
  }
  return handle; /* the file stays open, for a debugger that comes later */
}

static int load_again(struct text text) {
  struct rlimit largest;
  if (!origin.bytes)
    return refuse(text, "its file", "it could not be opened, as it was loaded");
  if (getrlimit(RLIMIT_FSIZE, &largest) == 0 &&
      largest.rlim_cur < origin.size) /* the signal would kill */
    return refuse(text, "RLIMIT_FSIZE", "its file is larger");
  void *handle = load(memory_file, "memfd_create", text);
  if (!handle) handle = load(nameless_file, "a file in " P_tmpdir, text);
  if (handle) copies_functions(&loaded, handle);
  return handle != NULL;
}

/* The same file has the same layout: what it does not export is as far from its
 * start as here. */
static copies_adopt *adopt_in(const struct copy *copy, copies_adopt *here) {
  return (copies_adopt *)(copies_base((void *)copy->jitdebug_version) +
                          (uintptr_t)here - copies_base(&origin));
}

static int restart(copies_estate *estate, copies_adopt *adopt,
                   struct text text) {
  if (guest_forbidden_in_child())
    return refuse(text, "ThreadSanitizer",
                  "it ends a forked child that starts a thread");
  if (!loaded.jitdebug_version && !load_again(text)) return 0;
  if (adopt_in(&loaded, adopt)(estate()) != JITDEBUG_OK)
    return refuse(text, "taking over the list", loaded.jitdebug_last_error());
  answering = &loaded;
  return 1;
}

const struct copy *copies_in_child(copies_estate *estate, copies_adopt *adopt,
                                   char *refusal, size_t refusal_size) {
  if (made_by_fork != getpid()) {
    snprintf(refusal, refusal_size,
             "this process was forked by clone(), not by fork(), from one that "
             "had loaded libjitdebug, which cannot be started again in it; use "
             "fork(), load the library in the child, or exec");
    return NULL;
  }
  guest_lock(&lock);
  if (!answering) restart(estate, adopt, (struct text){refusal, refusal_size});
  guest_unlock(&lock);
  return answering;
}
