# Runs the host under lldb and has lldb read all that it can of each image.
import os
import re
import sys

COMMANDS = [
    "image lookup -r -n jit_",
    "image lookup -r -s jit_",
    "image lookup -r -n fibonacci",
    "image lookup -v -a 0x30000014",
    "image lookup -t node",
    "image lookup -v -f fibonacci.c -l 40",
    "image show-unwind -a 0x30000014",
    "image dump symtab JIT",
    "image dump sections JIT",
    "image dump symfile",
    "breakpoint set -n jit_main",
    "target variable",
]
IN_FRAME = ["bt 5", "frame variable", "frame info", "image show-unwind -a {}", "image lookup -v -a {}", "source list -a {}",
            "up", "frame variable", "register read"]
NAMES = int(os.environ.get("JITDEBUG_NAMES", "6"))


def __lldb_init_module(debugger, _):
    import lldb

    def run(command):
        command = command.encode(errors="replace").decode()  # a name in no character set
        print("command " + command, flush=True)
        result = lldb.SBCommandReturnObject()
        debugger.GetCommandInterpreter().HandleCommand(command, result)
        return (result.GetOutput() or "") + (result.GetError() or "")

    def look(thread, addresses):
        target = debugger.GetSelectedTarget()
        for command in COMMANDS:
            run(command)
        print("command types, variables and functions of the image", flush=True)
        for module in target.module_iter():
            if "JIT" not in str(module.file):
                continue
            for typ in list(module.GetTypes())[:NAMES]:
                run("type lookup " + (typ.GetName() or "?"))
                typ.GetByteSize()
                [(f.GetName(), f.GetType().GetByteSize()) for f in typ.fields]
                [(f.GetName(), f.GetType().GetByteSize()) for f in typ.bases]
                run("expression -- (unsigned long)sizeof(%s)" % typ.GetName())
            for unit in module.compile_unit_iter():
                [entry.GetLine() for entry in unit]
                unit.GetTypes()
        frame = thread.GetFrameAtIndex(0)
        pc = frame.GetPC()
        for address in addresses:
            run("frame select 0")
            run("register write pc " + address)
            for command in IN_FRAME:
                run(command.format(address))
        run("frame select 0")
        run("register write pc %#x" % pc)

    debugger.SetAsync(False)
    for setting in ("symbols.enable-external-lookup false", "target.preload-symbols true", "auto-confirm true",
                    "target.process.thread.max-backtrace-depth 10", "plugin.jit-loader.gdb.enable on"):
        run("settings set " + setting)
    target = debugger.GetSelectedTarget()
    target.BreakpointCreateByName("look")
    with open(os.environ["JITDEBUG_LIST"]) as f:
        images = [line.split() for line in f]
    process = None
    for path, *addresses in images:
        print("image " + path, flush=True)
        if process is None:
            process = target.LaunchSimple([os.environ["JITDEBUG_LIST"]], None, None)
        else:
            process.Continue()
        if process.GetState() != lldb.eStateStopped:
            break
        for i in range(target.GetNumBreakpoints() - 1, 0, -1):
            target.BreakpointDelete(target.GetBreakpointAtIndex(i).GetID())
        look(process.GetSelectedThread(), addresses)
    process.Continue()
    if process.GetState() == lldb.eStateExited and process.GetExitStatus() == 0:
        print("all images registered", flush=True)
