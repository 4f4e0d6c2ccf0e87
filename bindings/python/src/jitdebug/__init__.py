# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Shows code that is generated at run time to gdb and lldb.

Hand over the ELF image of your code, with the addresses at which it was loaded,
and debuggers print names, lines and locals for it::

    import jitdebug

    with jitdebug.register(image):
        call_the_code()

Where there is no image, the library makes it: ``register_functions`` takes names,
addresses and lines, ``register_object`` an object file as a compiler wrote it.

All JITs of a process share one list, in libjitdebug, whichever language they are
written in. The library is loaded at the first registration: a server that imports
this package and then forks its workers has it start in each worker that needs it.
It takes a copy that is in the process already, else the file that
``JITDEBUG_LIBRARY`` names, else the one that came with this package.
"""

from jitdebug._errors import (
    ArgumentError,
    BusyError,
    DuplicateError,
    Error,
    ForkedError,
    HandleError,
    ImageError,
    InternalError,
    OutOfMemoryError,
    StaleError,
    UnsupportedError,
)
from jitdebug._function import Function, Line, Unwind
from jitdebug._library import notice, version
from jitdebug._registration import (
    Registration,
    register,
    register_batch,
    register_functions,
    register_object,
)

__version__ = "1.0.0"

__all__ = [
    "ArgumentError",
    "BusyError",
    "DuplicateError",
    "Error",
    "ForkedError",
    "Function",
    "HandleError",
    "ImageError",
    "InternalError",
    "Line",
    "OutOfMemoryError",
    "Registration",
    "StaleError",
    "UnsupportedError",
    "Unwind",
    "notice",
    "register",
    "register_batch",
    "register_functions",
    "register_object",
    "version",
]

# Tracebacks say jitdebug.ImageError, not where that is defined.
for _name in __all__:
    globals()[_name].__module__ = __name__
