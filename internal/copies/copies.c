#define _GNU_SOURCE
#include "copies.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#define SONAME "libjitdebug.so.1"

static struct copy functions_of(void *handle) {
  struct copy copy;
#define X(name) copy.name = (__typeof__(copy.name))dlsym(handle, #name);
  COPIES_FUNCTIONS(X)
#undef X
  return copy;
}

const struct copy *copies_first(void) {
  static struct copy first;
  /* Answered in the order of loading, whatever path a copy came from. */
  void *handle = dlopen(SONAME, RTLD_NOW | RTLD_NOLOAD);
  if (!handle) return NULL;
  struct copy found = functions_of(handle);
  if (!found.jitdebug_version || found.jitdebug_version == jitdebug_version)
    return NULL;
  first = found;
  return &first;
}

/* The file that this copy was loaded from, as it was then. */
static struct origin {
  char *path;
  struct stat stat;
} origin;

/* Loader and allocator are usable in a child that the C library made, and only
 * there: a raw clone() leaves their locks as other threads had them. */
static pid_t forked_by_libc;
static void note_fork(void) { forked_by_libc = getpid(); }

__attribute__((constructor)) static void find_origin(void) {
  Dl_info self;
  pthread_atfork(NULL, NULL, note_fork);
  if (dladdr((void *)jitdebug_version, &self) &&
      (origin.path = realpath(self.dli_fname, NULL)) &&
      stat(origin.path, &origin.stat) != 0) {
    free(origin.path);
    origin.path = NULL;
  }
}

const struct origin *copies_origin(void) { return &origin; }

void copies_inherit(const struct origin *inherited) { origin = *inherited; }

static char reason[256];

static int failed(const char *what) {
  snprintf(reason, sizeof reason, "%s: %s", what, strerror(errno));
  return -1;
}

/* The loader knows a file by its inode and would hand out the dead copy again,
 * so the new one needs a file of its own. It stays open for a debugger. */
static int private_file(void) {
  const struct stat *then = &origin.stat;
  struct stat now;
  int from = open(origin.path, O_RDONLY | O_CLOEXEC);
  if (from < 0) return failed(origin.path);
  if (fstat(from, &now) != 0 || now.st_ino != then->st_ino ||
      now.st_dev != then->st_dev || now.st_size != then->st_size ||
      now.st_mtim.tv_sec != then->st_mtim.tv_sec ||
      now.st_mtim.tv_nsec != then->st_mtim.tv_nsec) {
    close(from);
    errno = ESTALE;
    return failed(origin.path);
  }
  int to = memfd_create("libjitdebug", MFD_CLOEXEC);
  if (to < 0) to = open(P_tmpdir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0700);
  if (to < 0) failed("no memfd and no temporary file");
  off_t at = 0;
  while (to >= 0 && at < now.st_size) {
    if (sendfile(to, from, &at, (size_t)(now.st_size - at)) <= 0) {
      failed("copying the library");
      close(to);
      to = -1;
    }
  }
  close(from);
  return to;
}

extern const char __ehdr_start[] __attribute__((visibility("hidden")));

static const struct copy *restart(void) {
  static struct copy restarted;
  if (forked_by_libc != getpid()) {
    strcpy(reason, "it was made by clone(), not by fork()");
    return NULL;
  }
  if (!origin.path) {
    errno = ENOENT;
    failed("the library's own file");
    return NULL;
  }
  int fd = private_file();
  if (fd < 0) return NULL;
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/fd/%d", (int)getpid(), fd);
  void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!handle) {
    snprintf(reason, sizeof reason, "%s", dlerror());
    close(fd);
    return NULL;
  }
  restarted = functions_of(handle);
  /* The same file has the same layout: what it does not export is found where
   * it is here. */
  const char *base = (const char *)restarted.jitdebug_version -
                     ((const char *)jitdebug_version - __ehdr_start);
  __typeof__(gate_adopt) *adopt =
      (__typeof__(gate_adopt) *)(base +
                                 ((const char *)gate_adopt - __ehdr_start));
  struct estate estate = gate_estate();
  int32_t status = adopt(&estate);
  if (status == JITDEBUG_OK) return &restarted;
  snprintf(reason, sizeof reason, "%s", restarted.jitdebug_last_error());
  return NULL;
}

const struct copy *copies_restart(const char **why) {
  /* Whose process the result is of: a child of this one tries anew, even if it
   * was forked in the middle of a restart here. */
  static _Atomic pid_t trying, done;
  static const struct copy *result;
  pid_t self = getpid(), other = trying;
  if (other != self &&
      __atomic_compare_exchange_n(&trying, &other, self, 0, __ATOMIC_SEQ_CST,
                                  __ATOMIC_SEQ_CST)) {
    result = restart();
    done = self;
  }
  while (done != self) usleep(100);
  *why = reason;
  return result;
}
