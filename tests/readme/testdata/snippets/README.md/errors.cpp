// flags: -fno-exceptions -fno-rtti
#include <cstdio>
#include <jitdebug.hpp>
#include <string>
#include <vector>

#include "file.h"

int main() {
  std::size_t size;
  const char *bytes = static_cast<const char *>(file_read(&size));
  const std::string elf(bytes, size);
  const std::vector<std::string> images = {elf, elf};
  // BLOCK
  MUST(code && codes && !error);
}
