# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Images by a real compiler, and the list as a debugger reads it."""

from __future__ import annotations

import ctypes
import gc
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Callable

import jitdebug
import pytest
from jitdebug import _library

if TYPE_CHECKING:
    from collections.abc import Iterator

SOURCE = """\
int square(int number) { return number * number; }

int sum_of_squares(int limit) {
  int sum = 0;
  for (int number = 1; number <= limit; number++) sum += square(number);
  return sum;
}
"""


def compiled(directory: Path, address: int, *flags: str) -> bytes:
    """An image of code for an address, with lines unless the flags say no."""
    source = directory / "generated.c"
    source.write_text(SOURCE)
    output = directory / f"generated-{address:x}"
    subprocess.run(
        ["gcc", "-g", "-O1", "-nostdlib", "-static", "-Wl,--entry=sum_of_squares"]
        + [f"-Wl,-Ttext-segment={address:#x}", *flags, "-o", str(output)]
        + [str(source)],
        check=True,
    )
    return output.read_bytes()


@pytest.fixture(scope="session")
def images(tmp_path_factory: pytest.TempPathFactory) -> list[bytes]:
    """Three images, at addresses of their own."""
    directory = tmp_path_factory.mktemp("images")
    return [
        compiled(directory, 0x2000_0000_0000 + 0x10_0000 * number)
        for number in range(3)
    ]


@pytest.fixture(scope="session")
def image(images: list[bytes]) -> bytes:
    """One of them."""
    return images[0]


class _Entry(ctypes.Structure):
    """``struct jit_code_entry`` of the gdb manual."""


_Entry._fields_ = [
    ("next", ctypes.POINTER(_Entry)),
    ("prev", ctypes.POINTER(_Entry)),
    ("address", ctypes.c_void_p),
    ("size", ctypes.c_uint64),
]


class _Descriptor(ctypes.Structure):
    """``struct jit_descriptor`` of the gdb manual."""

    _fields_ = [
        ("version", ctypes.c_uint32),
        ("action", ctypes.c_uint32),
        ("relevant", ctypes.POINTER(_Entry)),
        ("first", ctypes.POINTER(_Entry)),
    ]


def listed() -> list[bytes]:
    """The images on the process's list; none before the library is loaded."""
    return on_list() if _library.functions else []


def on_list() -> list[bytes]:
    """The images on the list of the library that is loaded, the newest first."""
    library = ctypes.CDLL("libjitdebug.so.1")  # the one that is loaded
    descriptor = _Descriptor.in_dll(library, "__jit_debug_descriptor")
    assert descriptor.version == 1
    found = []
    entry = descriptor.first
    while entry:
        found.append(ctypes.string_at(entry.contents.address, entry.contents.size))
        entry = entry.contents.next
    return found


@pytest.fixture(autouse=True)
def _nothing_is_left() -> Iterator[None]:
    yield
    gc.collect()
    assert listed() == []


@pytest.fixture
def python(tmp_path: Path, image: bytes) -> Callable[..., str]:
    """Runs a script, which has ``image``, in a process of its own.

    Returns what it printed; nothing may go to stderr.
    """
    (tmp_path / "image").write_bytes(image)

    def run(script: str, **environment: str) -> str:
        file = tmp_path / "script.py"
        file.write_text(
            "import pathlib\n"
            f"image = pathlib.Path({str(tmp_path / 'image')!r}).read_bytes()\n" + script
        )
        done = subprocess.run(
            [sys.executable, "-W", "error", str(file)],
            env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(Path(__file__).parent)}
            | environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.stderr == ""
        assert done.returncode == 0
        return done.stdout

    return run


def where() -> Path:
    """The folder of the package under test."""
    return Path(jitdebug.__file__).parent
