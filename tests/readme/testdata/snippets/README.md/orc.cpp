// flags: -isystem $(llvm-config-19 --includedir)
// flags: $(llvm-config-19 --ldflags --libs)
#include <llvm/ExecutionEngine/Orc/LLJIT.h>
#include <llvm/Support/TargetSelect.h>

#include "jitdebug_llvm.hpp"

static llvm::ExitOnError check;

int main() {
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  // BLOCK
  return jit ? 0 : 1;
}
