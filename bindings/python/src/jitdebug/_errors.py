# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""An exception for each status."""

from __future__ import annotations

from jitdebug import _abi


class Error(Exception):
    """A failure of libjitdebug, with its sentence.

    Attributes:
        status: The status in C, ``JITDEBUG_E_...``, negative.
    """

    status: int = 0


class ArgumentError(Error, ValueError):
    """An argument is wrong: an empty image, an empty batch."""

    status = _abi.E_ARGUMENT


class HandleError(Error, ValueError):
    """Not a handle of the library's."""

    status = _abi.E_HANDLE


class StaleError(Error, ValueError):
    """The registration is closed."""

    status = _abi.E_STALE


class ImageError(Error, ValueError):
    """No debugger could read the image; the sentence says which field is wrong."""

    status = _abi.E_IMAGE


class OutOfMemoryError(Error, MemoryError):
    """Out of memory; nothing changed, and a later call can succeed."""

    status = _abi.E_MEMORY


class BusyError(Error):
    """``nowait`` was given, and the list was being changed."""

    status = _abi.E_BUSY


class ForkedError(Error, RuntimeError):
    """This process was forked, and the library cannot be started in it."""

    status = _abi.E_FORKED


class DuplicateError(Error, ValueError):
    """``borrow`` was given, and this buffer is registered already."""

    status = _abi.E_DUPLICATE


class UnsupportedError(Error, RuntimeError):
    """The library is not there, or too old for the call."""

    status = _abi.E_UNSUPPORTED


class InternalError(Error, RuntimeError):
    """A defect of the library, caught at its boundary; the process lives on."""

    status = _abi.E_INTERNAL


_BY_STATUS: dict[int, type[Error]] = {
    error.status: error for error in Error.__subclasses__()
}

_WAY_OUT = (
    "; in Python: start workers with the multiprocessing method 'spawn', "
    "or register first in the worker, not before the fork"
)


def of(status: int, text: bytes) -> Error:
    """The exception for a status and the library's sentence, to be raised."""
    sentence = text.decode(errors="replace")
    if status == _abi.E_FORKED:
        sentence += _WAY_OUT
    error = _BY_STATUS.get(status, Error)(sentence)
    error.status = status  # a newer library's may have no class yet
    return error
