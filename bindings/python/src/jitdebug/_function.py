# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Functions of which there is no image."""

from __future__ import annotations

import ctypes
import enum
import os
import reprlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from jitdebug import _abi, _argument

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Unwind(enum.Enum):
    """How a debugger gets from a function's frame to its caller's."""

    #: Nothing is said: the debugger looks at the code and guesses.
    NONE = _abi.UNWIND_NONE
    #: The function keeps the frame pointer (x86-64: rbp, arm64: x29). The code is
    #: read for its prologue and its epilogues, so it has to be in place.
    FRAME_POINTER = _abi.UNWIND_FRAME_POINTER


class Line(NamedTuple):
    """Where the code of a source line begins.

    Attributes:
        offset: In bytes, from the function's address.
        line: In the source file, from 1; 0 is code that comes from no line.
        column: From 1; 0 is the whole line.
    """

    offset: int
    line: int
    column: int = 0


@dataclass(frozen=True)
class Function:
    """A function that was generated, for ``register_functions``.

    Attributes:
        name: What debuggers show, byte for byte, and take in breakpoints: any
            text but the empty one. A str is handed over as UTF-8.
        address: Of the first byte of its code.
        size: Of its code, in bytes.
        file: The path of its source. As with a compiler, a debugger looks for a
            relative one where it runs.
        lines: Where lines begin: ``(offset, line)``, ``(offset, line, column)``
            or ``Line``, by offsets that do not descend. With lines, a file is
            needed.
        unwind: An ``Unwind``, or DW_CFA instructions (DWARF, "Call Frame
            Information"), which go on from the state at the entry (x86-64: the
            CFA is rsp+8, the return address at CFA-8; arm64: the CFA is sp, the
            return address in x30). The code alignment factor is 1, the data
            alignment factor -8.
    """

    name: str | bytes
    address: int
    size: int
    file: str | bytes | os.PathLike[str] | None = None
    lines: Sequence[tuple[int, int] | tuple[int, int, int]] = ()
    unwind: Unwind | bytes = Unwind.NONE


def array(functions: Iterable[Function]) -> ctypes.Array[_abi.Function]:
    """The functions for C; the array keeps alive what its elements point to.

    Raises TypeError or ArgumentError, which says which function is wrong.
    """
    try:
        given = list(functions)
    except TypeError:
        if hasattr(functions, "__iter__"):
            raise  # its own
        kind = type(functions).__name__
        raise TypeError(f"functions: an iterable is needed, not {kind}") from None
    made = (_abi.Function * len(given))()
    for index, function in enumerate(given):
        which = f"functions[{index}]"
        if not isinstance(function, Function):
            kind = type(function).__name__
            raise TypeError(f"{which}: jitdebug.Function is needed, not {kind}")
        try:
            _describe(made[index], function)
        except (TypeError, ValueError) as error:
            _argument.refuse(f"{which} {reprlib.repr(function.name)}", error)
    return made


def _describe(entry: _abi.Function, function: Function) -> None:
    entry.struct_size = ctypes.sizeof(_abi.Function)
    entry.name = _argument.text(function.name, "name")
    entry.address = _argument.number(function.address, "address")
    entry.size = _argument.number(function.size, "size")
    if function.file is not None:
        try:
            file = os.fsencode(function.file)
        except TypeError:
            kind = type(function.file).__name__
            raise TypeError(f"file: a path is needed, not {kind}") from None
        entry.file = _argument.text(file, "file")
    try:
        entry.line_count = len(function.lines)
    except TypeError:  # an iterator too: the function can be registered again
        kind = type(function.lines).__name__
        raise TypeError(f"lines: a sequence is needed, not {kind}") from None
    if entry.line_count:
        entry.lines = _lines(function.lines)
    if isinstance(function.unwind, Unwind):
        entry.unwind = function.unwind.value
    elif isinstance(function.unwind, bytes):
        entry.unwind = _abi.UNWIND_CFI
        entry.cfi, entry.cfi_size = function.unwind, len(function.unwind)
    else:
        kind = type(function.unwind).__name__
        raise TypeError(f"unwind: jitdebug.Unwind or bytes is needed, not {kind}")


def _lines(
    lines: Sequence[tuple[int, int] | tuple[int, int, int]],
) -> ctypes.Array[_abi.Line]:
    made = (_abi.Line * len(lines))()
    for index, given in enumerate(lines):
        which = f"lines[{index}]"
        try:
            offset, line, column = Line(*given)
        except TypeError:
            raise TypeError(
                f"{which}: (offset, line) or (offset, line, column) is needed, "
                f"not {reprlib.repr(given)}"
            ) from None
        made[index] = _abi.Line(
            _argument.number(offset, f"{which}.offset"),
            _argument.number(line, f"{which}.line", 32),
            _argument.number(column, f"{which}.column", 32),
        )
    return made
