#include <jitdebug.hpp>
#include <vector>

#include "file.h"

static std::vector<std::byte> generate() {
  std::size_t size;
  const auto *bytes = static_cast<const std::byte *>(file_read(&size));
  return {bytes, bytes + size};
}

int main() {
  // BLOCK
  MUST(code ? true : false);
}
