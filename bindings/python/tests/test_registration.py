# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What a registration is, from register() to close()."""

from __future__ import annotations

import copy
import gc
import pickle
import weakref
from typing import Callable

import jitdebug
import pytest
from conftest import listed


def test_close(image: bytes) -> None:
    registration = jitdebug.register(image)
    assert listed() == [image]
    assert not registration.closed
    assert repr(registration) == "<jitdebug.Registration of 1 image, open>"
    registration.close()
    assert listed() == []
    assert registration.closed
    assert repr(registration) == "<jitdebug.Registration of 1 image, closed>"
    registration.close()


def test_with(image: bytes) -> None:
    with jitdebug.register(image) as registration:
        assert listed() == [image]
    assert registration.closed
    with pytest.raises(ZeroDivisionError), jitdebug.register(image):
        raise ZeroDivisionError
    assert listed() == []


def test_collected(image: bytes) -> None:
    registration = jitdebug.register(image)
    gone = weakref.ref(registration)
    cycle = [registration]
    cycle.append(cycle)  # type: ignore[arg-type]
    del registration, cycle
    gc.collect()
    assert gone() is None
    assert listed() == []


def test_batch(images: list[bytes]) -> None:
    with jitdebug.register_batch(iter(images)) as registration:
        assert sorted(listed()) == sorted(images)
        assert list(registration.images) == images
        assert repr(registration) == "<jitdebug.Registration of 3 images, open>"
        with pytest.raises(ValueError, match="batch of 3 images"):
            _ = registration.image
    with jitdebug.register_batch([images[0]]) as registration:
        assert registration.image == images[0]


def test_image(image: bytes) -> None:
    with jitdebug.register(image) as registration:
        seen = registration.image
        assert seen == image
        assert seen.readonly
        assert registration.images == (seen,)
    assert seen == image
    with pytest.raises(jitdebug.StaleError, match="closed"):
        _ = registration.image


def test_the_same_image_twice(image: bytes) -> None:
    with jitdebug.register(image), jitdebug.register(image):
        assert listed() == [image, image]


def test_neither_copied_nor_pickled(image: bytes) -> None:
    with jitdebug.register(image) as registration:
        for way in (copy.copy, copy.deepcopy, pickle.dumps):
            with pytest.raises(TypeError, match="belongs to its process"):
                way(registration)


def test_opaque() -> None:
    with jitdebug.register(b"for a reader of its own", opaque=True) as registration:
        assert bytes(registration.image) == b"for a reader of its own"


@pytest.mark.parametrize("end", ["", "raise SystemExit", "sys.exit(0)"])
def test_unregistered_at_exit(python: Callable[..., str], end: str) -> None:
    # What is registered with atexit before the package runs after it.
    output = python(
        "import atexit, sys\n"
        "atexit.register(lambda: print(len(listed()), kept.closed))\n"
        "import jitdebug\n"
        "from conftest import listed\n"
        "kept = jitdebug.register(image)\n"
        "print(len(listed()), kept.closed)\n" + end
    )
    assert output == "1 False\n0 True\n"


def test_interrupted(python: Callable[..., str]) -> None:
    # Ctrl-C while register() waits: the call ends well, and Python raises the
    # exception as soon as it is back from C. Nothing may be left behind.
    output = python(
        "import signal\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # ignored in jobs
        "import jitdebug\n"
        "from conftest import listed\n"
        "from jitdebug import _library\n"
        "library = _library.load()\n"
        # Where the tests run in the background, it is ignored.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "def register(*arguments):\n"
        "    status = library.register(*arguments)\n"
        "    signal.raise_signal(signal.SIGINT)\n"
        "    return status\n"
        "_library.functions = library._replace(register=register)\n"
        "try:\n"
        "    jitdebug.register(image)\n"
        "except KeyboardInterrupt:\n"
        "    print('interrupted')\n"
        "print(len(listed()))\n"
    )
    assert output == "interrupted\n0\n"
