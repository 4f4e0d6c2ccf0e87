# Stops in each function of frames.c and steps to its end, instruction by
# instruction: at each of them, and in what it calls, a backtrace reaches main.
import lldb

NAMES = "frame_pointer", "two_exits", "tail_call", "leaf", "big_frame", "pushes"


def backtrace(thread):
    names = []
    for frame in thread:
        names.append(frame.GetFunctionName())
        if names[-1] == "main":
            break
    return names


def __lldb_init_module(debugger, _):
    debugger.SetAsync(False)
    target = debugger.GetSelectedTarget()
    for name in NAMES + ("look",):
        target.BreakpointCreateByName(name)
    process = target.LaunchSimple(None, None, ".")
    process.Continue()  # from main's own call of look
    stops = 0
    while process.GetState() == lldb.eStateStopped:
        thread = process.GetSelectedThread()
        names, address = backtrace(thread), thread.GetFrameAtIndex(0).GetPC()
        if names[0] in NAMES:
            good = names[1:] == ["main"]
        else:  # the tail call leaves only main
            good = names[0] == "look" and names[-1] == "main" and len(names) in (2, 3)
        print("%s at %#x: %s" % ("good" if good else "wrong", address, " < ".join(map(str, names))))
        stops += good
        if names[0] in NAMES:
            thread.StepInstruction(True)
        else:
            thread.StepOut()
        if process.GetState() == lldb.eStateStopped and thread.GetFrameAtIndex(0).GetFunctionName() == "main":
            process.Continue()
    print("%d stops" % stops)
    print(process.GetSTDOUT(1 << 16))
