/*
 * libjitdebug for C++17 and later: a registration that ends with its scope.
 *
 *   std::vector<std::byte> elf = generate();
 *   jitdebug::registration code(elf);  // throws std::system_error
 *
 * or, without exceptions,
 *
 *   std::error_code error;
 *   jitdebug::registration code(elf, jitdebug::flags::borrow, error);
 *   if (error == jitdebug::errc::image) std::puts(jitdebug_last_error());
 *
 * With -fno-exceptions only the forms with an error code are there; RTTI is
 * never needed. What the functions do, and what they promise about threads,
 * forked children and memory, stands in jitdebug.h. Since 1.0.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef JITDEBUG_HPP
#define JITDEBUG_HPP

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <new>
#include <string>
#include <system_error>
#include <type_traits>
#include <utility>
#if __cplusplus >= 202002L
#include <span>
#endif

#include "jitdebug.h"

namespace jitdebug {

/* The failing statuses. */
enum class errc : std::int32_t {
  argument = JITDEBUG_E_ARGUMENT,
  handle = JITDEBUG_E_HANDLE,
  stale = JITDEBUG_E_STALE,
  image = JITDEBUG_E_IMAGE,
  memory = JITDEBUG_E_MEMORY,
  busy = JITDEBUG_E_BUSY,
  forked = JITDEBUG_E_FORKED,
  duplicate = JITDEBUG_E_DUPLICATE,
  unsupported = JITDEBUG_E_UNSUPPORTED,
  internal = JITDEBUG_E_INTERNAL
};

namespace detail {

class category final : public std::error_category {
 public:
  const char *name() const noexcept override { return "jitdebug"; }

  std::string message(int status) const override {
    return jitdebug_status_string(status);
  }

  /* So that error == std::errc::not_enough_memory holds, where there is such a
   * condition. */
  std::error_condition default_error_condition(
      int status) const noexcept override {
    switch (static_cast<errc>(status)) {
      case errc::argument:
        return std::errc::invalid_argument;
      case errc::memory:
        return std::errc::not_enough_memory;
      case errc::busy:
        return std::errc::device_or_resource_busy;
      case errc::unsupported:
        return std::errc::not_supported;
      default:
        return {status, *this};
    }
  }
};

/* What a container's elements are, if they lie in a row. */
template <class Container, class = void>
struct element {
  using type = void;
};
template <class Container>
struct element<Container,
               std::void_t<decltype(std::data(std::declval<Container &>())),
                           decltype(std::size(std::declval<Container &>()))>> {
  using type = std::remove_cv_t<
      std::remove_pointer_t<decltype(std::data(std::declval<Container &>()))>>;
};
template <class Container>
using element_t = typename element<const Container>::type;

/* Whether C can read them as they are. */
template <class Container, class... Elements>
inline constexpr bool in_a_row =
    (std::is_same_v<element_t<Container>, Elements> || ...);

template <class T>
inline constexpr bool is_byte =
    std::is_same_v<T, std::byte> || std::is_same_v<T, unsigned char> ||
    std::is_same_v<T, signed char> || std::is_same_v<T, char>;

}  // namespace detail

/* The category of this library's error codes, whose values are statuses. */
inline const std::error_category &category() noexcept {
  static const detail::category instance;
  return instance;
}

inline std::error_code make_error_code(errc status) noexcept {
  return {static_cast<int>(status), category()};
}

/* How to register; combined with |. */
enum class flags : std::uint32_t {
  none = 0,
  borrow = JITDEBUG_BORROW,
  nowait = JITDEBUG_NOWAIT,
  opaque = JITDEBUG_OPAQUE
};

constexpr flags operator|(flags a, flags b) noexcept {
  return static_cast<flags>(static_cast<std::uint32_t>(a) |
                            static_cast<std::uint32_t>(b));
}

/* An ELF image in memory: a pointer and a size in bytes, or anything of bytes
 * that lie in a row, such as a vector, an array, a span or a string_view. */
struct image_view : jitdebug_image {
  constexpr image_view() noexcept : jitdebug_image{nullptr, 0} {}
  constexpr image_view(const void *first, std::size_t bytes) noexcept
      : jitdebug_image{first, bytes} {}
  constexpr image_view(const jitdebug_image &other) noexcept
      : jitdebug_image(other) {}
  template <
      class Bytes,
      std::enable_if_t<detail::is_byte<detail::element_t<Bytes>>, int> = 0>
  constexpr image_view(const Bytes &bytes) noexcept
      : jitdebug_image{std::data(bytes), std::size(bytes)} {}

#ifdef __cpp_lib_span
  operator std::span<const std::byte>() const noexcept {
    return {static_cast<const std::byte *>(data), size};
  }
#endif
};
static_assert(sizeof(image_view) == sizeof(jitdebug_image));

/* From this offset in bytes into its function on, code belongs to this line. */
using line = jitdebug_line;

/* A function in memory, as a debugger is to show it:
 *
 *   auto shown = jitdebug::function(name.c_str(), code, size)
 *                    .source("fib.js", lines)  // a vector, array, span of line
 *                    .frame_pointer();
 *
 * Points to what it is given, which must live until the function is registered,
 * and no longer. */
struct function : jitdebug_function {
  function(const char *shown, const void *first, std::size_t bytes) noexcept
      : jitdebug_function() {
    struct_size = sizeof(jitdebug_function);
    name = shown;
    address = first;
    size = bytes;
  }

  template <class Lines>
  function &source(const char *path, const Lines &rows) noexcept {
    static_assert(std::is_same_v<detail::element_t<Lines>, line>,
                  "lines are of jitdebug::line");
    file = path;
    lines = std::data(rows);
    line_count = std::size(rows);
    return *this;
  }

  /* Its frames are found through a frame pointer. */
  function &frame_pointer() noexcept {
    unwind = JITDEBUG_UNWIND_FRAME_POINTER;
    return *this;
  }

  /* Its frames are found by these DW_CFA instructions, from its entry on. */
  function &frame_rules(image_view instructions) noexcept {
    unwind = JITDEBUG_UNWIND_CFI;
    cfi = instructions.data;
    cfi_size = instructions.size;
    return *this;
  }
};
static_assert(sizeof(function) == sizeof(jitdebug_function));

/* Where a section of an object file was loaded: by its name, or by its index
 * where several have that name. */
struct section : jitdebug_section {
  section(const char *called, const void *first) noexcept : jitdebug_section() {
    struct_size = sizeof(jitdebug_section);
    name = called;
    address = first;
  }
  section(std::uint32_t number, const void *first) noexcept
      : section(nullptr, first) {
    index = number;
  }
};
static_assert(sizeof(section) == sizeof(jitdebug_section));

/* Code that is registered until this goes out of scope. Moving hands it on; a
 * moved-from registration is empty. */
class registration {
 public:
  registration() noexcept = default;

  /* Registers an image. */
  registration(image_view code, flags how, std::error_code &error) noexcept {
    error = result(jitdebug_register(
        code.data, code.size, static_cast<std::uint32_t>(how), &handle_));
  }
  registration(image_view code, std::error_code &error) noexcept
      : registration(code, flags::none, error) {}

  /* Registers several, all or none: any range of what is an image, such as a
   * vector of vectors, or {first, second}. */
  template <class Images = std::initializer_list<image_view>>
  static registration batch(const Images &images, flags how,
                            std::error_code &error) noexcept {
    registration made;
    if constexpr (detail::in_a_row<Images, image_view, jitdebug_image>) {
      error = result(jitdebug_register_batch(
          std::data(images), std::size(images), static_cast<std::uint32_t>(how),
          &made.handle_));
      return made;
    } else {
      using element = decltype(*std::begin(images));
      static_assert(std::is_constructible_v<image_view, element>,
                    "a batch is of images");
      static_assert(std::is_lvalue_reference_v<element> ||
                        std::is_same_v<element, image_view>,
                    "the images of a batch are read together: a range must "
                    "not make them as it goes");
      const auto count = static_cast<std::size_t>(
          std::distance(std::begin(images), std::end(images)));
      const std::unique_ptr<image_view[]> views(new (std::nothrow)
                                                    image_view[count]);
      if (!views) {
        error = make_error_code(errc::memory);
        return made;
      }
      std::size_t next = 0;
      for (const auto &image : images) views[next++] = image_view(image);
      error = result(jitdebug_register_batch(
          views.get(), count, static_cast<std::uint32_t>(how), &made.handle_));
      return made;
    }
  }
  template <class Images = std::initializer_list<image_view>>
  static registration batch(const Images &images,
                            std::error_code &error) noexcept {
    return batch(images, flags::none, error);
  }

  /* Registers a function that has no image. */
  registration(const jitdebug_function &code, flags how,
               std::error_code &error) noexcept {
    error = result(jitdebug_register_functions(
        &code, 1, static_cast<std::uint32_t>(how), &handle_));
  }
  registration(const jitdebug_function &code, std::error_code &error) noexcept
      : registration(code, flags::none, error) {}

  /* Registers several, all or none: a vector, array or span of function, or
   * {first, second}. */
  template <class Functions = std::initializer_list<function>>
  static registration functions(const Functions &all, flags how,
                                std::error_code &error) noexcept {
    using element = detail::element_t<Functions>;
    static_assert(std::is_same_v<element, function> ||
                      std::is_same_v<element, jitdebug_function>,
                  "functions are of jitdebug::function or jitdebug_function");
    registration made;
    error = result(jitdebug_register_functions(std::data(all), std::size(all),
                                               static_cast<std::uint32_t>(how),
                                               &made.handle_));
    return made;
  }
  template <class Functions = std::initializer_list<function>>
  static registration functions(const Functions &all,
                                std::error_code &error) noexcept {
    return functions(all, flags::none, error);
  }

  /* Registers an object file as a compiler wrote it, and where its sections
   * were loaded: a vector, array or span of section, or {{".text", code}}. */
  template <class Sections = std::initializer_list<section>>
  static registration object(image_view file, const Sections &loaded, flags how,
                             std::error_code &error) noexcept {
    using element = detail::element_t<Sections>;
    static_assert(std::is_same_v<element, section> ||
                      std::is_same_v<element, jitdebug_section>,
                  "sections are of jitdebug::section or jitdebug_section");
    registration made;
    error = result(jitdebug_register_object(
        file.data, file.size, std::data(loaded), std::size(loaded),
        static_cast<std::uint32_t>(how), &made.handle_));
    return made;
  }
  template <class Sections = std::initializer_list<section>>
  static registration object(image_view file, const Sections &loaded,
                             std::error_code &error) noexcept {
    return object(file, loaded, flags::none, error);
  }

  /* Owns what was registered otherwise; release() is the way back. */
  explicit registration(jitdebug_registration *handle) noexcept
      : handle_(handle) {}

  registration(registration &&other) noexcept : handle_(other.release()) {}
  registration &operator=(registration &&other) noexcept {
    registration given(std::move(other));
    given.swap(*this);
    return *this;
  }
  ~registration() { reset(); }

  /* Whether something is registered. */
  explicit operator bool() const noexcept { return handle_ != nullptr; }

  jitdebug_registration *get() const noexcept { return handle_; }

  /* Gives up ownership without unregistering. */
  jitdebug_registration *release() noexcept {
    return std::exchange(handle_, nullptr);
  }

  /* Unregisters now, and says what came of it; empty in any case. */
  std::error_code reset() noexcept {
    if (!handle_) return {};
    return result(jitdebug_unregister(release()));
  }

  void swap(registration &other) noexcept { std::swap(handle_, other.handle_); }
  friend void swap(registration &a, registration &b) noexcept { a.swap(b); }

  /* What a debugger reads: good until this is unregistered. */
  image_view image(std::size_t index, std::error_code &error) const noexcept {
    image_view bytes;
    error = result(
        jitdebug_registration_image(handle_, index, &bytes.data, &bytes.size));
    return bytes;
  }

#ifdef __cpp_exceptions
  /* The same, but throwing std::system_error with jitdebug_last_error(). */
  explicit registration(image_view code, flags how = flags::none) {
    std::error_code error;
    *this = registration(code, how, error);
    check(error);
  }

  template <class Images = std::initializer_list<image_view>>
  static registration batch(const Images &images, flags how = flags::none) {
    std::error_code error;
    registration made = batch(images, how, error);
    check(error);
    return made;
  }

  explicit registration(const jitdebug_function &code,
                        flags how = flags::none) {
    std::error_code error;
    *this = registration(code, how, error);
    check(error);
  }

  template <class Functions = std::initializer_list<function>>
  static registration functions(const Functions &all, flags how = flags::none) {
    std::error_code error;
    registration made = functions(all, how, error);
    check(error);
    return made;
  }

  template <class Sections = std::initializer_list<section>>
  static registration object(image_view file, const Sections &loaded,
                             flags how = flags::none) {
    std::error_code error;
    registration made = object(file, loaded, how, error);
    check(error);
    return made;
  }

  image_view image(std::size_t index) const {
    std::error_code error;
    image_view bytes = image(index, error);
    check(error);
    return bytes;
  }
#endif

 private:
  static std::error_code result(std::int32_t status) noexcept {
    if (status == JITDEBUG_OK) return {};
    return make_error_code(static_cast<errc>(status));
  }

#ifdef __cpp_exceptions
  static void check(const std::error_code &error) {
    if (error) throw std::system_error(error, jitdebug_last_error());
  }
#endif

  jitdebug_registration *handle_ = nullptr;
};

}  // namespace jitdebug

template <>
struct std::is_error_code_enum<jitdebug::errc> : std::true_type {};

#endif /* JITDEBUG_HPP */
