# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Where the sections of an object file were loaded."""

from __future__ import annotations

import ctypes
import reprlib
from typing import TYPE_CHECKING, Union

from jitdebug import _abi, _argument

if TYPE_CHECKING:
    from collections.abc import Mapping

    # A mapping's keys are of one type exactly, for a type checker.
    Sections = Union[
        Mapping[str, int],
        Mapping[bytes, int],
        Mapping[int, int],
        Mapping[Union[str, int], int],
    ]


def array(sections: Sections) -> ctypes.Array[_abi.Section]:
    """The places for C; the array keeps alive what its elements point to.

    Raises TypeError or ArgumentError, which says which section is wrong.
    """
    try:
        places = list(sections.items())
    except AttributeError:
        kind = type(sections).__name__
        raise TypeError(
            f"sections: a mapping of names or indices is needed, not {kind}"
        ) from None
    made = (_abi.Section * len(places))()
    for entry, (section, address) in zip(made, places):
        try:
            entry.struct_size = ctypes.sizeof(_abi.Section)
            if isinstance(section, (str, bytes)):
                entry.name = _argument.text(section, "name")
            else:
                entry.index = _argument.number(section, "index", 32)
            entry.address = _argument.number(address, "address")
        except (TypeError, ValueError) as error:
            _argument.refuse(f"sections[{reprlib.repr(section)}]", error)
    return made
