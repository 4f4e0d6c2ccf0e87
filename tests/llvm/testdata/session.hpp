// An LLJIT and what the host's parts do with it.
#ifndef SESSION_HPP
#define SESSION_HPP

#include <llvm/ExecutionEngine/Orc/CompileUtils.h>
#include <llvm/ExecutionEngine/Orc/LLJIT.h>
#include <llvm/ExecutionEngine/Orc/RTDyldObjectLinkingLayer.h>
#include <llvm/ExecutionEngine/Orc/ThreadSafeModule.h>
#include <llvm/ExecutionEngine/SectionMemoryManager.h>
#include <llvm/IR/Module.h>
#include <llvm/IRReader/IRReader.h>
#include <llvm/Support/SourceMgr.h>

enum class Layer { JITLink, RTDyld };

inline std::unique_ptr<llvm::orc::LLJIT> makeJIT(
    Layer layer, llvm::Error (*support)(llvm::orc::LLJIT &)) {
  using namespace llvm::orc;
  LLJITBuilder builder;
  builder.setNotifyCreatedCallback(support);
  // With threads of its own, RTDyld hands out addresses before its listeners
  // have heard of them; there, threads compile for themselves.
  if (layer == Layer::JITLink) builder.setSupportConcurrentCompilation(true);
  builder.setCompileFunctionCreator([](JITTargetMachineBuilder target) {
    return std::make_unique<ConcurrentIRCompiler>(std::move(target));
  });
  // The creators' parameters change from release to release.
  builder.setObjectLinkingLayerCreator(
      [layer](ExecutionSession &session,
              auto &&...) -> llvm::Expected<std::unique_ptr<ObjectLayer>> {
        if (layer == Layer::JITLink)
          return std::make_unique<ObjectLinkingLayer>(session);
        return std::make_unique<RTDyldObjectLinkingLayer>(
            session, [](auto &&...) {
              return std::make_unique<llvm::SectionMemoryManager>();
            });
      });
  return llvm::cantFail(builder.create());
}

// Parses a module; its function "from" is called "to" then.
inline llvm::orc::ThreadSafeModule parse(llvm::StringRef source,
                                         llvm::StringRef from,
                                         llvm::StringRef to) {
  auto context = std::make_unique<llvm::LLVMContext>();
  llvm::SMDiagnostic problem;
  auto module = llvm::parseIR({source, "module"}, problem, *context);
  if (!module) {
    problem.print("host", llvm::errs());
    exit(1);
  }
  module->getFunction(from)->setName(to);
  return {std::move(module), std::move(context)};
}

#endif
