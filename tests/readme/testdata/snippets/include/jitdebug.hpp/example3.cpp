// flags: -fno-exceptions
#include <jitdebug.hpp>
#include <string>
#include <vector>

#include "file.h"

static const unsigned char code[16] = {0x55, 0x48, 0x89, 0xe5, 0x90};

int main() {
  const std::string name = "fib";
  const std::size_t size = sizeof code;
  const std::vector<jitdebug::line> lines = {{0, 1, 1}};
  // BLOCK
  std::error_code error;
  MUST(jitdebug::registration(shown, error) ? true : false);
}
