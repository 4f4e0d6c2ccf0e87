# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
r"""Two JITs in one process: numba's LLVM, and code by hand beside it.

Each has its own way to tell debuggers, and gdb shows both.

    pip install jitdebug numba
    gdb -ex 'set breakpoint pending on' -ex 'break triangle' \
        -ex run -ex backtrace --args python3 with_numba.py
"""

import ctypes
import mmap
import tempfile
from pathlib import Path

import jitdebug
import numba
from by_hand import TRIANGLE, image_of


def main() -> None:
    """Generates, registers, runs."""
    memory = mmap.mmap(
        -1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC
    )
    address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    memory.write(bytes.fromhex("".join(code for _, code in TRIANGLE)))
    triangle = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)(address)

    @numba.njit(debug=True)
    def sum_of_triangles(limit):
        sum = 0
        for number in range(limit):
            sum += triangle(number)
        return sum

    with tempfile.TemporaryDirectory() as folder:
        listing = [line for line, _ in TRIANGLE]
        image = image_of("triangle", listing, address, Path(folder))
        with jitdebug.register(image):
            print("sum_of_triangles(10) =", sum_of_triangles(10))


if __name__ == "__main__":
    main()
