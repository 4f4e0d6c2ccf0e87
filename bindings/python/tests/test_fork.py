# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Processes that are forked, from one that has registered and one that has not."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
import threading
import time
from multiprocessing.pool import ThreadPool
from typing import Callable

import jitdebug
import pytest
from conftest import listed

pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork")

METHODS = ["fork", "forkserver", "spawn"]


def work(image: bytes) -> tuple[int, int, int]:
    """What a worker does: how long the list is before, meanwhile, and after."""
    before = len(listed())
    with jitdebug.register(image) as registration:
        assert registration.image == image
        meanwhile = len(listed())
    return before, meanwhile, len(listed())


@pytest.mark.parametrize("method", METHODS)
def test_workers(image: bytes, method: str) -> None:
    with jitdebug.register(image), jitdebug.register(image):
        with multiprocessing.get_context(method).Pool(2) as pool:
            results = pool.map_async(work, [image] * 20).get(60)
        inherited = 2 if method == "fork" else 0
        assert results == [(inherited, inherited + 1, inherited)] * 20
        assert len(listed()) == 2


@pytest.mark.parametrize("method", METHODS)
def test_workers_of_a_process_that_has_only_imported(
    python: Callable[..., str], method: str
) -> None:
    output = python(
        "import multiprocessing\n"
        "import jitdebug\n"
        "from test_fork import work\n"
        "if __name__ == '__main__':\n"
        f"    with multiprocessing.get_context({method!r}).Pool(2) as pool:\n"
        "        print(pool.map_async(work, [image] * 4).get(60))\n"
        "    assert jitdebug._library.functions is None\n"
    )
    assert output == f"{[(0, 1, 0)] * 4}\n"


def child(act: Callable[[], object], limit: float = 60) -> None:
    """Acts in a forked child, which must end well, and in time."""
    process = os.fork()
    if not process:
        status = 1
        try:
            act()
            status = 0
        except BaseException:
            sys.excepthook(*sys.exc_info())
        finally:
            os._exit(status)
    end = time.monotonic() + limit
    while time.monotonic() < end:
        ended, status = os.waitpid(process, os.WNOHANG)
        if ended:
            assert status == 0
            return
        time.sleep(0.002)
    os.kill(process, signal.SIGKILL)
    os.waitpid(process, 0)
    pytest.fail("the child hangs")


def test_a_child_closes_its_own(images: list[bytes]) -> None:
    first = jitdebug.register(images[0])
    borrowed = bytearray(images[1])
    second = jitdebug.register(borrowed, borrow=True)

    def act() -> None:
        nonlocal second
        assert first.image == images[0]
        third = jitdebug.register(images[2])
        first.close()
        assert first.closed
        assert listed() == [images[2], images[1]]
        del second  # collected
        assert listed() == [images[2]]
        borrowed.clear()
        third.close()
        assert listed() == []

    child(act)
    assert not first.closed
    assert listed() == [images[1], images[0]]
    with pytest.raises(BufferError):
        borrowed.clear()
    first.close()
    second.close()


def test_a_child_of_busy_threads(image: bytes) -> None:
    stop = threading.Event()

    def busy(_: int) -> None:
        while not stop.is_set():
            jitdebug.register(image).close()
            with jitdebug.register_batch([image] * 3) as batch:
                assert len(batch.images) == 3

    with ThreadPool(3) as threads:
        working = threads.map_async(busy, range(3))
        try:
            for _ in range(20):
                child(lambda: jitdebug.register(image).close())
        finally:
            stop.set()
        working.get(60)


def test_a_child_that_ends_as_programs_do(python: Callable[..., str]) -> None:
    # What it has inherited is not its own: for that the library is not started
    # again, which would leave one more in the child's memory.
    output = python(
        "import atexit, os, pathlib\n"
        "def copies():\n"
        "    maps = pathlib.Path('/proc/self/maps').read_text().splitlines()\n"
        "    return len({m.split()[4] for m in maps if 'jitdebug' in m})\n"
        "atexit.register(lambda: print(copies(), kept.closed, flush=True))\n"
        "import jitdebug\n"
        "kept = jitdebug.register(image)\n"
        "if os.fork():\n"
        "    os.wait()\n"
        "    if os.fork():\n"
        "        os.wait()\n"
        "    else:\n"
        "        own = jitdebug.register(image)\n"
    )
    assert output == "1 False\n2 False\n1 True\n"
