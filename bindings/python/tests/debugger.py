# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Sessions with gdb and lldb: commands as typed, and what must come out."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

LIMIT = 240  # seconds, for a debugger that hangs


def gdb(commands: list[str], program: Path, *scripts: Path) -> str:
    """What gdb prints."""
    typed = ["set debuginfod enabled off", "set breakpoint pending on", *commands]
    arguments = [word for command in typed for word in ("-ex", command)]
    return _output(["gdb", "-nx", "-batch", *arguments, "--args"], program, *scripts)


# lldb 22 loses the connection some times when a program with threads ends.
ENDED = r"exited with status = (0 |-1 .*lost connection)"


def lldb(commands: list[str], python: Path, script: Path) -> str:
    """What lldb prints."""
    arguments = [word for command in commands for word in ("-o", command)]
    arguments = ["lldb-22", "--no-lldbinit", "--batch", *arguments, "--"]
    return _output(arguments, python, script)


def _output(arguments: list[str], program: Path, *scripts: Path) -> str:
    # Scripts are Python's, which shall leave nothing behind.
    given = [word for script in scripts for word in ("-B", str(script))]
    done = subprocess.run(
        [*arguments, str(program), *given],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=LIMIT,
        check=False,
    )
    return done.stdout


def shows(output: str, lines: list[str]) -> None:
    """Fails unless each pattern is found, behind the one before."""
    rest = output
    for line in lines:
        found = re.search(line, rest, re.MULTILINE)
        assert found, f"missing: {line}\n{output}"
        rest = rest[found.end() :]
