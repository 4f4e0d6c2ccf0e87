import ctypes
import os
from pathlib import Path

import jitdebug

image = object = Path(os.environ["OBJECT"]).read_bytes()
code = ctypes.create_string_buffer(b"\x55\x48\x89\xe5" + b"\x90" * 12, 16)
address, size = ctypes.addressof(code), 16
called = []


def call_the_code():
    called.append(True)


# BLOCK
assert called
assert registration.image
assert loaded.image
