import logging
import os
from unittest import mock

os.environ["JITDEBUG_LIBRARY"] = "/nonexistent"
import jitdebug

log = mock.Mock(spec=logging.Logger)
image = b"\x7fELF"
# BLOCK
(text, error), _ = log.debug.call_args
assert "/nonexistent" in str(error)
