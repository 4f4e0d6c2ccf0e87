// What the adapter promises a JIT, case by case, for both linking layers.
#include <dlfcn.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "check.h"
#include "jitdebug_llvm.hpp"
#include "runtime.h"
#include "session.hpp"

using namespace llvm;
using namespace llvm::orc;

// The adapter's calls come here: a program's own symbols come first.
static std::atomic<bool> refuse;

extern "C" int32_t jitdebug_register(const void *image, size_t size,
                                     uint32_t flags,
                                     jitdebug_registration **registration) {
  static auto real = reinterpret_cast<decltype(&jitdebug_register)>(
      dlsym(RTLD_NEXT, "jitdebug_register"));
  return real(refuse ? nullptr : image, size, flags, registration);
}

extern "C" int32_t jitdebug_unregister(jitdebug_registration *registration) {
  static auto real = reinterpret_cast<decltype(&jitdebug_unregister)>(
      dlsym(RTLD_NEXT, "jitdebug_unregister"));
  int32_t status = real(registration);
  return refuse && status == JITDEBUG_OK ? real(registration) : status;
}

#define TRUE(condition) CHECK(condition, "%s", __PRETTY_FUNCTION__)
#define EQUAL(got, want)                                               \
  CHECK((got) == (want), "%ld is not %ld, %s", static_cast<long>(got), \
        static_cast<long>(want), __PRETTY_FUNCTION__)
#define BETWEEN(got, least, most)                                         \
  CHECK((got) >= (least) && (got) <= (most), "%ld is not %ld to %ld, %s", \
        static_cast<long>(got), static_cast<long>(least),                 \
        static_cast<long>(most), __PRETTY_FUNCTION__)

namespace {

struct Fixture {
  std::unique_ptr<LLJIT> jit;
  std::mutex mutex;
  std::vector<std::string> errors;
  long defunct = 0;  // of them, those of a tracker that had gone

  explicit Fixture(Layer layer)
      : jit(makeJIT(layer, jitdebug::enableDebuggerSupport)) {
    jit->getExecutionSession().setErrorReporter([this](Error error) {
      std::lock_guard<std::mutex> lock(mutex);
      defunct += error.isA<ResourceTrackerDefunct>();
      errors.push_back(toString(std::move(error)));
    });
  }

  // Compiles a function that returns 7, or what a function that nobody has
  // returns.
  ResourceTrackerSP add(const char *name, bool broken = false) {
    auto tracker = jit->getMainJITDylib().createResourceTracker();
    cantFail(jit->addIRModule(tracker,
                              parse(broken ? "declare i32 @absent()\n"
                                             "define i32 @f() {\n"
                                             "  %1 = call i32 @absent()\n"
                                             "  ret i32 %1\n"
                                             "}\n"
                                           : "define i32 @f() { ret i32 7 }\n",
                                    "f", name)));
    return tracker;
  }

  int call(const char *name) {
    return cantFail(jit->lookup(name)).toPtr<int()>()();
  }
};

template <Layer layer>
void removed_with_its_tracker() {
  Fixture f(layer);
  auto a = f.add("a"), b = f.add("b");
  EQUAL(list_count(), 0);
  EQUAL(f.call("a"), 7);
  EQUAL(list_count(), 1);
  f.call("b");
  EQUAL(list_count(), 2);
  cantFail(a->remove());
  EQUAL(list_count(), 1);
  cantFail(b->remove());
  EQUAL(list_count(), 0);
  EQUAL(f.errors.size(), 0);
}

template <Layer layer>
void removed_with_the_session() {
  {
    Fixture f(layer);
    f.add("a");
    f.call("a");
    EQUAL(list_count(), 1);
  }
  EQUAL(list_count(), 0);
}

template <Layer layer>
void goes_where_its_resources_go() {
  Fixture f(layer);
  auto a = f.add("a"), b = f.add("b");
  f.call("a");
  f.call("b");
  a->transferTo(*b);
  EQUAL(list_count(), 2);
  cantFail(b->remove());
  EQUAL(list_count(), 0);
}

template <Layer layer>
void failed_link_leaves_nothing() {
  Fixture f(layer);
  auto a = f.add("a", true);
  auto found = f.jit->lookup("a");
  TRUE(!found);
  consumeError(found.takeError());
  EQUAL(list_count(), 0);
  cantFail(a->remove());
  f.add("b");
  EQUAL(f.call("b"), 7);
  EQUAL(list_count(), 1);
}

template <Layer layer>
void refusals_are_reported() {
  Fixture f(layer);
  auto a = f.add("a");
  refuse = true;
  int result = f.call("a");
  refuse = false;
  EQUAL(result, 7);
  EQUAL(list_count(), 0);
  EQUAL(f.errors.size(), 1);
  TRUE(StringRef(f.errors[0]).starts_with("jitdebug_register: "));
  TRUE(StringRef(f.errors[0]).contains("image"));
  cantFail(a->remove());
  EQUAL(f.errors.size(), 1);

  auto b = f.add("b");
  f.call("b");
  refuse = true;
  Error error = b->remove();
  refuse = false;
  TRUE(!error);
  EQUAL(f.errors.size(), 2);
  TRUE(StringRef(f.errors[1]).starts_with("jitdebug_unregister: "));
}

template <Layer layer>
void any_number_of_threads() {
  Fixture f(layer);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; i++)
    threads.emplace_back([&f, i] {
      for (int round = 0; round < 25; round++) {
        auto name = "f" + std::to_string(i) + "_" + std::to_string(round);
        auto tracker = f.add(name.c_str());
        if (f.call(name.c_str()) != 7) abort();
        if (round % 5) cantFail(tracker->remove());
      }
    });
  for (auto &thread : threads) thread.join();
  // A thread may compile for another one. RTDyld lets that one run its code,
  // and remove it, before it has noted itself whose memory it is; it reports
  // that, and frees the memory without a word to its listeners.
  long forgotten = layer == Layer::RTDyld ? f.defunct : 0;
  BETWEEN(list_count(), 4 * 5, 4 * 5 + forgotten);
  f.jit.reset();
  BETWEEN(list_count(), 0, forgotten);
  EQUAL(static_cast<long>(f.errors.size()), forgotten);
}

template <Layer layer>
void run() {
  removed_with_its_tracker<layer>();
  removed_with_the_session<layer>();
  goes_where_its_resources_go<layer>();
  failed_link_leaves_nothing<layer>();
  refusals_are_reported<layer>();
  any_number_of_threads<layer>();
}

}  // namespace

int run_cases() {
  run<Layer::JITLink>();
  run<Layer::RTDyld>();
  return 0;
}
