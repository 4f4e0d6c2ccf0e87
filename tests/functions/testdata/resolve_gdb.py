# Asks gdb about every address of the functions of resolve.c.
import os

import gdb

gdb.execute("break look")
gdb.execute("run expected " + os.environ.get("RESOLVE", ""))
right = 0
for line in open("expected"):
    address, *expected = line.split()
    address = int(address, 16)
    place = gdb.find_pc_line(address)
    name = gdb.execute("info symbol %d" % address, to_string=True).split()[0]
    found = [str(name), place.symtab.filename if place.symtab else "", str(place.line)]
    right += found == expected
    if found != expected:
        print("%#x is %s, not %s" % (address, found, expected))
print("%d addresses" % right)
