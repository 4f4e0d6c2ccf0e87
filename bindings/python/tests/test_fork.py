"""Processes that are forked, from one that has registered and one that has not."""

from __future__ import annotations

import multiprocessing
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


@pytest.mark.parametrize("method", METHODS[1:])
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


def test_a_child_that_ends_as_programs_do(python: Callable[..., str]) -> None:
    # What it has inherited is not its own: for that the library is not started.
    output = python(
        "import os, sys\n"
        "import jitdebug\n"
        "kept = jitdebug.register(image)\n"
        "if os.fork() == 0:\n"
        "    own = jitdebug.register(image) if 'own' in sys.argv else None\n"
        "    sys.exit(7)\n"
        "print(os.waitpid(-1, 0)[1] >> 8, kept.closed)\n"
    )
    assert output == "7 False\n"
