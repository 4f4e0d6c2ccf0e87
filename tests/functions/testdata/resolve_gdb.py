# Asks gdb about every address of the functions of resolve.c.
import gdb

gdb.execute("break look")
gdb.execute("run expected")
right = 0
for line in open("expected"):
    address, *expected = line.split()
    address = int(address, 16)
    block, place = gdb.block_for_pc(address), gdb.find_pc_line(address)
    name = block.function.name if block and block.function else None
    found = [str(name), place.symtab.filename if place.symtab else "", str(place.line)]
    right += found == expected
    if found != expected:
        print("%#x is %s, not %s" % (address, found, expected))
print("%d addresses" % right)
