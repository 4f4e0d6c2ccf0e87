// A process with four runtimes that generate code: one in C, one in a plugin
// with its own copy of the library, ORC, and one in C++.
//
//   host runtimes|own MODULE PLUGIN LIBRARY ROUNDS
//   host jitlink|rtdyld OBJECT
//   host cases
#include <dlfcn.h>
#include <llvm/ExecutionEngine/Orc/Debugging/DebuggerSupport.h>
#include <llvm/Support/TargetSelect.h>

#include <array>
#include <atomic>
#include <string>
#include <thread>

#include "check.h"
#include "jitdebug.hpp"
#include "jitdebug_llvm.hpp"
#include "runtime.h"
#include "session.hpp"

using namespace llvm;
using namespace llvm::orc;

int run_cases();

// Where a debugger stops.
extern "C" __attribute__((noinline)) void reached(struct link *) {
  asm volatile("" ::: "memory");
}

static ExitOnError check("host: ");
static std::unique_ptr<LLJIT> jit;
static std::string source;

struct orc_code : code {
  ResourceTrackerSP tracker;

  // The function has its name in the module from the debug information; its
  // symbol is called "name".
  explicit orc_code(const char *name) {
    tracker = jit->getMainJITDylib().createResourceTracker();
    check(jit->addIRModule(tracker, parse(source, "orc_function", name)));
    function = check(jit->lookup(name)).toPtr<void(struct link *)>();
  }
  ~orc_code() { check(tracker->remove()); }
};

struct cxx_code : code {
  emitted made;
  jitdebug::registration registration;

  explicit cxx_code(const char *name)
      : made(emit(name)),
        registration(jitdebug::image_view(made.image, made.size)) {
    function = made.function;
  }
  ~cxx_code() {
    registration.reset();
    unemit(&made);
  }
};

template <class Code>
constexpr runtime of{[](const char *name) -> code * { return new Code(name); },
                     [](code *code) { delete static_cast<Code *>(code); }};

static const runtime &load_plugin(const char *path, const char *library) {
  void *plugin = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  CHECK(plugin, "%s", dlerror());
  reinterpret_cast<void (*)(const char *)>(dlsym(plugin, "plugin_load"))(
      library);
  return *static_cast<const runtime *>(dlsym(plugin, "plugin_runtime"));
}

static void call(const std::array<code *, 4> &codes) {
  std::array<struct link, 4> links;
  for (size_t i = 0; i < codes.size(); i++)
    links[i] = {i + 1 < codes.size() ? codes[i + 1]->function : reached,
                i + 1 < codes.size() ? &links[i + 1] : nullptr};
  codes[0]->function(&links[0]);
}

static int runtimes(const char *plugin, const char *library, int rounds,
                    bool own) {
  jit =
      makeJIT(Layer::JITLink,
              own ? [](LLJIT &J) { return llvm::orc::enableDebuggerSupport(J); }
                  : jitdebug::enableDebuggerSupport);
  const runtime all[] = {linked_runtime, load_plugin(plugin, library),
                         of<orc_code>, of<cxx_code>};
  const char *names[] = {"linked_function", "plugin_function", "orc_function",
                         "cxx_function"};
  const long expected = own ? 3 : 4;

  std::array<code *, 4> codes;
  for (int i = 0; i < 4; i++) codes[i] = all[i].make(names[i]);
  CHECK(list_count() == expected, "%ld", list_count());
  call(codes);

  // While ORC makes its rounds, the others make as many as they can.
  std::atomic<bool> done = false;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; i++)
    threads.emplace_back([&, i] {
      bool is_orc = i == 2;
      for (int round = 0; is_orc ? round < rounds : !done; round++) {
        auto name = std::string(names[i]).substr(0, 6) + std::to_string(round);
        code *next = all[i].make(name.c_str());
        all[i].destroy(codes[i]);
        codes[i] = next;
      }
      if (is_orc) done = true;
    });
  for (auto &thread : threads) thread.join();
  CHECK(list_count() == expected, "%ld", list_count());

  for (int i = 0; i < 4; i++) {
    all[i].destroy(codes[i]);
    codes[i] = all[i].make(names[i]);
  }
  call(codes);

  for (int i = 0; i < 4; i++) all[i].destroy(codes[i]);
  CHECK(list_count() == 0, "%ld", list_count());
  jit.reset();
  puts("host: nothing was lost");
  return 0;
}

// Links an object file as it is, and calls "outer".
static int link_object(Layer layer, const char *path) {
  jit = makeJIT(layer, jitdebug::enableDebuggerSupport);
  check(jit->addObjectFile(
      check(errorOrToExpected(MemoryBuffer::getFile(path)))));
  auto outer = check(jit->lookup("outer")).toPtr<void(struct link *)>();
  struct link link = {reached, nullptr};
  outer(&link);
  jit.reset();
  return 0;
}

int main(int argc, char **argv) {
  std::string mode = argc > 1 ? argv[1] : "";
  InitializeNativeTarget();
  InitializeNativeTargetAsmPrinter();
  if (mode == "cases") return run_cases();
  if (mode == "jitlink" || mode == "rtdyld")
    return link_object(mode == "jitlink" ? Layer::JITLink : Layer::RTDyld,
                       argv[2]);
  CHECK(argc == 6, "usage: see above");
  source = check(errorOrToExpected(MemoryBuffer::getFile(argv[2])))
               ->getBuffer()
               .str();
  return runtimes(argv[3], argv[4], atoi(argv[5]), mode == "own");
}
