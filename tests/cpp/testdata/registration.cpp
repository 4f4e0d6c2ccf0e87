/* What jitdebug.hpp promises, with exceptions or without. */
#include <array>
#include <cstdio>
#include <cstring>
#include <jitdebug.hpp>
#include <list>
#include <string_view>
#include <vector>

#include "check.h"
#include "process.h"

#define HOLDS(...) CHECK((__VA_ARGS__), "does not hold")

namespace {

using jitdebug::errc;
using jitdebug::flags;
using jitdebug::image_view;
using jitdebug::registration;

using bytes = std::vector<std::byte>;

bytes elf(unsigned serial = 1) {
  bytes made(IMAGE_SIZE);
  make_image(made.data(), serial);
  return made;
}

registration registered(unsigned serial = 1) {
  std::error_code error;
  registration made(elf(serial), error);
  HOLDS(!error);
  return made;
}

static_assert(!std::is_copy_constructible_v<registration>);
static_assert(!std::is_copy_assignable_v<registration>);
static_assert(std::is_nothrow_move_constructible_v<registration>);
static_assert(std::is_nothrow_move_assignable_v<registration>);
static_assert(std::is_nothrow_swappable_v<registration>);
static_assert(!std::is_convertible_v<registration, bool>);
static_assert(!std::is_constructible_v<image_view, const std::vector<int> &>);
static_assert(sizeof(registration) == sizeof(void *));

void leaving_a_scope_unregisters() {
  {
    registration code = registered();
    HOLDS(code);
    HOLDS(images_listed() == 1);
  }
  HOLDS(images_listed() == 0);
}

void moved_from_is_empty() {
  registration first = registered();
  jitdebug_registration *handle = first.get();
  registration second(std::move(first));
  HOLDS(!first);
  HOLDS(first.get() == nullptr);
  HOLDS(second.get() == handle);
  HOLDS(images_listed() == 1);

  registration third = registered(3);
  third = std::move(second);
  HOLDS(!second);
  HOLDS(third.get() == handle);
  HOLDS(images_listed() == 1);

  registration &same = third;
  third = std::move(same);
  HOLDS(third.get() == handle);

  swap(first, third);
  HOLDS(!third);
  HOLDS(first.get() == handle);
}

void reset_unregisters_now() {
  registration code = registered();
  HOLDS(!code.reset());
  HOLDS(!code);
  HOLDS(images_listed() == 0);
  HOLDS(!code.reset());
}

void release_keeps_registered() {
  jitdebug_registration *handle;
  {
    registration code = registered();
    handle = code.release();
    HOLDS(!code);
  }
  HOLDS(images_listed() == 1);
  registration again(handle);
  HOLDS(!again.reset());
  HOLDS(images_listed() == 0);
}

void images_are_copied_or_borrowed() {
  std::error_code error;
  const bytes data = elf();
  registration copied(data, error);
  image_view read = copied.image(0, error);
  HOLDS(!error);
  HOLDS(read.data != data.data());
  HOLDS(read.size == data.size());
  HOLDS(std::memcmp(read.data, data.data(), data.size()) == 0);

  registration borrowed(data, flags::borrow | flags::nowait, error);
  HOLDS(!error);
  HOLDS(borrowed.image(0, error).data == data.data());

  registration second(data, flags::borrow, error);
  HOLDS(!second);
  HOLDS(error == errc::duplicate);

  HOLDS(borrowed.image(1, error).data == nullptr);
  HOLDS(error == errc::argument);
}

void bytes_of_every_kind() {
  std::error_code error;
  const bytes data = elf();
  unsigned char array[IMAGE_SIZE];
  std::memcpy(array, data.data(), sizeof array);
  const std::string_view text(reinterpret_cast<const char *>(array),
                              sizeof array);
  const jitdebug_image plain = {array, sizeof array};
  HOLDS(registration(array, error));
  HOLDS(registration(text, error));
  HOLDS(registration(plain, error));
  HOLDS(registration({array, sizeof array}, error));
#ifdef __cpp_lib_span
  const std::span<const std::byte> span(data);
  registration code(span, error);
  HOLDS(code);
  const std::span<const std::byte> read = code.image(0, error);
  HOLDS(read.size() == span.size());
  HOLDS(std::memcmp(read.data(), span.data(), span.size()) == 0);
#endif
}

void batches_are_all_or_none() {
  std::error_code error;
  const bytes a = elf(1), b = elf(2);
  const std::string_view bad = "no image";
  {
    registration code =
        registration::batch(std::array<image_view, 2>{a, b}, error);
    HOLDS(!error);
    HOLDS(images_listed() == 2);
    const image_view second = code.image(1, error);
    HOLDS(std::memcmp(second.data, b.data(), b.size()) == 0);
  }
  HOLDS(images_listed() == 0);

  registration none =
      registration::batch(std::vector<image_view>{a, bad}, error);
  HOLDS(!none);
  HOLDS(error == errc::image);
  HOLDS(std::strstr(jitdebug_last_error(), "image 1") != nullptr);
  HOLDS(images_listed() == 0);

  const jitdebug_image plain[] = {{a.data(), a.size()}, {b.data(), b.size()}};
  HOLDS(registration::batch(plain, flags::borrow, error));
}

/* Whatever the images are in, and whatever they are. */
void batches_are_of_any_range() {
  std::error_code error;
  const bytes a = elf(1), b = elf(2);
  const auto both = [&](registration code) {
    HOLDS(!error);
    HOLDS(images_listed() == 2);
    HOLDS(code.image(0, error).size == a.size());
    const image_view second = code.image(1, error);
    HOLDS(std::memcmp(second.data, b.data(), b.size()) == 0);
  };
  both(registration::batch({a, b}, error));
  both(registration::batch({a, b}, flags::nowait, error));
  both(registration::batch(std::vector<bytes>{a, b}, error));
  both(registration::batch(std::list<bytes>{a, b}, error));
  const std::string_view text(reinterpret_cast<const char *>(a.data()),
                              a.size());
  const std::string_view more(reinterpret_cast<const char *>(b.data()),
                              b.size());
  both(registration::batch(std::array{text, more}, error));
  const bytes row[] = {a, b};
  both(registration::batch(row, error));
  HOLDS(images_listed() == 0);

  const std::vector<bytes> lent = {a, b};
  registration borrowed = registration::batch(lent, flags::borrow, error);
  HOLDS(borrowed.image(1, error).data == lent[1].data());
  HOLDS(!borrowed.reset());

  HOLDS(!registration::batch(std::vector<bytes>(), error));
  HOLDS(error == errc::argument);
}

/* What nobody runs. */
alignas(16) const unsigned char machine_code[64] = {0xc3};

/* Whether an image says so: names lie in it as they are. */
bool mentions(image_view image, std::string_view text) {
  return std::string_view(static_cast<const char *>(image.data), image.size)
             .find(text) != std::string_view::npos;
}

void functions_need_no_image() {
  const std::vector<jitdebug::line> lines = {{0, 3, 0}, {8, 4, 7}};
  const std::array<unsigned char, 2> advance_and_keep = {0x41, 0x0a};
  std::error_code error;
  const auto first = jitdebug::function("first one", machine_code, 16)
                         .source("program.js", lines)
                         .frame_pointer();
  const auto second = jitdebug::function("a::b<c>", machine_code + 16, 16)
                          .frame_rules(advance_and_keep);
  {
    registration code(first, error);
    HOLDS(!error);
    HOLDS(images_listed() == 1);
    const image_view written = code.image(0, error);
    HOLDS(mentions(written, "first one"));
    HOLDS(mentions(written, "program.js"));
  }
  HOLDS(images_listed() == 0);
  {
    registration code =
        registration::functions(std::vector{first, second}, error);
    HOLDS(!error);
    HOLDS(images_listed() == 1);
    HOLDS(mentions(code.image(0, error), "a::b<c>"));
  }
  HOLDS(images_listed() == 0);

  HOLDS(registration::functions({first, second}, error));
  HOLDS(registration::functions({first}, flags::nowait, error));

  const jitdebug_function plain[] = {second, first, first};
  HOLDS(!registration::functions(plain, flags::nowait, error));
  HOLDS(error == errc::argument);
  HOLDS(std::strstr(jitdebug_last_error(), "first one") != nullptr);

  registration none(jitdebug::function(nullptr, machine_code, 1), error);
  HOLDS(!none);
  HOLDS(error == errc::argument);
}

/* An object file of this program, as the compiler wrote it. */
void objects_are_placed() {
  std::error_code error;
  bytes object;
  std::FILE *file = std::fopen(OBJECT, "rb");
  for (int c; (c = std::getc(file)) != EOF;) object.push_back(std::byte(c));
  std::fclose(file);

  const jitdebug::section text(".text", machine_code);
  registration code = registration::object(object, std::array{text}, error);
  HOLDS(!error);
  HOLDS(images_listed() == 1);
  HOLDS(!code.reset());
  HOLDS(registration::object(object, {{".text", machine_code}}, error));

  const jitdebug::section wrong[] = {{".nowhere", machine_code}};
  HOLDS(!registration::object(object, wrong, flags::nowait, error));
  HOLDS(error == errc::argument);
  HOLDS(std::strstr(jitdebug_last_error(), ".nowhere") != nullptr);
  HOLDS(!registration::object(
      object, std::array{jitdebug::section(9999, object.data())}, error));
}

void errors_have_a_category() {
  std::error_code error;
  registration none(image_view(), error);
  HOLDS(!none);
  HOLDS(error == errc::argument);
  HOLDS(error == std::errc::invalid_argument);
  HOLDS(error.value() == JITDEBUG_E_ARGUMENT);
  HOLDS(error.category() == jitdebug::category());
  HOLDS(std::strcmp(error.category().name(), "jitdebug") == 0);
  HOLDS(std::strcmp(error.message().c_str(), "invalid argument") == 0);

  registration code(elf(), error);
  HOLDS(!error);

  jitdebug_unregister(code.get());
  error = code.reset();
  HOLDS(error == errc::stale);
  HOLDS(error != std::errc::invalid_argument);
  HOLDS(!code);

  int foreign;
  registration other(reinterpret_cast<jitdebug_registration *>(&foreign));
  HOLDS(other.reset() == errc::handle);

  HOLDS(make_error_code(errc::memory) == std::errc::not_enough_memory);
  HOLDS(make_error_code(errc::busy) == std::errc::device_or_resource_busy);
  HOLDS(make_error_code(errc::unsupported) == std::errc::not_supported);
}

#ifdef __cpp_exceptions
template <class Call>
void throws(Call call, errc code) {
  try {
    call();
  } catch (const std::system_error &error) {
    HOLDS(error.code() == code);
    HOLDS(std::strstr(error.what(), jitdebug_last_error()) != nullptr);
    HOLDS(*jitdebug_last_error());
    return;
  }
  HOLDS(!"nothing was thrown");
}

void failures_are_thrown() {
  const std::string_view bad = "no image";
  const bytes good = elf();
  throws([&] { registration code(bad); }, errc::image);
  throws([&] { registration::batch(std::array<image_view, 2>{good, bad}); },
         errc::image);
  throws([] { registration().image(0); }, errc::argument);
  HOLDS(images_listed() == 0);

  const auto nowhere = jitdebug::function("nowhere", nullptr, 1);
  throws([&] { registration code(nowhere); }, errc::argument);
  throws([&] { registration::functions(std::array{nowhere}); }, errc::argument);
  const jitdebug::section text(".text", machine_code);
  throws([&] { registration::object(bad, std::array{text}); }, errc::image);

  registration code(good, flags::borrow);
  HOLDS(code.image(0).data == good.data());
  registration batch = registration::batch(std::array<image_view, 1>{good});
  HOLDS(images_listed() == 2);
  HOLDS(registration::batch({good, good}));
  HOLDS(registration::batch(std::vector<bytes>{good}));
}

void unwinding_unregisters() {
  try {
    registration code(elf());
    HOLDS(images_listed() == 1);
    throw 1;
  } catch (int) {
  }
  HOLDS(images_listed() == 0);
}
#endif

}  // namespace

int main() {
  void (*const cases[])() = {
      leaving_a_scope_unregisters,   moved_from_is_empty,
      reset_unregisters_now,         release_keeps_registered,
      images_are_copied_or_borrowed, bytes_of_every_kind,
      batches_are_all_or_none,       errors_have_a_category,
      functions_need_no_image,       objects_are_placed,
      batches_are_of_any_range,
#ifdef __cpp_exceptions
      failures_are_thrown,           unwinding_unregisters,
#endif
  };
  for (auto run : cases) {
    run();
    HOLDS(images_listed() == 0);
  }
}
