// flags: -fno-exceptions
#include <cstdio>
#include <jitdebug.hpp>
#include <vector>

#include "file.h"

int main() {
  std::size_t size;
  const char *bytes = static_cast<const char *>(file_read(&size));
  const std::vector<char> elf(bytes, bytes + size);
  // BLOCK
  MUST(!error);
}
