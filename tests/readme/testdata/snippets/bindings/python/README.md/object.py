import ctypes
import os
from pathlib import Path

import jitdebug

object = Path(os.environ["OBJECT"]).read_bytes()
code = ctypes.create_string_buffer(64)
address = ctypes.addressof(code)
# BLOCK
assert registration.image
