# Asks lldb about every address of the functions of resolve.c.
import os

import lldb


def __lldb_init_module(debugger, _):
    debugger.SetAsync(False)
    target = debugger.GetSelectedTarget()
    target.BreakpointCreateByName("look")
    target.LaunchSimple(["expected"] + os.environ.get("RESOLVE", "").split(), None, ".")
    right = 0
    for line in open("expected"):
        address, *expected = line.split()
        place = target.ResolveLoadAddress(int(address, 16))
        row = place.GetLineEntry()
        found = [str(place.GetFunction().GetName()), str(row.GetFileSpec()), str(row.GetLine())]
        right += found == expected
        if found != expected:
            print("%s is %s, not %s" % (address, found, expected))
    print("%d addresses" % right)
