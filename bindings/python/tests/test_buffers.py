# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What an image may be handed over as, and what borrowing means."""

from __future__ import annotations

import array
import ctypes
import gc
import importlib
import mmap
import sys
from typing import TYPE_CHECKING, Any, Callable

import jitdebug
import pytest
from conftest import listed

if TYPE_CHECKING:
    from pathlib import Path

numpy: Any = importlib.import_module("numpy")


def mapped(image: bytes) -> mmap.mmap:
    """An image in an anonymous mapping."""
    mapping = mmap.mmap(-1, len(image))
    mapping[:] = image
    return mapping


def structure(image: bytes) -> ctypes.Array[ctypes.c_char]:
    """An image in memory of ctypes'."""
    return ctypes.create_string_buffer(image, len(image))


BUFFERS: list[Callable[[bytes], Any]] = [
    bytes,
    bytearray,
    memoryview,
    mapped,
    structure,
    lambda image: memoryview(bytearray(image)),
    lambda image: memoryview(b"??" + image + b"??")[2:-2],
    lambda image: array.array("B", image),
    lambda image: array.array("I", image.ljust(-(-len(image) // 4) * 4, b"\0")),
    lambda image: numpy.frombuffer(image, dtype="uint8"),
    lambda image: numpy.frombuffer(image, dtype="uint8").copy(),
]


@pytest.mark.parametrize("buffer", BUFFERS)
@pytest.mark.parametrize("borrow", [False, True])
def test_any_buffer(image: bytes, buffer: Callable[[bytes], Any], borrow: bool) -> None:
    source = buffer(image)
    calls: list[Callable[[], jitdebug.Registration]] = [
        lambda: jitdebug.register(source, borrow=borrow),
        lambda: jitdebug.register_batch([source], borrow=borrow),
    ]
    for call in calls:
        with call() as registration:
            assert registration.image == bytes(source)
            assert registration.image.readonly
            assert listed() == [bytes(source)]


def test_a_copy_is_a_copy(image: bytes) -> None:
    source = bytearray(image)
    with jitdebug.register(source) as registration:
        source[:] = b"gone"
        assert registration.image == image


def test_borrowed_is_not_copied(image: bytes) -> None:
    source = bytearray(image)
    with jitdebug.register(source, borrow=True) as registration:
        source[-1] ^= 255
        assert listed() == [bytes(source)]
        assert registration.image == source
        source[-1] ^= 255


def test_borrowed_is_pinned(image: bytes) -> None:
    source, mapping = bytearray(image), mapped(image)
    registration = jitdebug.register_batch([source, mapping], borrow=True)
    with pytest.raises(BufferError):
        source.append(0)
    with pytest.raises(BufferError):
        mapping.close()
    registration.close()
    source.append(0)
    mapping.close()


def test_pinned_until_collected(image: bytes) -> None:
    source = bytearray(image)
    registration = jitdebug.register(source, borrow=True)
    with pytest.raises(BufferError):
        source.clear()
    del registration
    gc.collect()
    source.clear()


def test_borrowed_lives_on(image: bytes) -> None:
    source = bytes(bytearray(image))  # nobody else's
    before = sys.getrefcount(source)
    registration = jitdebug.register(source, borrow=True)
    assert sys.getrefcount(source) > before
    del source
    gc.collect()
    assert listed() == [image]
    registration.close()


def test_not_pinned_by_a_refused_call(image: bytes) -> None:
    source, bad = bytearray(image), bytearray(b"no image")
    with pytest.raises(jitdebug.ImageError):
        jitdebug.register(bad, borrow=True)
    with pytest.raises(jitdebug.ImageError, match="image 1 of 2"):
        jitdebug.register_batch([source, bad], borrow=True)
    source.clear()
    bad.clear()


def test_borrowed_twice(image: bytes) -> None:
    source = bytearray(image)
    with jitdebug.register(source, borrow=True):
        with pytest.raises(jitdebug.DuplicateError, match="borrowed already"):
            jitdebug.register(memoryview(source), borrow=True)
        with pytest.raises(BufferError):  # still the first one's
            source.clear()
        jitdebug.register(source).close()
    with pytest.raises(jitdebug.DuplicateError):
        jitdebug.register_batch([source, source], borrow=True)
    source.clear()


def test_a_file(image: bytes, tmp_path: Path) -> None:
    path = tmp_path / "image"
    path.write_bytes(image)
    with path.open("rb") as file:
        mapping = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    with jitdebug.register(mapping, borrow=True):
        assert listed() == [image]
    mapping.close()


@pytest.mark.parametrize("borrow", [False, True])
def test_bytes_apart(image: bytes, borrow: bool) -> None:
    for apart in (
        memoryview(image)[::2],
        numpy.frombuffer(image[: len(image) // 4 * 4], dtype="uint8").reshape(-1, 4).T,
    ):
        with pytest.raises(BufferError):
            jitdebug.register(apart, borrow=borrow)
        with pytest.raises(BufferError):
            jitdebug.register_batch([image, apart], borrow=borrow)


@pytest.mark.parametrize("bad", [None, 1, "text", [1], object()])
def test_no_buffer(image: bytes, bad: Any) -> None:
    with pytest.raises(TypeError):
        jitdebug.register(bad)
    with pytest.raises(TypeError):
        jitdebug.register_batch([image, bad])


def test_released(image: bytes) -> None:
    view = memoryview(bytearray(image))
    view.release()
    with pytest.raises(ValueError, match="released"):
        jitdebug.register(view)
