#include <jitdebug.hpp>
#include <list>
#include <string>
#include <vector>

#include "file.h"

static const unsigned char address[16] = {0x55, 0x48, 0x89, 0xe5, 0x90};

int main() {
  std::size_t size;
  const char *bytes = static_cast<const char *>(file_read(&size));
  const std::vector<char> elf(bytes, bytes + size), object = elf;
  const std::vector<std::vector<char>> images = {elf, elf};
  size = sizeof address;
  const std::vector<jitdebug::line> lines = {{0, 1, 1}, {4, 2, 1}};
  // BLOCK
  MUST(code && codes && fib && loaded);
}
