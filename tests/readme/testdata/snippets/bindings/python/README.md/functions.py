import ctypes

import jitdebug

code = ctypes.create_string_buffer(b"\x55\x48\x89\xe5" + b"\x90" * 12, 16)
address, size = ctypes.addressof(code), 16
# BLOCK
assert registration.image
