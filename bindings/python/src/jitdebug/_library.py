# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Which library this process uses: looked for when it is first needed."""

from __future__ import annotations

import ctypes
import os
import sys

from jitdebug import _abi
from jitdebug._errors import UnsupportedError

_SONAME = "libjitdebug.so.1"

functions: _abi.Functions | None = None


def load() -> _abi.Functions:
    """Returns the library's functions, and loads it if need be.

    Threads may do so at the same time: they find the same library. A lock would
    be of no use to a child that was forked while it was held.

    Raises UnsupportedError, which says what was tried.
    """
    global functions
    if functions is None:
        functions = _loaded() or _new()
    return functions


def _loaded() -> _abi.Functions | None:
    """The copy that is in the process already, if it has all that is needed.

    Where it is too old, a newer copy hands on to it what it can do.
    """
    try:
        return _abi.functions(ctypes.CDLL(_SONAME, os.RTLD_NOLOAD | os.RTLD_NOW))
    except (OSError, AttributeError):
        return None


def _new() -> _abi.Functions:
    chosen = _chosen()
    package = os.path.dirname(os.path.abspath(__file__))
    bundled = os.path.join(package, _SONAME)
    if chosen:
        path, origin = chosen, " (JITDEBUG_LIBRARY)"
    elif os.path.exists(bundled):
        path, origin = bundled, ""
    else:
        path, origin = _SONAME, f" ({_missing(package)})"
    try:
        return _abi.functions(ctypes.CDLL(path, os.RTLD_NOW))
    except (OSError, AttributeError) as error:
        raise UnsupportedError(
            f"libjitdebug is not loaded in this process, and cannot be: {error}{origin}"
        ) from error


def _missing(package: str) -> str:
    """Why the library is not in the package."""
    if hasattr(sys, "frozen") or "__compiled__" in globals():  # this is Nuitka's
        return (
            "what made this program of Python's files left the library out: "
            "see jitdebug's README, Programs in one file"
        )
    if not os.path.isdir(package):
        return (
            f"{package} is in a zip file, from which no library can be loaded: "
            "unpack it, or set JITDEBUG_LIBRARY"
        )
    return "this package was installed without its own"


def _chosen() -> str:
    """What JITDEBUG_LIBRARY says, unless we run with another user's rights."""
    secure_getenv = ctypes.CDLL(None).secure_getenv
    secure_getenv.restype = ctypes.c_char_p
    secure_getenv.argtypes = [ctypes.c_char_p]
    return os.fsdecode(secure_getenv(b"JITDEBUG_LIBRARY") or b"")


def notice() -> str:
    """What debuggers cannot see in this process although it is registered.

    A sentence, for a log: a program, or a library loaded earlier, that has a
    ``__jit_debug_descriptor`` of its own keeps lldb, and some versions of gdb,
    from this library's. Empty if there is nothing of the kind, and before the
    first registration.
    """
    return functions.notice().decode() if functions else ""


def version() -> tuple[int, int, int]:
    """The version of the library that this process uses, which is loaded.

    Raises UnsupportedError if there is none: a JIT that asks first can spare
    itself making images.
    """
    number = load().version()
    return number >> 16, number >> 8 & 255, number & 255
