# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
r"""Machine code written by hand, which debuggers show by name, with its lines.

pip install jitdebug        (and gcc, which here makes the image)
gdb -ex 'set breakpoint pending on' -ex 'break triangle' \
        -ex run -ex backtrace --args python3 by_hand.py
"""

import ctypes
import mmap
import subprocess
import tempfile
from pathlib import Path

import jitdebug

# The sum of the numbers up to n: what a code generator would emit, and the
# listing that it would write, which is the source that debuggers show.
TRIANGLE = [
    ("lea 1(%rdi), %eax", "8d 47 01"),
    ("imul %edi, %eax", "0f af c7"),
    ("shr $1, %eax", "d1 e8"),
    ("ret", "c3"),
]


def image_of(name: str, listing: list[str], address: int, folder: Path) -> bytes:
    """An ELF image with symbols and lines for code that lies at an address."""
    source, output = folder / f"{name}.s", folder / f"{name}.elf"
    head = [f".globl {name}", f".type {name}, @function", f"{name}:"]
    tail = [f".size {name}, .-{name}", '.section .note.GNU-stack, "", @progbits']
    source.write_text("\n".join([*head, *listing, *tail, ""]))
    subprocess.run(
        ["gcc", "-g", "-nostdlib", "-static", f"-Wl,-Ttext={address:#x}"]
        + [f"-Wl,--entry={name}", "-o", str(output), str(source)],
        check=True,
    )
    return output.read_bytes()


def main() -> None:
    """Generates, registers, runs."""
    memory = mmap.mmap(
        -1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC
    )
    address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    memory.write(bytes.fromhex("".join(code for _, code in TRIANGLE)))
    triangle = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)(address)

    with tempfile.TemporaryDirectory() as folder:
        listing = [line for line, _ in TRIANGLE]
        image = image_of("triangle", listing, address, Path(folder))
        # Register when the code is in place and before it runs; close before
        # its memory is used again.
        with jitdebug.register(image):
            print("triangle(10) =", triangle(10))


if __name__ == "__main__":
    main()
