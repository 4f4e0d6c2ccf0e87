/* A forked child: Go does not run in it, so the library is loaded once more,
 * under another name, and the new copy's Go goes on with what is there. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../guest/guest.h"
#include "copies.h"

/* The file that this copy was loaded from, as it was then. */
static struct origin {
  char *path;
  struct stat stat;
} origin;

/* Loader and allocator are usable in a child that the C library made, and only
 * there: a raw clone() leaves their locks as other threads had them. */
static pid_t made_by_fork;
static pthread_once_t restart_once = PTHREAD_ONCE_INIT;

static void note_fork(void) {
  made_by_fork = getpid();
  restart_once = (pthread_once_t)PTHREAD_ONCE_INIT;
}

__attribute__((constructor)) static void find_origin(void) {
  Dl_info self;
  pthread_atfork(NULL, NULL, note_fork);
  if (dladdr(&origin, &self) &&
      (origin.path = realpath(self.dli_fname, NULL)) &&
      stat(origin.path, &origin.stat) != 0) {
    free(origin.path);
    origin.path = NULL;
  }
}

const struct origin *copies_origin(void) { return &origin; }

void copies_inherit(const struct origin *inherited) {
  free(origin.path);
  origin = *inherited;
}

static char refused[PATH_MAX + 256];

static void refuse(const char *what, const char *why) {
  snprintf(refused, sizeof refused,
           "the library cannot be started again in this forked child (%s: %s); "
           "load it after the fork, or exec",
           what, why);
}

static int unchanged(const struct stat *now) {
  const struct stat *then = &origin.stat;
  return now->st_dev == then->st_dev && now->st_ino == then->st_ino &&
         now->st_size == then->st_size &&
         now->st_mtim.tv_sec == then->st_mtim.tv_sec &&
         now->st_mtim.tv_nsec == then->st_mtim.tv_nsec;
}

/* Returns the library's own file, opened. */
static int original(void) {
  struct stat now;
  struct rlimit largest;
  int fd = origin.path ? open(origin.path, O_RDONLY | O_CLOEXEC) : -1;
  if (fd < 0) {
    refuse(origin.path ? origin.path : "its file",
           strerror(origin.path ? errno : ENOENT));
    return -1;
  }
  if (fstat(fd, &now) != 0 || !unchanged(&now)) {
    refuse(origin.path, "replaced since it was loaded");
  } else if (getrlimit(RLIMIT_FSIZE, &largest) == 0 &&
             largest.rlim_cur < (rlim_t)now.st_size) {
    refuse("RLIMIT_FSIZE", "its file is larger"); /* the signal would kill */
  } else {
    return fd;
  }
  close(fd);
  return -1;
}

static int memory_file(void) {
  return memfd_create("libjitdebug.so.1", MFD_CLOEXEC);
}

static int nameless_file(void) {
  return open(P_tmpdir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0700);
}

/* The loader knows a file by its inode and would hand out the dead copy again,
 * so the new one needs a file of its own. */
static void *load(int from, int (*make)(void), const char *name) {
  char process[32] = "", path[64];
  off_t at = 0;
  ssize_t copied;
  int fd = make();
  if (fd < 0) {
    refuse(name, strerror(errno));
    return NULL;
  }
  while ((copied = sendfile(fd, from, &at, 1 << 30)) > 0) continue;
  /* Not /proc/self: a debugger opens it too. */
  if (copied < 0 || readlink("/proc/self", process, sizeof process - 1) < 0) {
    refuse(copied < 0 ? name : "/proc/self", strerror(errno));
    close(fd);
    return NULL;
  }
  snprintf(path, sizeof path, "/proc/%s/fd/%d", process, fd);
  void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!handle) {
    refuse(name, dlerror());
    close(fd);
  }
  return handle; /* the file stays open, for a debugger that comes later */
}

static const struct copy *restarted;

static copies_estate *estate_of_this;
static copies_adopt *adopt_in_this;

/* The same file has the same layout: what it does not export is as far from its
 * start as here. */
static copies_adopt *adopt_in(const struct copy *copy) {
  return (copies_adopt *)(copies_base((void *)copy->jitdebug_version) +
                          (uintptr_t)adopt_in_this - copies_base(&origin));
}

static void restart(void) {
  static struct copy copy;
  restarted = NULL;
  if (!guest_can_start()) {
    refuse("Go", "no memory, or no threads");
    return;
  }
  int from = original();
  if (from < 0) return;
  void *handle = load(from, memory_file, "memfd_create");
  if (!handle) handle = load(from, nameless_file, "a file in " P_tmpdir);
  close(from);
  if (!handle) return;
  copies_functions(&copy, handle);
  if (adopt_in(&copy)(estate_of_this()) == JITDEBUG_OK)
    restarted = &copy;
  else
    refuse("taking over the list", copy.jitdebug_last_error());
}

static int search_first;

static void answer(void) {
  restarted = search_first ? copies_first() : NULL;
  if (!restarted) restart();
}

const struct copy *copies_in_child(int search, copies_estate *estate,
                                   copies_adopt *adopt, const char **refusal) {
  *refusal = NULL;
  if (made_by_fork != getpid()) {
    *refusal =
        "this process was forked by clone(), not by fork(), from one that had "
        "loaded libjitdebug, which cannot be started again in it; use fork(), "
        "load the library in the child, or exec";
    return NULL;
  }
  search_first = search;
  estate_of_this = estate;
  adopt_in_this = adopt;
  pthread_once(&restart_once, answer);
  if (!restarted) *refusal = refused;
  return restarted;
}
