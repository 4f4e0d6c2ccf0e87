/*
 * Shows code that LLVM's ORC compiles to debuggers, through libjitdebug. C++17,
 * LLVM 19 and newer, ELF, compiled in the process that runs it.
 *
 *   auto J = cantFail(LLJITBuilder()
 *                         .setNotifyCreatedCallback(
 *                             jitdebug::enableDebuggerSupport)
 *                         .create());
 *
 * That takes the place of llvm::orc::enableDebuggerSupport(), and differs in
 * that
 *
 *   - code is unregistered when it goes, with ResourceTracker::remove() or with
 *     the session, and shares the process's one list with other runtimes;
 *   - threads may compile and remove at once, and a debugger misses nothing;
 *   - objects without debug information are registered too: their functions
 *     have names;
 *   - variables in .bss have addresses, and so have sections of one name;
 *   - RTDyldObjectLinkingLayer is served as JITLink's ObjectLinkingLayer is.
 *
 * Nothing here fails a compilation: what libjitdebug refuses is handed to the
 * session's error reporter, and the code runs without its name.
 *
 * lldb reads the list of one library, and libLLVM has one too, which it does
 * not use here. Link -ljitdebug before LLVM, and tell lldb to "settings set
 * target.parallel-module-load false", or it takes whichever it has loaded
 * first. gdb reads all.
 *
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#ifndef JITDEBUG_LLVM_HPP
#define JITDEBUG_LLVM_HPP

#include <llvm/ADT/STLExtras.h>
#include <llvm/ExecutionEngine/JITEventListener.h>
#include <llvm/ExecutionEngine/JITLink/JITLink.h>
#include <llvm/ExecutionEngine/Orc/Core.h>
#include <llvm/ExecutionEngine/Orc/LLJIT.h>
#include <llvm/ExecutionEngine/Orc/ObjectLinkingLayer.h>
#include <llvm/ExecutionEngine/Orc/RTDyldObjectLinkingLayer.h>
#include <llvm/Object/ELF.h>
#include <llvm/Object/ObjectFile.h>
#include <llvm/Support/Error.h>

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <system_error>
#include <utility>
#include <vector>

#include "jitdebug.hpp"

namespace jitdebug {

/* Registers the code in this process of one LLJIT from now on. Returns an error
 * if it has a linking layer, or a file format, for which that is not possible.
 */
llvm::Error enableDebuggerSupport(llvm::orc::LLJIT &J);

namespace detail {

/* A registration whose errors go to the session. */
class Registration {
 public:
  /* Copies the image, so that what a debugger reads stays, whatever happens to
   * LLVM's memory. */
  Registration(llvm::orc::ExecutionSession &ES, llvm::StringRef Image)
      : ES(&ES) {
    std::error_code Error;
    Code = registration({Image.data(), Image.size()}, Error);
    report("jitdebug_register", Error);
  }
  Registration(Registration &&) = default;
  Registration &operator=(Registration &&Other) noexcept {
    std::swap(ES, Other.ES);
    Code.swap(Other.Code);
    return *this;
  }
  ~Registration() { report("jitdebug_unregister", Code.reset()); }

 private:
  void report(const char *Function, std::error_code Error) {
    if (Error)
      ES->reportError(llvm::createStringError(Error, "%s: %s", Function,
                                              jitdebug_last_error()));
  }

  llvm::orc::ExecutionSession *ES;
  registration Code;
};

/* An object file, on its way through JITLink to become an image: a copy, in
 * which each section is given the address at which it was placed. */
class DebugObject {
 public:
  using ELFT = llvm::object::ELF64LE;

  explicit DebugObject(llvm::StringRef Input)
      : Input(Input), Image(Input.begin(), Input.end()) {}

  static bool suits(llvm::StringRef Input) {
    return llvm::object::getElfArchType(Input) ==
           std::make_pair<unsigned char, unsigned char>(llvm::ELF::ELFCLASS64,
                                                        llvm::ELF::ELFDATA2LSB);
  }

  llvm::StringRef image() const { return {Image.data(), Image.size()}; }

  /* Before allocation, when the contents of blocks are still in the input: by
   * them, not by their names, blocks and sections of the file belong together,
   * for the graph merges sections of one name. */
  void findBlocks(llvm::jitlink::LinkGraph &G) {
    for (llvm::jitlink::Block *B : G.blocks()) {
      if (B->isZeroFill()) continue;
      const char *Content = B->getContent().data();
      if (Content >= Input.begin() && Content < Input.end())
        Blocks.emplace_back(Content - Input.begin(), B);
    }
    llvm::sort(Blocks);
  }

  /* After allocation. */
  llvm::Error placeSections(llvm::jitlink::LinkGraph &G) {
    auto File = llvm::object::ELFFile<ELFT>::create(image());
    if (!File) return File.takeError();
    auto Sections = File->sections();
    if (!Sections) return Sections.takeError();
    for (const ELFT::Shdr &Const : *Sections) {
      auto &Section = const_cast<ELFT::Shdr &>(Const);
      if (!(Section.sh_flags & llvm::ELF::SHF_ALLOC)) continue;
      auto Name = File->getSectionName(Section);
      if (!Name) return Name.takeError();
      Section.sh_addr = Section.sh_type == llvm::ELF::SHT_NOBITS
                            ? zeroFilled(G, *Name)
                            : placed(Section);
    }
    return llvm::Error::success();
  }

 private:
  uint64_t placed(const ELFT::Shdr &Section) const {
    auto First = llvm::partition_point(
        Blocks, [&](auto &B) { return B.first < Section.sh_offset; });
    if (First == Blocks.end() ||
        First->first >= Section.sh_offset + Section.sh_size)
      return 0;
    return First->second->getAddress().getValue() -
           (First->first - Section.sh_offset);
  }

  static uint64_t zeroFilled(llvm::jitlink::LinkGraph &G,
                             llvm::StringRef Name) {
    llvm::jitlink::Section *Section = G.findSectionByName(Name);
    return Section && !Section->empty()
               ? llvm::jitlink::SectionRange(*Section).getStart().getValue()
               : 0;
  }

  llvm::StringRef Input;
  std::vector<char> Image;
  std::vector<std::pair<uint64_t, llvm::jitlink::Block *>> Blocks;
};

}  // namespace detail

/* For JITLink's ObjectLinkingLayer, which shares its ownership. */
class DebugObjectPlugin : public llvm::orc::ObjectLinkingLayer::Plugin {
 public:
  explicit DebugObjectPlugin(llvm::orc::ExecutionSession &ES) : ES(ES) {}

  void notifyMaterializing(llvm::orc::MaterializationResponsibility &MR,
                           llvm::jitlink::LinkGraph &,
                           llvm::jitlink::JITLinkContext &,
                           llvm::MemoryBufferRef Input) override {
    if (!detail::DebugObject::suits(Input.getBuffer())) return;
    auto Object = std::make_unique<detail::DebugObject>(Input.getBuffer());
    std::lock_guard<std::mutex> Lock(Mutex);
    Pending[&MR] = std::move(Object);
  }

  void modifyPassConfig(llvm::orc::MaterializationResponsibility &MR,
                        llvm::jitlink::LinkGraph &,
                        llvm::jitlink::PassConfiguration &Passes) override {
    std::lock_guard<std::mutex> Lock(Mutex);
    auto Found = Pending.find(&MR);
    if (Found == Pending.end()) return;
    detail::DebugObject *Object = Found->second.get();
    Passes.PostPrunePasses.push_back([Object](llvm::jitlink::LinkGraph &G) {
      Object->findBlocks(G);
      return llvm::Error::success();
    });
    Passes.PostAllocationPasses.push_back(
        [this, Object](llvm::jitlink::LinkGraph &G) {
          if (auto Err = Object->placeSections(G))
            ES.reportError(std::move(Err));
          return llvm::Error::success();
        });
  }

  /* The code is in place, and nobody can have called it: here a debugger may
   * set its breakpoints. */
  llvm::Error notifyEmitted(
      llvm::orc::MaterializationResponsibility &MR) override {
    std::unique_ptr<detail::DebugObject> Object = takePending(MR);
    if (!Object) return llvm::Error::success();
    detail::Registration New(ES, Object->image());
    /* Fails if its tracker is gone already; the layer will find that too. */
    llvm::consumeError(MR.withResourceKeyDo([&](llvm::orc::ResourceKey K) {
      std::lock_guard<std::mutex> Lock(Mutex);
      Registered[K].push_back(std::move(New));
    }));
    return llvm::Error::success();
  }

  llvm::Error notifyFailed(
      llvm::orc::MaterializationResponsibility &MR) override {
    takePending(MR);
    return llvm::Error::success();
  }

  llvm::Error notifyRemovingResources(llvm::orc::JITDylib &,
                                      llvm::orc::ResourceKey K) override {
    std::vector<detail::Registration> Gone; /* after the lock, see below */
    std::lock_guard<std::mutex> Lock(Mutex);
    auto Found = Registered.find(K);
    if (Found != Registered.end()) {
      Gone = std::move(Found->second);
      Registered.erase(Found);
    }
    return llvm::Error::success();
  }

  void notifyTransferringResources(llvm::orc::JITDylib &,
                                   llvm::orc::ResourceKey To,
                                   llvm::orc::ResourceKey From) override {
    std::lock_guard<std::mutex> Lock(Mutex);
    auto Found = Registered.find(From);
    if (Found == Registered.end()) return;
    auto Moved = std::move(Found->second);
    Registered.erase(Found);
    llvm::move(Moved, std::back_inserter(Registered[To]));
  }

 private:
  std::unique_ptr<detail::DebugObject> takePending(
      llvm::orc::MaterializationResponsibility &MR) {
    std::lock_guard<std::mutex> Lock(Mutex);
    auto Found = Pending.find(&MR);
    if (Found == Pending.end()) return nullptr;
    auto Object = std::move(Found->second);
    Pending.erase(Found);
    return Object;
  }

  llvm::orc::ExecutionSession &ES;
  std::mutex Mutex; /* never held over a call of libjitdebug */
  std::map<llvm::orc::MaterializationResponsibility *,
           std::unique_ptr<detail::DebugObject>>
      Pending;
  std::map<llvm::orc::ResourceKey, std::vector<detail::Registration>>
      Registered;
};

/* For RTDyldObjectLinkingLayer, which must not outlive it. That layer hands out
 * addresses before it calls its listeners: with several threads, code can have
 * been run when the debugger hears of it. */
class DebugObjectListener : public llvm::JITEventListener {
 public:
  explicit DebugObjectListener(llvm::orc::ExecutionSession &ES) : ES(ES) {}

  void notifyObjectLoaded(
      ObjectKey K, const llvm::object::ObjectFile &Object,
      const llvm::RuntimeDyld::LoadedObjectInfo &Info) override {
    auto Debug = Info.getObjectForDebug(Object);
    if (!Debug.getBinary()) return;
    detail::Registration New(ES, Debug.getBinary()->getData());
    std::lock_guard<std::mutex> Lock(Mutex);
    /* A key that is there is one that failed: the layer does not say so. */
    auto Inserted = Registered.try_emplace(K, std::move(New));
    if (!Inserted.second) Inserted.first->second = std::move(New);
  }

  void notifyFreeingObject(ObjectKey K) override {
    decltype(Registered)::node_type Gone; /* after the lock, see below */
    std::lock_guard<std::mutex> Lock(Mutex);
    Gone = Registered.extract(K);
  }

 private:
  llvm::orc::ExecutionSession &ES;
  std::mutex Mutex; /* never held over a call of libjitdebug */
  std::map<ObjectKey, detail::Registration> Registered;
};

inline llvm::Error enableDebuggerSupport(llvm::orc::LLJIT &J) {
  if (!J.getTargetTriple().isOSBinFormatELF())
    return llvm::createStringError(llvm::inconvertibleErrorCode(),
                                   "libjitdebug: the code is not ELF");
  llvm::orc::ExecutionSession &ES = J.getExecutionSession();
  llvm::orc::ObjectLayer &Layer = J.getObjLinkingLayer();
  if (auto *L = llvm::dyn_cast<llvm::orc::ObjectLinkingLayer>(&Layer)) {
    L->addPlugin(std::make_shared<DebugObjectPlugin>(ES));
    return llvm::Error::success();
  }
  if (auto *L = llvm::dyn_cast<llvm::orc::RTDyldObjectLinkingLayer>(&Layer)) {
    /* The layer does not own its listeners; they stay for good, as LLVM's do.
     */
    static std::mutex Mutex;
    static auto &Listeners = *new std::deque<DebugObjectListener>;
    std::lock_guard<std::mutex> Lock(Mutex);
    L->registerJITEventListener(Listeners.emplace_back(ES));
    return llvm::Error::success();
  }
  return llvm::createStringError(llvm::inconvertibleErrorCode(),
                                 "libjitdebug: an unknown linking layer");
}

}  // namespace jitdebug

#endif /* JITDEBUG_LLVM_HPP */
