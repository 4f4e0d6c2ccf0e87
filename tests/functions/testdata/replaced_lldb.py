# Attaches to replaced.c and asks lldb about its functions.
import os

import lldb


def __lldb_init_module(debugger, _):
    debugger.SetAsync(False)
    target = debugger.CreateTarget("")
    error = lldb.SBError()
    process = target.AttachToProcessWithID(lldb.SBListener(), int(os.environ["REPLACED"]), error)
    right = 0
    for line in open(os.environ["REPLACED_EXPECTED"]):
        address, name, *expected = line.split()
        place = target.ResolveLoadAddress(int(address, 16))
        row = place.GetLineEntry()
        if expected:
            found = [str(place.GetFunction().GetName()), str(row.GetFileSpec()), str(row.GetLine())]
            good = found == [name, *expected]
        else:
            found = [place.GetFunction().IsValid(), place.GetSymbol().IsValid(), row.IsValid(), len(target.FindFunctions(name))]
            good = found == [False, False, False, 0]
        right += good
        if not good:
            print("%s is %s, not %s" % (address, found, [name, *expected]))
    print("%d functions" % right)
    process.Detach()
