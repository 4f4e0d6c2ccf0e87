/* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception */
// Compiles a module of LLVM IR or bitcode with ORC, calls its function
// "entry", and removes it again. Under a debugger its code has names, lines and
// variables for as long as it is there.
//
//   g++ -g -std=c++17 -isystem $(llvm-config-19 --includedir) -Iinclude -o orc
//       examples/orc/orc.cpp -Llib -ljitdebug -Wl,-rpath,$PWD/lib
//       $(llvm-config-19 --ldflags --libs)
//   clang-19 -g -S -emit-llvm examples/orc/generated.c
//   gdb -ex 'break square' --args ./orc generated.ll 4
#include <llvm/ExecutionEngine/Orc/LLJIT.h>
#include <llvm/ExecutionEngine/Orc/ThreadSafeModule.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/Module.h>
#include <llvm/IRReader/IRReader.h>
#include <llvm/Support/SourceMgr.h>
#include <llvm/Support/TargetSelect.h>

#include <cstdio>
#include <cstdlib>

#include "jitdebug_llvm.hpp"

using namespace llvm;
using namespace llvm::orc;

static ExitOnError check("orc: ");

int main(int argc, char **argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: orc MODULE NUMBER\n");
    return 2;
  }
  InitializeNativeTarget();
  InitializeNativeTargetAsmPrinter();

  auto jit =
      check(LLJITBuilder()
                .setNotifyCreatedCallback(jitdebug::enableDebuggerSupport)
                .create());

  auto context = std::make_unique<LLVMContext>();
  SMDiagnostic problem;
  auto module = parseIRFile(argv[1], problem, *context);
  if (!module) {
    problem.print("orc", errs());
    return 1;
  }

  ResourceTrackerSP tracker = jit->getMainJITDylib().createResourceTracker();
  check(jit->addIRModule(
      tracker, ThreadSafeModule(std::move(module), std::move(context))));
  auto entry = check(jit->lookup("entry")).toPtr<int(int)>();
  printf("orc: entry returns %d\n", entry(atoi(argv[2])));

  check(tracker->remove());
  printf("orc: removed\n");
}
