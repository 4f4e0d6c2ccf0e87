# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Threads that share registrations, and race to close them."""

from __future__ import annotations

import gc
import random
import sys
import threading
from multiprocessing.pool import ThreadPool
from typing import TYPE_CHECKING

import jitdebug
import pytest
from conftest import listed
from jitdebug import _library

if TYPE_CHECKING:
    from collections.abc import Iterator

THREADS = 8


@pytest.fixture(autouse=True)
def _switch_often() -> Iterator[None]:
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(interval)


def test_one_unregisters(image: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    library = _library.load()
    statuses: list[int] = []  # to which threads append, but could not count

    def unregister(handle: object) -> int:
        status = library.unregister(handle)  # type: ignore[arg-type]
        statuses.append(status)
        return status

    counting = library._replace(unregister=unregister)
    monkeypatch.setattr(_library, "functions", counting)
    registrations = [jitdebug.register(image) for _ in range(500)]
    together = threading.Barrier(THREADS)

    def close_all(seed: int) -> None:
        mine = registrations[:]
        random.Random(seed).shuffle(mine)
        together.wait()
        for registration in mine:
            registration.close()

    with ThreadPool(THREADS) as threads:
        threads.map(close_all, range(THREADS), chunksize=1)
    assert statuses == [0] * 500


def test_reading_what_another_closes(image: bytes) -> None:
    for _ in range(300):
        registration = jitdebug.register(image)
        closer = threading.Thread(target=registration.close)
        closer.start()
        try:
            while True:
                assert registration.image == image
        except jitdebug.StaleError:
            pass
        closer.join()


def test_everything_at_once(images: list[bytes]) -> None:
    shared: list[jitdebug.Registration] = []

    def work(seed: int) -> None:
        choose = random.Random(seed)
        for _ in range(300):
            action = choose.randrange(6)
            if action == 0:
                shared.append(jitdebug.register(choose.choice(images)))
            elif action == 1:
                source = bytearray(choose.choice(images))
                shared.append(jitdebug.register(source, borrow=True))
            elif action == 2:
                shared.append(jitdebug.register_batch(images))
            elif action == 3 and shared:
                choose.choice(shared).close()
            elif action == 4:
                shared[len(shared) // 2 :] = []
            else:
                with pytest.raises(jitdebug.ImageError):
                    jitdebug.register(b"no image")

    with ThreadPool(THREADS) as threads:
        threads.map(work, range(THREADS), chunksize=1)
    shared.clear()
    gc.collect()
    assert listed() == []


def test_nowait(image: bytes) -> None:
    # Whether the list is being changed is chance: it is one or the other.
    def work(_: int) -> int:
        busy = 0
        for _ in range(300):
            try:
                jitdebug.register_batch([image] * 20, nowait=True).close()
            except jitdebug.BusyError:
                busy += 1
        return busy

    with ThreadPool(THREADS) as threads:
        threads.map(work, range(THREADS), chunksize=1)
