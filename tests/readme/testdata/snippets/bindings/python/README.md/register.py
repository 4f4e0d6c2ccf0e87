import os
from pathlib import Path

image = Path(os.environ["OBJECT"]).read_bytes()
called = []


def call_the_code():
    called.append(True)


# BLOCK
assert called
