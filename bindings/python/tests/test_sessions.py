"""Sessions on a Python process, in an environment that has the wheel alone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from debugger import gdb, lldb, shows

EXAMPLE = Path(__file__).parents[3] / "examples" / "python" / "by_hand.py"


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of a clean virtual environment with the wheel."""
    folder = tmp_path_factory.mktemp("clean")
    python = folder / "bin" / "python"
    subprocess.run(
        [sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True
    )
    subprocess.run(
        [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
        + ["--no-index", os.environ["JITDEBUG_WHEEL"]],
        check=True,
    )
    return python


def test_example(clean: Path) -> None:
    output = subprocess.run(
        [str(clean), str(EXAMPLE)], check=True, capture_output=True, text=True
    )
    assert (output.stdout, output.stderr) == ("triangle(10) = 55\n", "")


def test_gdb(clean: Path) -> None:
    commands = ["break triangle", "run", "backtrace 2", "list 4,7", "stepi"]
    commands += ["info symbol $pc", "disable", "continue"]
    shows(
        gdb(commands, clean, EXAMPLE),
        [
            r"^Breakpoint 1 \(triangle\) pending\.$",
            r"hit Breakpoint 1, triangle \(\) at .*/triangle\.s:4$",
            r"^4\tlea 1\(%rdi\), %eax$",
            r"^#0 +triangle \(\) at .*/triangle\.s:4$",
            r"^#1 .* from .*libffi",
            r"^5\timul %edi, %eax$",
            r"^5\timul %edi, %eax$",
            r"^triangle \+ 3 in section \.text of <in-memory@",
            r"^triangle\(10\) = 55$",
            r"exited normally",
        ],
    )


def test_lldb(clean: Path) -> None:
    commands = ["breakpoint set --name triangle", "run", "bt 2", "continue"]
    shows(
        lldb(commands, clean, EXAMPLE),
        [
            r"^Breakpoint 1: no locations \(pending\)",
            r"stop reason = breakpoint 1\.1",
            r"^-> 5 .*imul %edi, %eax$",
            r"frame #0: 0x[0-9a-f]+ JIT\(0x[0-9a-f]+\)`triangle at triangle\.s:5",
            r"frame #1: .* libffi",
            r"^triangle\(10\) = 55$",
            r"exited with status = 0",
        ],
    )
