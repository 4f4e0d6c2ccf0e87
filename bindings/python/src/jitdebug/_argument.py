# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What ctypes would take in silence: a number cut to its field, a text to its NUL."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, NoReturn

from jitdebug._errors import ArgumentError

if TYPE_CHECKING:
    from typing import SupportsIndex


def number(value: SupportsIndex, what: str, bits: int = 64) -> int:
    """A number for an unsigned field; ValueError if it does not fit."""
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{what}: int is needed, not {type(value).__name__}") from None
    if not 0 <= number < 1 << bits:
        raise ValueError(f"{what} is {number}, and has {bits} bits without a sign")
    return number


def text(value: str | bytes, what: str) -> bytes:
    """A text for a ``const char *``; ValueError if C would not see all of it."""
    if isinstance(value, str):
        value = value.encode(errors="surrogateescape")
    elif not isinstance(value, bytes):
        raise TypeError(f"{what}: str is needed, not {type(value).__name__}")
    if b"\0" in value:
        raise ValueError(f"{what} has a NUL, behind {value.index(0)} bytes")
    return value


def refuse(which: str, error: TypeError | ValueError) -> NoReturn:
    """Says of which element of an argument an error is."""
    kind = ArgumentError if isinstance(error, ValueError) else TypeError
    raise kind(f"{which}: {error}") from None
