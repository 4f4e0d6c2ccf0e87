// flags: -isystem $(llvm-config-19 --includedir)
// flags: $(llvm-config-19 --ldflags --libs)
#include <llvm/ExecutionEngine/Orc/LLJIT.h>
#include <llvm/Support/TargetSelect.h>

#include "jitdebug_llvm.hpp"

using namespace llvm;
using namespace llvm::orc;

int main() {
  InitializeNativeTarget();
  InitializeNativeTargetAsmPrinter();
  // BLOCK
  return J ? 0 : 1;
}
