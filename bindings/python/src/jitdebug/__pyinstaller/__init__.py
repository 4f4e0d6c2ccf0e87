# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Where PyInstaller finds what it has to know of this package."""

from __future__ import annotations

import os


def get_hook_dirs() -> list[str]:
    """PyInstaller calls this, by the wheel's entry point."""
    return [os.path.dirname(__file__)]
