# Runs the host under gdb and has gdb read all that it can of each image: every
# symbol, unit, line program, type and frame description. A command that gdb
# aborts is reported, and the run goes on.
import os

import gdb

COMMANDS = [
    "maint expand-symtabs",
    "info functions -q ^jit_",
    "info types -q .",
    "info line *0x30000010",
    "info line jit_main",
    "info address fibonacci",
    "info scope fibonacci",
    "break jit_main",
    "info frame",
    "frame view $sp 0x30000014",  # looks for this pc's frame description in all images
    "select-frame 0",
]


# What a command may say of an image that lacks what it asks for.
ABSENT = ("No symbol", "No line number", "No function", "Function \"", "Can't find", "No frame", "No symbol table")


def run(command):
    print("command " + command)
    try:
        gdb.execute(command)
    except gdb.error as error:
        if not str(error).startswith(ABSENT):
            print("aborted: %s" % error)


for setting in ("confirm off", "pagination off", "width 0", "breakpoint pending off",
                "debug-file-directory /nonexistent", "auto-solib-add off"):
    gdb.execute("set " + setting)
gdb.execute("set complaints " + os.environ.get("JITDEBUG_COMPLAINTS", "0"))
gdb.execute("break look")
run("run")
while gdb.selected_inferior().pid:
    for command in COMMANDS:
        run(command)
    for breakpoint in gdb.breakpoints()[1:]:
        breakpoint.delete()
    run("continue")
