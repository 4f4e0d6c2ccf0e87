# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Random sequences: none ends the interpreter, and nothing is left."""

from __future__ import annotations

import gc
import os
import threading
from typing import TYPE_CHECKING, Any

import jitdebug
from conftest import compiled, listed
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

if TYPE_CHECKING:
    from pathlib import Path

# scripts/test-extended asks for 100,000.
SEQUENCES = int(os.environ.get("JITDEBUG_SEQUENCES", "10000"))


class Sequence:
    """What has been done so far: the registrations, and what they show."""

    def __init__(self, images: list[bytes]) -> None:
        self.images = images
        self.open: list[tuple[jitdebug.Registration, list[bytes]]] = []
        self.closed: list[jitdebug.Registration] = []
        self.buffers: list[bytearray] = []

    def act(self, action: int, choice: int) -> None:
        """One step. Nearly all of what it may do depends on the choice."""
        steps = [
            self.register,
            self.borrow,
            self.batch,
            self.close,
            self.collect,
            self.look,
            self.bad_image,
            self.bad_argument,
            self.close_again,
            self.threads,
        ]
        steps[action % len(steps)](choice)

    def register(self, choice: int) -> None:
        image = self.images[choice % len(self.images)]
        source: Any = [bytes, bytearray, memoryview][choice // 4 % 3](image)
        opaque, nowait = bool(choice & 64), bool(choice & 128)
        registration = jitdebug.register(source, opaque=opaque, nowait=nowait)
        self.open.append((registration, [image]))

    def borrow(self, choice: int) -> None:
        source = bytearray(self.images[choice % len(self.images)])
        registration = jitdebug.register(source, borrow=True)
        self.open.append((registration, [bytes(source)]))
        self.buffers.append(source)
        again: list[Any] = [b"", source]
        try:
            jitdebug.register_batch(again[choice % 2 :], borrow=True)
        except (jitdebug.DuplicateError, jitdebug.ArgumentError):
            pass
        else:
            raise AssertionError("borrowed twice")

    def batch(self, choice: int) -> None:
        images = [self.images[(choice + n) % len(self.images)] for n in range(3)]
        self.open.append((jitdebug.register_batch(images), images))

    def close(self, choice: int) -> None:
        if self.open:
            registration, _ = self.open.pop(choice % len(self.open))
            registration.close()
            self.closed.append(registration)

    def collect(self, choice: int) -> None:
        if self.open:
            registration: list[Any] = [self.open.pop(choice % len(self.open))[0]]
            if choice & 128:
                registration.append(registration)
                del registration
                gc.collect(0)

    def look(self, choice: int) -> None:
        if self.open:
            registration, images = self.open[choice % len(self.open)]
            assert list(registration.images) == images

    def bad_image(self, choice: int) -> None:
        image = bytearray(self.images[choice % len(self.images)])
        offset = choice * 7 % 64  # in the ELF header
        image[offset] ^= choice % 255 + 1
        try:
            self.open.append((jitdebug.register(image), [bytes(image)]))
        except jitdebug.ImageError:
            pass

    def bad_argument(self, choice: int) -> None:
        bad: list[Any] = [None, b"", "text", 7, memoryview(b"abcdef")[::2], {}]
        try:
            if choice & 128:
                jitdebug.register_batch([self.images[0], bad[choice % len(bad)]])
            else:
                jitdebug.register(bad[choice % len(bad)])
        except (TypeError, BufferError, jitdebug.Error):
            pass
        else:
            raise AssertionError("accepted")

    def close_again(self, choice: int) -> None:
        if self.closed:
            registration = self.closed[choice % len(self.closed)]
            registration.close()
            try:
                registration.images  # noqa: B018
            except jitdebug.StaleError:
                pass

    def threads(self, choice: int) -> None:
        if choice & 3:  # they cost as much as all the rest
            return
        targets = [lambda: jitdebug.register(self.images[0]).close()]
        if self.open:
            registration, _ = self.open.pop(choice % len(self.open))
            targets += [registration.close] * 2
        threads = [threading.Thread(target=target) for target in targets]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def check(self) -> None:
        """What is open is what is listed."""
        expected = [image for _, images in self.open for image in images]
        assert sorted(listed()) == sorted(expected)


def run(images: list[bytes], steps: bytes) -> None:
    """One sequence, from nothing to nothing."""
    sequence = Sequence(images)
    for action, choice in zip(steps[::2], steps[1::2]):
        sequence.act(action, choice)
    sequence.check()
    sequence.open.clear()
    if listed():  # in cycles
        gc.collect()
    assert listed() == []
    for buffer in sequence.buffers:
        buffer.clear()


def test_sequences(tmp_path: Path) -> None:
    images = [compiled(tmp_path, n << 28, "-g0", "-s") for n in (1, 2, 3)]

    @settings(
        max_examples=SEQUENCES,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(steps=st.binary(max_size=24))
    def sequences(steps: bytes) -> None:
        run(images, steps)

    sequences()
