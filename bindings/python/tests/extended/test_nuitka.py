# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""A program that Nuitka compiles, which takes minutes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from debugger import gdb, shows

TOP = Path(__file__).parents[4]
FUNCTIONS = TOP / "examples" / "python" / "functions.py"
OPTION = "--include-package-data=jitdebug:*.so.1"


def test_gdb(tmp_path: Path) -> None:
    assert OPTION in (TOP / "bindings" / "python" / "README.md").read_text()
    subprocess.run(
        [sys.executable, "-m", "nuitka", "--standalone", "--quiet", OPTION]
        + ["--assume-yes-for-downloads", f"--output-dir={tmp_path}", str(FUNCTIONS)],
        check=True,
    )
    commands = ["break add_one", "run", "backtrace 2", "delete", "continue"]
    shows(
        gdb(commands, tmp_path / "functions.dist" / "functions.bin"),
        [
            r"hit Breakpoint 1, add_one \(\) at .*/add\.s:9$",
            r"^#1 .* in add_two \(\) at .*/add\.s:4$",
            r"^add_two\(40\) = 42$",
            r"exited normally",
        ],
    )
