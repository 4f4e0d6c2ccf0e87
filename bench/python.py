# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Measures the Python package: what it adds to the library's own time.

    python3 bench/python.py LIBRARY HELPER

The helper is bench/python.c, compiled. All that is compared takes turns.
"""

import ctypes
import os
import statistics
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../bindings/python/src"))
os.environ["JITDEBUG_LIBRARY"] = os.path.abspath(sys.argv[1])

import jitdebug
from jitdebug import _abi, _library

ROUNDS = 500
PAIRS = 200  # short, or what interrupts falls on the longer ones

helper = ctypes.CDLL(os.path.abspath(sys.argv[2]))
library = _library.load()
for name in "register", "unregister":
    function = getattr(helper, "empty_" + name)
    function.restype, function.argtypes = _abi.DECLARATIONS[name]
helper.make.restype, helper.size.restype = ctypes.c_void_p, ctypes.c_size_t
image = ctypes.string_at(helper.make(), helper.size())


def from_c():
    assert helper.pairs(library.register, library.unregister, PAIRS) == 0


def empty():
    register, unregister = helper.empty_register, helper.empty_unregister
    size, handle = len(image), _abi.Handle()
    for _ in range(PAIRS):
        register(image, size, 0, handle)
        unregister(handle)


def one(source=image, borrow=False):
    for _ in range(PAIRS):
        jitdebug.register(source, borrow=borrow).close()


def collected():
    for _ in range(PAIRS):
        jitdebug.register(image)


def batch(count):
    images = [image] * count
    for _ in range(PAIRS // count):
        jitdebug.register_batch(images).close()


array = bytearray(image)
MEASURED = {
    "from C": from_c,
    "empty ctypes calls, the same arguments": empty,
    "bytes": one,
    "bytes, collected instead of closed": collected,
    "a bytearray": lambda: one(array),
    "a bytearray, borrowed": lambda: one(array, True),
    "50 in a batch": lambda: batch(50),
    "200 in a batch": lambda: batch(200),
}
for _ in range(400):  # from here on handles come from the quarantine
    from_c()

times = {what: [] for what in MEASURED}
for _ in range(ROUNDS):
    for what, run in MEASURED.items():
        start = time.perf_counter()
        run()
        times[what].append((time.perf_counter() - start) / PAIRS * 1e9)

c, nothing = (times[what] for what in list(MEASURED)[:2])
version = sys.version.split()[0]
print(f"Register and close from Python {version}, ns an image of {len(image)} bytes")
print(f"{'':<42}median   least   on top of C, in empty calls  limit")
for what, figures in times.items():
    line = f"  {what:<38}{statistics.median(figures):>8.0f}{min(figures):>8.0f}"
    if figures is not c and figures is not nothing:
        ratio = statistics.median((f - b) / e for f, b, e in zip(figures, c, nothing))
        line += f"{ratio:>31.2f}"
        if what == "bytes":
            line += f"{3:>7.2f} {'ok' if ratio <= 3 else 'over'}"
    print(line)
