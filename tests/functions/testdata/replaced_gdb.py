# Attaches to replaced.c and asks gdb about its functions.
import os

import gdb


def symbol(address):
    return gdb.execute("info symbol %d" % address, to_string=True).split()[0]


def known(name):
    try:
        gdb.parse_and_eval("'%s'" % name)
        return True
    except gdb.error:
        return False


gdb.execute("attach " + os.environ["REPLACED"])
right = 0
for line in open(os.environ["REPLACED_EXPECTED"]):
    address, name, *place = line.split()
    address = int(address, 16)
    if place:
        row = gdb.find_pc_line(address)
        found = [symbol(address), row.symtab.filename if row.symtab else "", str(row.line)]
        good = found == [name, *place]
    else:
        found = [symbol(address), known(name)]
        good = found == ["No", False]
    right += good
    if not good:
        print("%#x is %s, not %s" % (address, found, [name, *place]))
print("%d functions" % right)
gdb.execute("detach")
