/* Ways of loading and of unloading.
 *
 * usage: loading close|local|lazy|thread|churn, or: loading race DELAY */
#define _GNU_SOURCE
#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "library.h"

enum { CHURN = 4000 };

static void run_thread(void *(*run)(void *)) {
  pthread_t thread;
  CHECK(pthread_create(&thread, NULL, run, NULL) == 0, "no thread");
  pthread_join(thread, NULL);
}

static void *exercise(void *unused) {
  library_exercise();
  return unused;
}

static void closed_library_works(void) {
  library_load();
  library_exercise();
  for (int i = 0; i < 3; i++) CHECK(dlclose(library) == 0, "%s", dlerror());
  run_thread(exercise);
  library_exercise();
  library_load();
  library_exercise();
}

static void *load(void *unused) {
  library_load();
  return unused;
}

static void loaded_by_thread_that_ends(void) {
  run_thread(load);
  library_exercise();
  run_thread(exercise);
}

/* Handlers that another thread sets during the load are there afterwards. */
static const int signals[] = {SIGUSR1, SIGSEGV, SIGPIPE, SIGURG, SIGTERM};

enum { HANDLED = sizeof signals / sizeof signals[0] };

static pthread_barrier_t both;

static void first_handler(int signal) { (void)signal; }

static void second_handler(int signal) { (void)signal; }

static void set_handlers(void (*handler)(int)) {
  struct sigaction set = {.sa_handler = handler};
  for (int i = 0; i < HANDLED; i++)
    CHECK(sigaction(signals[i], &set, NULL) == 0, "sigaction");
}

static void *set_second_handlers(void *argument) {
  pthread_barrier_wait(&both);
  for (volatile long i = (intptr_t)argument; i > 0; i--) continue;
  set_handlers(second_handler);
  return NULL;
}

static void loaded_in_a_race(long delay) {
  pthread_t thread;
  pthread_barrier_init(&both, NULL, 2);
  set_handlers(first_handler);
  pthread_create(&thread, NULL, set_second_handlers, (void *)(intptr_t)delay);
  pthread_barrier_wait(&both);
  library_load();
  pthread_join(thread, NULL);
  for (int i = 0; i < HANDLED; i++) {
    struct sigaction now;
    CHECK(sigaction(signals[i], NULL, &now) == 0, "sigaction");
    CHECK(now.sa_handler == second_handler,
          "the handler of %s, signal %d, is %s", strsignal(signals[i]),
          signals[i],
          now.sa_handler == first_handler ? "the one of before" : "another");
  }
  library_exercise();
}

static long resident(void) {
  long size, pages = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  CHECK(file && fscanf(file, "%ld %ld", &size, &pages) == 2, "statm");
  fclose(file);
  return pages * sysconf(_SC_PAGESIZE);
}

static long thread_count(void) {
  long count = 0;
  DIR *tasks = opendir("/proc/self/task");
  CHECK(tasks, "/proc/self/task");
  while (readdir(tasks)) count++;
  closedir(tasks);
  return count;
}

static void *one_pair(void *unused) {
  library_pair();
  library_failure();
  return unused;
}

/* What may grow has done so before the threads: the quarantine of handles, and
 * Go's heap, whose first collection comes at 4 MiB. */
static void short_lived_threads(void) {
  library_load();
  for (int i = 0; i < 100000; i++) one_pair(NULL);
  run_thread(one_pair);
  long memory = resident(), threads = thread_count();
  for (int i = 0; i < CHURN; i++) run_thread(one_pair);
  CHECK(resident() < memory + (1536 << 10), "%ld bytes more",
        resident() - memory);
  CHECK(thread_count() <= threads + 2, "%ld threads, there were %ld",
        thread_count(), threads);
}

int main(int argc, char **argv) {
  const char *way = argc >= 2 ? argv[1] : "";
  if (strcmp(way, "close") == 0) {
    closed_library_works();
  } else if (strcmp(way, "local") == 0) {
    library_load_flags(RTLD_LOCAL | RTLD_NOW);
    library_exercise();
  } else if (strcmp(way, "lazy") == 0) {
    library_load_flags(RTLD_GLOBAL | RTLD_LAZY);
    library_exercise();
  } else if (strcmp(way, "thread") == 0) {
    loaded_by_thread_that_ends();
  } else if (strcmp(way, "race") == 0) {
    loaded_in_a_race(argc == 3 ? atol(argv[2]) : 0);
  } else if (strcmp(way, "churn") == 0) {
    short_lived_threads();
  } else {
    CHECK(0, "no way %s", way);
  }
  return 0;
}
