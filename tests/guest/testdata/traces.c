/*
 * The process is after the load, calls, failing calls and threads what it was
 * before: environment, locale, working directory, umask, limits, open files,
 * timers. Its own limits are what a program that it starts gets, too.
 *
 * usage: traces, or by itself: traces limits SOFT HARD
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <locale.h>
#include <pthread.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include "library.h"

extern char **environ;

enum { LIMITS = RLIM_NLIMITS, VARIABLES = 256, FILES = 64 };

struct state {
  char **environment, *variables[VARIABLES];
  char locale[256], directory[4096];
  mode_t umask;
  struct rlimit limits[LIMITS];
  int files[FILES];
  struct itimerval timers[3];
};

static void take(struct state *state) {
  memset(state, 0, sizeof *state);
  state->environment = environ;
  for (int i = 0; environ[i] && i < VARIABLES; i++)
    state->variables[i] = environ[i];
  snprintf(state->locale, sizeof state->locale, "%s", setlocale(LC_ALL, NULL));
  CHECK(getcwd(state->directory, sizeof state->directory), "getcwd");
  state->umask = umask(0);
  umask(state->umask);
  for (int i = 0; i < LIMITS; i++) getrlimit(i, &state->limits[i]);
  DIR *files = opendir("/proc/self/fd");
  CHECK(files, "/proc/self/fd");
  for (struct dirent *file; (file = readdir(files));) {
    int number = atoi(file->d_name);
    if (file->d_name[0] != '.' && number < FILES && number != dirfd(files))
      state->files[number] = 1;
  }
  closedir(files);
  for (int i = 0; i < 3; i++) getitimer(i, &state->timers[i]);
}

static void compare(const struct state *was, const char *when) {
  static struct state now;
  take(&now);
  CHECK(now.environment == was->environment, "environ moved %s", when);
  CHECK(memcmp(now.variables, was->variables, sizeof now.variables) == 0,
        "the environment is another %s", when);
  CHECK(strcmp(now.locale, was->locale) == 0, "locale %s %s", now.locale, when);
  CHECK(strcmp(now.directory, was->directory) == 0, "%s %s", now.directory,
        when);
  CHECK(now.umask == was->umask, "umask %o %s", now.umask, when);
  for (int i = 0; i < LIMITS; i++)
    CHECK(memcmp(&now.limits[i], &was->limits[i], sizeof now.limits[i]) == 0,
          "limit %d is %lu, %lu, it was %lu, %lu, %s", i,
          now.limits[i].rlim_cur, now.limits[i].rlim_max,
          was->limits[i].rlim_cur, was->limits[i].rlim_max, when);
  for (int i = 0; i < FILES; i++)
    CHECK(now.files[i] == was->files[i], "file %d %s", i, when);
  CHECK(memcmp(now.timers, was->timers, sizeof now.timers) == 0, "timers %s",
        when);
}

static void *thread_main(void *unused) {
  library_exercise();
  for (int i = 0; i < 1000; i++) library_failure();
  return unused;
}

static void compare_limits(char **expected) {
  struct rlimit limit;
  getrlimit(RLIMIT_NOFILE, &limit);
  CHECK(limit.rlim_cur == strtoul(expected[0], NULL, 10) &&
            limit.rlim_max == strtoul(expected[1], NULL, 10),
        "a program that was started has %lu, %lu files", limit.rlim_cur,
        limit.rlim_max);
}

static void start_program(void) {
  char soft[32], hard[32];
  struct rlimit limit;
  pid_t child;
  int status;
  getrlimit(RLIMIT_NOFILE, &limit);
  snprintf(soft, sizeof soft, "%lu", limit.rlim_cur);
  snprintf(hard, sizeof hard, "%lu", limit.rlim_max);
  char *arguments[] = {"traces", "limits", soft, hard, NULL};
  CHECK(posix_spawn(&child, "/proc/self/exe", NULL, NULL, arguments, environ) ==
            0,
        "posix_spawn");
  CHECK(waitpid(child, &status, 0) == child && status == 0, "status %#x",
        status);
}

int main(int argc, char **argv) {
  static struct state was;
  if (argc == 4) {
    compare_limits(argv + 2);
    return 0;
  }
  struct rlimit files = {100, 200}; /* a soft limit that could be raised */
  CHECK(setrlimit(RLIMIT_NOFILE, &files) == 0, "setrlimit");
  setlocale(LC_ALL, "C.UTF-8");
  umask(027);
  take(&was);
  library_load();
  compare(&was, "after the load");
  thread_main(NULL);
  compare(&was, "after calls");
  pthread_t thread;
  pthread_create(&thread, NULL, thread_main, NULL);
  pthread_join(thread, NULL);
  compare(&was, "after calls on another thread");
  start_program();
  return 0;
}
