# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
r"""Machine code without an ELF image: names, lines and frames are enough.

pip install jitdebug
gdb -ex 'set breakpoint pending on' -ex 'break add_one' \
        -ex run -ex backtrace --args python3 functions.py
"""

from __future__ import annotations

import ctypes
import mmap
import tempfile
from pathlib import Path

import jitdebug

# What a code generator would emit, and the listing that it would write, which is
# the source that debuggers show. The first function keeps a frame pointer.
ADD_TWO = [
    ("push %rbp", "55"),
    ("mov %rsp, %rbp", "48 89 e5"),
    ("call add_one", "e8 17 00 00 00"),
    ("inc %eax", "ff c0"),
    ("pop %rbp", "5d"),
    ("ret", "c3"),
]
# The second does not, and says itself where its caller's frame is.
ADD_ONE = [
    ("sub $0x1008, %rsp", "48 81 ec 08 10 00 00"),
    ("lea 1(%rdi), %eax", "8d 47 01"),
    ("add $0x1008, %rsp", "48 81 c4 08 10 00 00"),
    ("ret", "c3"),
]
FRAME_RULES = bytes(
    [
        *(0x40 | 7, 0x0E, 0x90, 0x20),  # after 7 bytes: the CFA is rsp + 0x1010
        *(0x40 | 10, 0x0E, 8),  # after 10 more: rsp + 8 again
    ]
)
DISTANCE = 0x20  # from one function to the next


def main() -> None:
    """Generates, registers, runs."""
    memory = mmap.mmap(
        -1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC
    )
    start = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "add.s"
        listing: list[str] = []
        functions = []
        for name, instructions, unwind in (
            ("add_two", ADD_TWO, jitdebug.Unwind.FRAME_POINTER),
            ("add_one", ADD_ONE, FRAME_RULES),
        ):
            listing.append(f"{name}:")
            code, lines = bytearray(), []
            for instruction, encoded in instructions:
                listing.append(f"  {instruction}")
                lines.append((len(code), len(listing)))
                code += bytes.fromhex(encoded)
            offset = DISTANCE * len(functions)
            memory[offset : offset + len(code)] = bytes(code)
            functions.append(
                jitdebug.Function(
                    name, start + offset, len(code), source, lines, unwind
                )
            )
        source.write_text("\n".join([*listing, ""]))
        # Register when the code is in place and before it runs; close before its
        # memory is used again.
        with jitdebug.register_functions(functions):
            add_two = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)(start)
            print("add_two(40) =", add_two(40))


if __name__ == "__main__":
    main()
