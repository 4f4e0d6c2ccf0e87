# Runs the host under gdb and has gdb read all that it can of each image: every
# symbol, unit, line program, type and frame description. A command that gdb aborts
# is reported, and the run goes on.
import os
import re
import sys

import gdb

# What is asked of every image. Where a command names something, most images have it.
COMMANDS = [
    "maint expand-symtabs",
    "info functions -q ^jit_",
    "info types -q .",
    "info line *0x30000010",
    "info line jit_main",
    "info address fibonacci",
    "info scope fibonacci",
    "info sources -dirname .",
    "info symbol 0x30000010",
    "list jit_main",
    "break jit_main",
    "maint info line-table",
    "info frame",
    "select-frame 0",
]
# In a frame of the image's code.
IN_FRAME = ["bt -3", "bt -full 3", "info frame", "info locals", "info args", "info scope *$pc", "info source", "info macros", "up", "info registers"]
# Of each name that gdb lists; so many of a kind.
OF_NAMES = {
    "functions": ["info scope {}", "info address {}", "info line {}", "ptype {}", "break {}"],
    "variables": ["ptype {}", "whatis {}", "info address {}", "print &{}", "print sizeof({})", "print {}"],
    "types": ["ptype /o {}", "whatis {}", "print sizeof({})", "print ({} *) 0"],
}
NAMES = int(os.environ.get("JITDEBUG_NAMES", "6"))

# What a command may say of an image that lacks what it asks for.
ABSENT = ("No symbol", "No line number", "No function", 'Function "', "Can't find", "No frame", "No symbol table",
          "Initial frame selected", "No default", "Cannot access memory")
# What a command that takes gdb's own words for a name says of debug information, and
# not of the words.
OF_DWARF = re.compile(r"DWARF|Dwarf|\bDIE|\bCU\b|abbrev|offset|internal|section|memory exhausted|too large|corrupt|read in")


def run(command, strict=True):
    print("command " + command, flush=True)
    try:
        gdb.execute(command)
    except gdb.error as error:
        if OF_DWARF.search(str(error)) or strict and not str(error).startswith(ABSENT):
            print("aborted: %s" % error)
    sys.stdout.flush()


def listed(kind):
    """The names of a kind that gdb lists."""
    print("command info %s" % kind, flush=True)
    try:
        text = gdb.execute("info %s -q ." % kind, to_string=True)
    except gdb.error as error:
        print("aborted: %s" % error)
        return []
    except UnicodeError:  # a name in no character set: the commands have printed it
        return []
    names = []
    for line in text.splitlines():
        line = re.sub(r"^\d+:\s*", "", line.strip()).rstrip(";")
        if kind == "functions":
            line = line.split("(")[0]
        if kind != "types" or not line.startswith(("typedef ", "struct ", "union ", "enum ")):
            line = line.split("[")[0]
        if line.startswith("typedef ") or kind != "types":
            line = re.split(r"[\s*&]+", line)[-1]
        if line and not line.endswith(":"):
            names.append(line)
    return names


def look(addresses):
    pc = gdb.newest_frame().pc()
    for command in COMMANDS:
        run(command)
    for kind, commands in OF_NAMES.items():
        names = [n for n in listed(kind) if n not in host[kind]]
        for name in names[:: max(1, len(names) // NAMES)][:NAMES]:
            for command in commands:
                run(command.format(name), strict=False)
    # What a variable is, how many elements an array has, is read from the stack: there
    # is nothing but zeros, or the debugger would follow what the host left there.
    here = {r: int(gdb.parse_and_eval("(unsigned long) $" + r)) for r in ("rsp", "rbp")}
    for address in addresses:
        run("frame 0")
        for register in here:
            run("with language c -- set $%s = (unsigned long) &zero[1 << 15]" % register)
        run("with language c -- set $pc = " + address)
        for command in IN_FRAME:
            run(command)
    run("frame 0")
    for register, value in here.items():
        run("with language c -- set $%s = %#x" % (register, value))
    run("with language c -- set $pc = %#x" % pc)


for setting in ("confirm off", "pagination off", "width 0", "breakpoint pending off", "max-completions 10",
                "backtrace limit 10", "debug-file-directory /nonexistent", "auto-solib-add off", "max-value-size 4096", "may-call-functions off",
                "print elements 8"):
    gdb.execute("set " + setting)
gdb.execute("set complaints " + os.environ.get("JITDEBUG_COMPLAINTS", "0"))
gdb.execute("break main")
gdb.execute("run", to_string=True)
host = {kind: set(listed(kind)) for kind in OF_NAMES}
gdb.execute("delete")
gdb.execute("break look")
with open(os.environ["JITDEBUG_LIST"]) as f:
    images = [line.split() for line in f]
for path, *addresses in images:
    print("image " + path)
    run("continue")
    if not gdb.selected_inferior().pid:
        break
    look(addresses)
    for breakpoint in gdb.breakpoints()[1:]:
        breakpoint.delete()
run("continue")
