# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""An exception for each status, with the library's sentence."""

from __future__ import annotations

import pickle
import threading

import jitdebug
import pytest
from jitdebug import _abi, _errors, _library

STATUSES = [getattr(_abi, name) for name in dir(_abi) if name.startswith("E_")]


@pytest.mark.parametrize("status", STATUSES)
def test_one_for_each(status: int) -> None:
    error = _errors.of(status, b"the sentence")
    assert isinstance(error, jitdebug.Error)
    assert type(error) is not jitdebug.Error
    assert type(error).__name__ in jitdebug.__all__
    assert error.status == type(error).status == status
    assert str(error).startswith("the sentence")
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again), again.status) == (type(error), str(error), status)


def test_a_status_to_come() -> None:
    error = _errors.of(-99, b"the sentence")
    assert type(error) is jitdebug.Error
    assert error.status == -99
    assert pickle.loads(pickle.dumps(error)).status == -99


def test_builtins() -> None:
    assert issubclass(jitdebug.ImageError, ValueError)
    assert issubclass(jitdebug.ArgumentError, ValueError)
    assert issubclass(jitdebug.OutOfMemoryError, MemoryError)
    assert issubclass(jitdebug.ForkedError, RuntimeError)


def test_sentences(image: bytes) -> None:
    with pytest.raises(jitdebug.ArgumentError, match=r"^image: size is 0$"):
        jitdebug.register(b"")
    with pytest.raises(jitdebug.ArgumentError, match=r"^count is 0$"):
        jitdebug.register_batch([])
    with pytest.raises(jitdebug.ImageError, match="e_machine"):
        jitdebug.register(image[:18] + b"\xff\xff" + image[20:])
    with pytest.raises(jitdebug.ImageError, match="image 1 of 2: the image has 3"):
        jitdebug.register_batch([image, b"ELF"])


def test_forked_names_the_way_out() -> None:
    error = _errors.of(_abi.E_FORKED, b"the sentence")
    assert "'spawn'" in str(error)
    assert "register first in the worker" in str(error)


def test_a_sentence_is_its_threads() -> None:
    texts: dict[int, set[str]] = {}
    together = threading.Barrier(4)

    def fail(size: int) -> None:
        together.wait()
        texts[size] = set()
        for _ in range(500):
            try:
                jitdebug.register(b"x" * size)
            except jitdebug.ImageError as error:
                texts[size].add(str(error))

    threads = [threading.Thread(target=fail, args=(size,)) for size in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for size, text in texts.items():
        assert len(text) == 1
        assert f"has {size} byte" in text.pop()


def test_what_cannot_be_closed_stays(
    image: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = bytearray(image)
    registration = jitdebug.register(source, borrow=True)
    library = _library.load()
    with monkeypatch.context() as patch:
        refusing = library._replace(
            unregister=lambda _: _abi.E_FORKED, last_error=lambda: b"no"
        )
        patch.setattr(_library, "functions", refusing)
        with pytest.raises(jitdebug.ForkedError):
            registration.close()
        assert not registration.closed
        with pytest.raises(BufferError):  # debuggers go on reading it
            source.clear()
    registration.close()
    source.clear()
