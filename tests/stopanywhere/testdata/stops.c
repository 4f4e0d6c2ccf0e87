/*
 * Stops all threads of a busy host (stops_host.c), again and again, each
 * wherever it is, and looks at the descriptor and walks the list.
 *
 * usage: stops HOST COUNT
 */
#define _GNU_SOURCE
#include "stops.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "outside.h"

static unsigned long walks, entries, notifications;

#define EXPECT(condition, ...)                     \
  do {                                             \
    if (!(condition)) {                            \
      fprintf(stderr, "at stop %lu: ", walks + 1); \
      fprintf(stderr, __VA_ARGS__);                \
      fputc('\n', stderr);                         \
      kill(host, SIGKILL);                         \
      exit(1);                                     \
    }                                              \
  } while (0)

static void look(const struct code_entry *at, struct code_entry *entry) {
  struct image image;
  EXPECT(read_image(at, entry, &image),
         "the entry at %p has no whole image: symfile %p, size %llu",
         (void *)at, (void *)entry->symfile, (unsigned long long)entry->size);
}

static void walk(const struct descriptor *descriptor) {
  struct descriptor now;
  struct code_entry entry;
  EXPECT(read_host(descriptor, &now, sizeof now), "no descriptor");
  EXPECT(now.version == 1, "version %u", now.version);
  EXPECT(now.action <= ACTION_UNREGISTER, "action_flag is %u", now.action);
  unsigned length = 0;
  for (const struct code_entry *at = now.first; at; at = entry.next) {
    EXPECT(length++ < THREADS * KEPT * BATCH, "the walk does not end");
    look(at, &entry);
  }
  if (now.action) {
    EXPECT(now.relevant, "action_flag is %u with no entry", now.action);
    look(now.relevant, &entry);
    notifications++;
  }
  entries += length;
}

int main(int argc, char **argv) {
  CHECK(argc == 3, "usage: stops HOST COUNT");
  unsigned long count = strtoul(argv[2], NULL, 10);
  int memory = memfd_create("stops", 0);
  CHECK(memory >= 0 && ftruncate(memory, sizeof(struct shared)) == 0 &&
            dup2(memory, STOPS_FD) == STOPS_FD,
        "no memory to share");
  struct shared *shared =
      mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
  CHECK(shared != MAP_FAILED, "no memory to share");
  host = fork();
  CHECK(host >= 0, "no process");
  if (host == 0) {
    execl(argv[1], argv[1], NULL);
    _exit(127);
  }
  int status;
  while (!shared->descriptor) {
    EXPECT(waitpid(host, &status, WNOHANG) == 0, "the host has ended");
    usleep(1000);
  }
  unsigned random = 1;
  for (; walks < count; walks++) {
    usleep(rand_r(&random) % 500);
    kill(host, SIGSTOP);
    EXPECT(waitpid(host, &status, WUNTRACED) == host && WIFSTOPPED(status),
           "the host ended with status %#x", status);
    walk(shared->descriptor);
    kill(host, SIGCONT);
  }
  shared->finish = 1;
  EXPECT(waitpid(host, &status, 0) == host && status == 0,
         "the host ended with status %#x", status);
  CHECK(entries > 0, "no entry was ever seen");
  printf("%lu walks over %lu entries, %lu of them in a notification\n", walks,
         entries, notifications);
  return 0;
}
