/*
 * Steps a host (steps_host.c) through each of its calls, one instruction at a
 * time, and after each looks at the descriptor and walks the list, as a
 * debugger could that stopped or attached there.
 *
 * usage: steps HOST
 */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "outside.h"
#include "plan.h"

static struct plan *plan;
static unsigned long step; /* of the present call */
static unsigned done;      /* changes of the present call that were seen */
static unsigned told;      /* of them, those that the debugger was told of */

#define EXPECT(condition, ...)                                                 \
  do {                                                                         \
    if (!(condition)) {                                                        \
      fprintf(stderr,                                                          \
              "%s, after %lu instructions and %u of %u changes: ", plan->name, \
              step, done, plan->changes);                                      \
      fprintf(stderr, __VA_ARGS__);                                            \
      fputc('\n', stderr);                                                     \
      kill(host, SIGKILL);                                                     \
      exit(1);                                                                 \
    }                                                                          \
  } while (0)

/* What was read when the list was last gone through. The next time all of it is
 * read with one system call, and gone through again only if it differs. */
static struct {
  unsigned parts;
  size_t size;
  struct iovec there[3 + 2 * MAX_ENTRIES];
  char bytes[4096 + MAX_ENTRIES * sizeof(struct image)];
} known;

static void note(const void *there, const void *bytes, size_t size) {
  known.there[known.parts++] = (struct iovec){(void *)there, size};
  memcpy(known.bytes + known.size, bytes, size);
  known.size += size;
}

static int all_as_known(void) {
  static char now[sizeof known.bytes];
  struct iovec here = {now, known.size};
  return known.parts &&
         process_vm_readv(host, &here, 1, known.there, known.parts, 0) ==
             (ssize_t)known.size &&
         memcmp(now, known.bytes, known.size) == 0;
}

/* Returns the serial number of a complete entry. */
static uint64_t look(const struct code_entry *at, struct code_entry *entry) {
  struct image image;
  EXPECT(read_image(at, entry, &image),
         "the entry at %p has no whole image: symfile %p, size %llu",
         (void *)at, (void *)entry->symfile, (unsigned long long)entry->size);
  uintptr_t buffer = plan->buffers + (image.serial - 1) * sizeof(struct image);
  EXPECT((image.serial % 2 == 0) == ((uintptr_t)entry->symfile == buffer),
         "image %llu is shown at %p, the caller's buffer is at %p",
         (unsigned long long)image.serial, (void *)entry->symfile,
         (void *)buffer);
  note(at, entry, sizeof *entry);
  note(entry->symfile, &image, sizeof image);
  return image.serial;
}

static void walk(const struct code_entry *first) {
  uint64_t seen[MAX_ENTRIES] = {0};
  struct code_entry entry;
  unsigned length = 0;
  for (const struct code_entry *at = first; at; at = entry.next) {
    EXPECT(length + 1 < MAX_ENTRIES, "the walk does not end");
    seen[length++] = look(at, &entry);
  }
  if (done < plan->changes &&
      memcmp(seen, plan->lists[done + 1], sizeof seen) == 0)
    done++;
  EXPECT(
      memcmp(seen, plan->lists[done], sizeof seen) == 0,
      "the list of %u entries (first %llu) is neither the old nor the new one",
      length, (unsigned long long)seen[0]);
}

static int in_hook(uintptr_t at) {
  return at >= plan->hook && at < plan->hook + plan->hook_size;
}

static struct descriptor descriptor;

static void go_through(void) {
  struct code_entry entry;
  known.parts = known.size = 0;
  EXPECT(read_host(plan->descriptor, &descriptor, sizeof descriptor),
         "no descriptor");
  note(plan->descriptor, &descriptor, sizeof descriptor);
  EXPECT(descriptor.version == 1, "version %u", descriptor.version);
  walk(descriptor.first);
  EXPECT(descriptor.action == ACTION_NONE || descriptor.action == plan->action,
         "action_flag is %u", descriptor.action);
  if (descriptor.action != ACTION_NONE || descriptor.relevant) {
    EXPECT(done > 0, "relevant_entry is set before the list is changed");
    uint64_t relevant = look(descriptor.relevant, &entry);
    EXPECT(relevant == plan->changed[done - 1],
           "relevant_entry is image %llu, the change is about %llu",
           (unsigned long long)relevant,
           (unsigned long long)plan->changed[done - 1]);
  }
}

static uintptr_t program_counter(void) {
  struct user_regs_struct registers;
  struct iovec all = {&registers, sizeof registers};
  EXPECT(ptrace(PTRACE_GETREGSET, host, (void *)1 /* NT_PRSTATUS */, &all) == 0,
         "no registers: %s", strerror(errno));
#if defined(__x86_64__)
  return registers.rip;
#else
  return registers.pc;
#endif
}

static void inspect(void) {
  if (!all_as_known()) go_through();
  /* Where there is no action, a debugger in the hook would not be told. */
  uintptr_t at = descriptor.action ? program_counter() : 0;
  if (at == plan->hook) told++;
  if (in_hook(at)) {
    EXPECT(descriptor.relevant, "the debugger is told of no entry");
    EXPECT(told == done, "the debugger is told %u times", told);
  }
  if (plan->stage == STAGE_RETURNED) {
    EXPECT(done == plan->changes, "a change is missing");
    EXPECT(told == plan->changes, "the debugger was told %u times", told);
    EXPECT(!descriptor.action && !descriptor.relevant,
           "action_flag %u and relevant_entry %p are left", descriptor.action,
           (void *)descriptor.relevant);
  }
}

/* One processor for both saves most of the time that a step takes. */
static void share_processor(void) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(sched_getcpu(), &set);
  sched_setaffinity(0, sizeof set, &set);
  sched_setaffinity(host, sizeof set, &set);
}

/* Resumes the host, and returns false when it has ended well. */
static int resume(enum __ptrace_request how) {
  int status;
  EXPECT(ptrace(how, host, NULL, NULL) == 0, "ptrace: %s", strerror(errno));
  EXPECT(waitpid(host, &status, 0) == host, "waitpid: %s", strerror(errno));
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return 0;
  EXPECT(WIFSTOPPED(status), "the host ended with status %#x", status);
  int expected = how == PTRACE_SINGLESTEP ? SIGTRAP : SIGSTOP;
  EXPECT(WSTOPSIG(status) == expected, "the host stopped with signal %d",
         WSTOPSIG(status));
  return 1;
}

static void step_through_call(void) {
  step = done = told = 0;
  known.parts = 0;
  inspect();
  while (plan->stage != STAGE_RETURNED) {
    EXPECT(step < 5000000, "the call does not return");
    EXPECT(resume(PTRACE_SINGLESTEP), "the host has ended");
    step++;
    inspect();
  }
  printf("%6lu instructions: %s\n", step, plan->name);
}

int main(int argc, char **argv) {
  CHECK(argc == 2, "usage: steps HOST");
  int memory = memfd_create("plan", 0);
  CHECK(memory >= 0 && ftruncate(memory, sizeof *plan) == 0 &&
            dup2(memory, PLAN_FD) == PLAN_FD,
        "no memory to share");
  plan =
      mmap(NULL, sizeof *plan, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
  CHECK(plan != MAP_FAILED, "no memory to share");
  host = fork();
  CHECK(host >= 0, "fork");
  if (host == 0) {
    ptrace(PTRACE_TRACEME, 0, NULL, NULL);
    raise(SIGSTOP);
    execl(argv[1], argv[1], NULL);
    _exit(127);
  }
  int status;
  CHECK(waitpid(host, &status, 0) == host && WIFSTOPPED(status), "no host");
  ptrace(PTRACE_SETOPTIONS, host, NULL,
         (void *)(PTRACE_O_EXITKILL | PTRACE_O_TRACEEXEC));
  ptrace(PTRACE_CONT, host, NULL, NULL);
  CHECK(waitpid(host, &status, 0) == host &&
            status >> 8 == (SIGTRAP | PTRACE_EVENT_EXEC << 8),
        "no exec");
  unsigned calls = 0;
  unsigned long steps = 0;
  while (resume(PTRACE_CONT)) {
    if (calls == 0) share_processor();
    step_through_call();
    calls++;
    steps += step;
  }
  CHECK(calls > 0, "the host made no calls");
  printf("%lu walks in %u calls\n", steps, calls);
  return 0;
}
