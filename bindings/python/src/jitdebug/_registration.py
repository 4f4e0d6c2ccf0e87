# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Registrations: images that debuggers see until they are closed."""

from __future__ import annotations

import atexit
import os
from ctypes import c_size_t, c_void_p
from typing import TYPE_CHECKING, NoReturn

from jitdebug import _abi, _buffer, _errors, _function, _library, _section

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import TracebackType

    from jitdebug._function import Function
    from jitdebug._section import Sections
    from typing_extensions import Buffer, Self

# The registrations that are open, with the buffers that each has borrowed. Who
# takes a handle out, unregisters it: so that is done once, whichever threads
# close, collect, or end the interpreter. dict.pop() is the lock.
_Borrowed = tuple[memoryview, ...]
_open: dict[_abi.Handle, _Borrowed] = {}

# Those from before a fork, in the child. They are unregistered when they are
# closed or collected, but not at the child's end: that would start the library
# in each child of a process that registers, for nothing.
_inherited: list[dict[_abi.Handle, _Borrowed]] = []


class Registration:
    """One image or several that debuggers see, from ``register`` to ``close``.

    It is closed when it is collected, and when the interpreter ends, as well; a
    process that was forked closes its own only. Threads may share it.
    """

    __slots__ = ("__weakref__", "_count", "_handle", "_open")

    def __init__(self, count: int, borrowed: _Borrowed) -> None:
        # Complete before the library is called: a KeyboardInterrupt that comes
        # in between must not lose what was registered.
        self._count = count
        self._handle = handle = _abi.Handle()
        self._open = _open
        _open[handle] = borrowed

    @property
    def closed(self) -> bool:
        """Whether it is closed."""
        return self._handle not in self._open

    @property
    def image(self) -> memoryview:
        """What debuggers read, if this is one image; see ``images``.

        Raises ValueError for a batch of several.
        """
        if self._count != 1:
            raise ValueError(f"a batch of {self._count} images: use images")
        return self.images[0]

    @property
    def images(self) -> tuple[memoryview, ...]:
        """What debuggers read, in the order of the batch, not to be written to.

        A borrowed buffer itself, or a copy of the library's copy, which is
        therefore good after ``close`` too. Of functions, an image with those of
        this registration alone, where debuggers may be reading them together
        with others.

        Raises StaleError: it is closed; OutOfMemoryError: of functions;
        ForkedError; InternalError.
        """
        borrowed = self._open.get(self._handle)
        if borrowed is None:
            raise _errors.StaleError("this registration is closed")
        if borrowed:
            return tuple(view.cast("B").toreadonly() for view in borrowed)
        return tuple(memoryview(self._copy(index)) for index in range(self._count))

    def _copy(self, index: int) -> bytes:
        address, size = self._where(index)
        # Another thread may close this now. The kernel can read memory that is
        # gone, and the library says afterwards whether it was.
        with open("/proc/self/mem", "rb", buffering=0) as memory:
            try:
                copy = os.pread(memory.fileno(), size, address)
            except OSError:
                self._where(index)
                raise
        self._where(index)
        return copy

    def _where(self, index: int) -> tuple[int, int]:
        library = _library.load()
        address, size = c_void_p(), c_size_t()
        status = library.registration_image(self._handle, index, address, size)
        if status != _abi.OK:
            raise _errors.of(status, library.last_error())
        return address.value or 0, size.value

    def close(self) -> None:
        """Unregisters: debuggers forget the images, and borrowed buffers are free.

        Close before the code's memory is used again, or debuggers go on showing
        the old names. Once more is fine. Of several threads one unregisters; the
        others may return before it has.

        Waits while another thread changes the list; other Python threads run.

        Raises ForkedError or InternalError; it is not closed then.
        """
        borrowed = self._open.pop(self._handle, None)
        if borrowed is not None:
            library = _library.functions or _library.load()
            if status := library.unregister(self._handle):
                self._open[self._handle] = borrowed  # debuggers go on reading it
                raise _errors.of(status, library.last_error())

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Closes."""
        self.close()

    def __del__(self) -> None:
        """Closes; where that fails, borrowed buffers stay for ever."""
        try:
            self.close()
        except _errors.Error:
            pass

    def __reduce__(self) -> NoReturn:
        """Neither copied nor pickled."""
        raise TypeError("a registration belongs to its process: cannot pickle it")

    def __repr__(self) -> str:
        """Its state and its size."""
        state = "closed" if self.closed else "open"
        images = "1 image" if self._count == 1 else f"{self._count} images"
        return f"<jitdebug.Registration of {images}, {state}>"


def register(
    image: Buffer, *, borrow: bool = False, nowait: bool = False, opaque: bool = False
) -> Registration:
    """Registers an image: debuggers know its symbols when this returns.

    Loads the library if this is the process's first registration. May be called
    from every thread; other Python threads run meanwhile. For many images see
    ``register_batch``.

    Args:
        image: An ELF file in memory (ET_REL, ET_EXEC or ET_DYN) for this machine,
            its addresses those at which the code was loaded. Bytes, or any buffer
            whose bytes lie side by side: a memoryview, an mmap, a numpy array.
        borrow: Do not copy it. The buffer is pinned until the registration is
            closed: a bytearray cannot change its size, an mmap cannot be closed.
            Its bytes must not be changed either.
        nowait: Raise BusyError rather than wait for a thread that is changing
            the list. A wait is short, unless a debugger is reading.
        opaque: Do not look inside the image: it is in a format for which the
            user has loaded a reader into the debugger.

    Returns:
        The registration. Keep it: when it is collected, the image is gone.

    Raises:
        TypeError: It is no buffer.
        BufferError: Its bytes do not lie side by side.
        ArgumentError: It is empty.
        ImageError: No debugger could read it.
        DuplicateError: It is borrowed already.
        BusyError: With ``nowait``.
        OutOfMemoryError: Nothing changed.
        ForkedError: The library cannot be started in this forked child.
        UnsupportedError: There is no library.
        InternalError: A defect of the library.
    """
    library = _library.functions or _library.load()
    if type(image) is bytes:  # the quick way: it is its own pin
        data: bytes | int = image
        size = len(image)
        borrowed = (memoryview(image),) if borrow else ()
    else:
        view = memoryview(image)
        data = _buffer.address(view)
        size = view.nbytes
        borrowed = (view,) if borrow else ()
    registration = Registration(1, borrowed)
    flags = _flags(borrow, nowait, opaque) if borrow or nowait or opaque else 0
    if status := library.register(data, size, flags, registration._handle):
        raise _refused(registration, status, library)
    return registration


def register_batch(
    images: Iterable[Buffer],
    *,
    borrow: bool = False,
    nowait: bool = False,
    opaque: bool = False,
) -> Registration:
    """Registers several images as one, all of them or none.

    One call for many images costs a fraction of as many calls.

    Args:
        images: Each as for ``register``; one at least.
        borrow: As for ``register``, for each of them.
        nowait: As for ``register``.
        opaque: As for ``register``, for each of them.

    Returns:
        The registration, of all of them.

    Raises:
        What ``register`` raises; the sentence says which image, counted from 0.
        ArgumentError also where there is none, DuplicateError also where a
        borrowed buffer is there twice.
    """
    library = _library.functions or _library.load()
    sources = list(images)
    views = [memoryview(image) for image in sources]
    registration = Registration(len(views), tuple(views) if borrow else ())
    array = (_abi.Image * len(views))()
    for entry, source, view in zip(array, sources, views):
        entry.data = source if type(source) is bytes else _buffer.address(view)
        entry.size = view.nbytes
    status = library.register_batch(
        array, len(array), _flags(borrow, nowait, opaque), registration._handle
    )
    if status != _abi.OK:
        raise _refused(registration, status, library)
    return registration


def register_functions(
    functions: Iterable[Function], *, nowait: bool = False
) -> Registration:
    """Registers functions of which there is no image, all of them or none.

    The library writes the image, with symbols, lines and frames. Debuggers know
    the functions when this returns::

        jitdebug.register_functions(
            [
                jitdebug.Function(
                    name="fib",
                    address=address,
                    size=size,
                    file="fib.js",
                    lines=[(0, 1), (12, 2)],
                    unwind=jitdebug.Unwind.FRAME_POINTER,
                )
            ]
        )

    Registering each function by itself as it is generated is fine: the functions
    of several calls share images. A call that finds one full takes longer.

    Args:
        functions: In any order; one at least. No two may overlap.
        nowait: As for ``register``.

    Returns:
        The registration, of all of them.

    Raises:
        TypeError: A field has the wrong type.
        ArgumentError: There is no function, or one is not as ``Function`` says.
            The sentence says which, counted from 0, and what.
        UnsupportedError: There is no library, or the process's list is kept by
            an older one, which lacks this.
        BusyError, OutOfMemoryError, ForkedError, InternalError: As ``register``.
    """
    library = _library.functions or _library.load()
    array = _function.array(functions)
    registration = Registration(1, ())
    if status := library.register_functions(
        array, len(array), _abi.NOWAIT if nowait else 0, registration._handle
    ):
        raise _refused(registration, status, library)
    return registration


def register_object(
    object: Buffer, sections: Sections, *, nowait: bool = False
) -> Registration:
    """Registers an object file that you have loaded, as a compiler wrote it.

    It may be of gcc, clang, a Fortran compiler, or of llvmlite's ``emit_object``.
    The library makes the image: it relocates and decompresses the debug
    information, and leaves out what was not loaded::

        jitdebug.register_object(object, {".text": address})

    Args:
        object: A relocatable ELF file (ET_REL) for this machine: bytes, or any
            buffer whose bytes lie side by side. It is copied.
        sections: Where its sections of code and data were loaded; what is left
            out counts as not loaded. The keys are names, or the indices of
            section headers, which tell apart several sections of one name.
            llvmlite's target machines put code into ``.ltext``, and leave
            ``.text`` empty, unless they are given a ``codemodel``.
        nowait: As for ``register``.

    Returns:
        The registration; its ``image`` is what was made of the object.

    Raises:
        TypeError: It is no buffer, or the sections are not as said above.
        BufferError: Its bytes do not lie side by side.
        ArgumentError: It is empty, or there is no section; or the object does not
            have it, several could be meant, or it cannot be at that address.
        ImageError: It is not an object file of this machine, or damaged.
        UnsupportedError: There is no library; or something in the object is not
            known to it, such as a kind of relocation, which the sentence names.
        BusyError, OutOfMemoryError, ForkedError, InternalError: As ``register``.
    """
    library = _library.functions or _library.load()
    view = memoryview(object)
    data = object if type(object) is bytes else _buffer.address(view)
    array = _section.array(sections)
    registration = Registration(1, ())
    if status := library.register_object(
        data,
        view.nbytes,
        array,
        len(array),
        _abi.NOWAIT if nowait else 0,
        registration._handle,
    ):
        raise _refused(registration, status, library)
    return registration


def _flags(borrow: bool, nowait: bool, opaque: bool) -> int:
    return (
        (_abi.BORROW if borrow else 0)
        | (_abi.NOWAIT if nowait else 0)
        | (_abi.OPAQUE if opaque else 0)
    )


def _refused(
    registration: Registration, status: int, library: _abi.Functions
) -> _errors.Error:
    error = _errors.of(status, library.last_error())
    del registration._open[registration._handle]
    return error


def _close_all() -> None:
    for handle, borrowed in list(_open.items()):
        if _open.pop(handle, None) is not None and _library.load().unregister(handle):
            _open[handle] = borrowed


def _in_child() -> None:
    global _open
    if _open:
        _inherited.append(_open)
        _open = {}


atexit.register(_close_all)
os.register_at_fork(after_in_child=_in_child)
