# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Where the bytes of a buffer are."""

from __future__ import annotations

import ctypes
from ctypes import POINTER, c_char, c_char_p, c_int, c_ssize_t, c_void_p, py_object


class _PyBuffer(ctypes.Structure):
    """``Py_buffer``, which is the same in every version of Python."""

    _fields_ = [
        ("buf", c_void_p),
        ("obj", c_void_p),
        ("len", c_ssize_t),
        ("itemsize", c_ssize_t),
        ("readonly", c_int),
        ("ndim", c_int),
        ("format", c_char_p),
        ("shape", POINTER(c_ssize_t)),
        ("strides", POINTER(c_ssize_t)),
        ("suboffsets", POINTER(c_ssize_t)),
        ("internal", c_void_p),
    ]


_CONTIGUOUS = 0  # PyBUF_SIMPLE

_get = ctypes.pythonapi.PyObject_GetBuffer
_get.restype, _get.argtypes = c_int, [py_object, POINTER(_PyBuffer), c_int]
_release = ctypes.pythonapi.PyBuffer_Release
_release.restype, _release.argtypes = None, [POINTER(_PyBuffer)]


def address(view: memoryview) -> int:
    """The address of a view's first byte, good for as long as the view is.

    Raises BufferError where the bytes do not lie side by side.
    """
    if view.nbytes and view.c_contiguous and not view.readonly:
        return ctypes.addressof(c_char.from_buffer(view))  # the quick way
    buffer = _PyBuffer()
    _get(view, buffer, _CONTIGUOUS)
    first = buffer.buf
    _release(buffer)
    return first or 0
