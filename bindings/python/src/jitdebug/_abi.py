# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What include/jitdebug.h declares, as ctypes; tests compare the two."""

from __future__ import annotations

import ctypes
from ctypes import (
    POINTER,
    c_char_p,
    c_int32,
    c_size_t,
    c_uint32,
    c_uint64,
    c_void_p,
)
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

BORROW = 1
NOWAIT = 2
OPAQUE = 4

OK = 0
E_ARGUMENT = -1
E_HANDLE = -2
E_STALE = -3
E_IMAGE = -4
E_MEMORY = -5
E_BUSY = -6
E_FORKED = -7
E_DUPLICATE = -8
E_UNSUPPORTED = -9
E_INTERNAL = -10

UNWIND_NONE = 0
UNWIND_FRAME_POINTER = 1
UNWIND_CFI = 2


class Handle(c_void_p):
    """``jitdebug_registration *``, told apart by the object, not by its value."""

    __slots__ = ()
    __hash__ = object.__hash__


class Image(ctypes.Structure):
    """``jitdebug_image``."""

    # c_char_p, unlike c_void_p, takes a bytes object as it is, and an address.
    _fields_ = [("data", c_char_p), ("size", c_size_t)]


class Section(ctypes.Structure):
    """``jitdebug_section``."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("index", c_uint32),
        ("name", c_char_p),
        ("address", c_void_p),
    ]


class Line(ctypes.Structure):
    """``jitdebug_line``."""

    _fields_ = [("offset", c_uint64), ("line", c_uint32), ("column", c_uint32)]


class Function(ctypes.Structure):
    """``jitdebug_function``."""

    _fields_ = [
        ("struct_size", c_uint32),
        ("unwind", c_uint32),
        ("name", c_char_p),
        ("address", c_void_p),
        ("size", c_size_t),
        ("file", c_char_p),
        ("lines", POINTER(Line)),
        ("line_count", c_size_t),
        ("cfi", c_char_p),
        ("cfi_size", c_size_t),
    ]


# In every argument that is an output, ctypes takes an object for its address.
DECLARATIONS: dict[str, tuple[Any, list[Any]]] = {
    "register": (c_int32, [c_void_p, c_size_t, c_uint32, POINTER(Handle)]),
    "register_batch": (c_int32, [POINTER(Image), c_size_t, c_uint32, POINTER(Handle)]),
    "register_object": (
        c_int32,
        [c_void_p, c_size_t, POINTER(Section), c_size_t, c_uint32, POINTER(Handle)],
    ),
    "register_functions": (
        c_int32,
        [POINTER(Function), c_size_t, c_uint32, POINTER(Handle)],
    ),
    "unregister": (c_int32, [Handle]),
    "registration_image": (
        c_int32,
        [Handle, c_size_t, POINTER(c_void_p), POINTER(c_size_t)],
    ),
    "status_string": (c_char_p, [c_int32]),
    "last_error": (c_char_p, []),
    "notice": (c_char_p, []),
    "version": (c_uint32, []),
}


class Functions(NamedTuple):
    """The library's functions, without their prefix."""

    register: Callable[[bytes | int | None, int, int, Handle], int]
    register_batch: Callable[[ctypes.Array[Image], int, int, Handle], int]
    register_object: Callable[
        [bytes | int, int, ctypes.Array[Section], int, int, Handle], int
    ]
    register_functions: Callable[[ctypes.Array[Function], int, int, Handle], int]
    unregister: Callable[[Handle], int]
    registration_image: Callable[[Handle, int, c_void_p, c_size_t], int]
    status_string: Callable[[int], bytes]
    last_error: Callable[[], bytes]
    notice: Callable[[], bytes]
    version: Callable[[], int]


def functions(library: ctypes.CDLL) -> Functions:
    """Declares the functions of a loaded library.

    Raises AttributeError where it lacks one.
    """
    found = {}
    for name, (result, arguments) in DECLARATIONS.items():
        function = getattr(library, "jitdebug_" + name)
        function.restype, function.argtypes = result, arguments
        found[name] = function
    return Functions(**found)
