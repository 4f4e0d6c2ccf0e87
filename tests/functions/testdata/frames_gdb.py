# Stops in each function of frames.c and steps to its end, instruction by
# instruction: at each of them, and in what it calls, a backtrace reaches main.
import gdb

NAMES = "frame_pointer", "two_exits", "tail_call", "leaf", "big_frame", "pushes"


def backtrace():
    names, frame = [], gdb.newest_frame()
    while frame is not None:
        names.append(frame.name())
        if names[-1] == "main":
            break
        frame = frame.older()
    return names


gdb.execute("break look")
gdb.execute("run")
gdb.execute("up")
for i in range(len(NAMES)): # by name, they would be behind the prologue
    gdb.execute("break *%d" % int(gdb.parse_and_eval("functions[%d].address" % i)))
gdb.execute("continue")
stops = 0
while gdb.selected_inferior().pid:
    names, address = backtrace(), gdb.newest_frame().pc()
    if names[0] in NAMES:
        good, onward = names[1:] == ["main"], "nexti"
    else: # the tail call leaves only main
        good, onward = names[0] == "look" and names[-1] == "main" and len(names) in (2, 3), "finish"
    print("%s at %#x: %s" % ("good" if good else "wrong", address, " < ".join(map(str, names))))
    stops += good
    gdb.execute(onward, to_string=True)
    if gdb.selected_inferior().pid and gdb.newest_frame().name() == "main":
        gdb.execute("continue", to_string=True)
print("%d stops" % stops)
