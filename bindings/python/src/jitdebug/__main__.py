# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""``python -m jitdebug`` is the program jitdebug, which the wheel brings."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def main() -> None:
    """Becomes that program."""
    tool = Path(__file__).parent / "jitdebug-tool"
    if not os.access(tool, os.X_OK):
        sys.exit(
            "jitdebug: this package was built without the program: Go was missing. "
            "Build it in a checkout: make tool"
        )
    os.execv(tool, [str(tool), *sys.argv[1:]])


if __name__ == "__main__":
    main()
