# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Programs in one file: with the library, or with a sentence that says why not."""

from __future__ import annotations

import shutil
import subprocess
import sys
import zipapp
from pathlib import Path

import pytest
from conftest import where
from debugger import gdb, shows

FUNCTIONS = Path(__file__).parents[3] / "examples" / "python" / "functions.py"

ASK = """\
import jitdebug
try:
    print(jitdebug.version())
except jitdebug.UnsupportedError as error:
    print(error)
"""


def test_pyinstaller(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "PyInstaller", "--onefile", "--log-level", "WARN"]
        + ["--distpath", str(tmp_path), "--workpath", str(tmp_path / "work")]
        + ["--specpath", str(tmp_path), str(FUNCTIONS)],
        check=True,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path)},
    )
    commands = ["set follow-fork-mode child", "break add_one", "run", "backtrace 2"]
    commands += ["delete", "continue"]
    shows(
        gdb(commands, tmp_path / "functions"),
        [
            r"hit Breakpoint 1, add_one \(\) at .*/add\.s:9$",
            r"^#1 .* in add_two \(\) at .*/add\.s:4$",
            r"^add_two\(40\) = 42$",
            r"exited normally",
        ],
    )


@pytest.fixture
def without(tmp_path: Path) -> Path:
    """A program's folder, in which the package lacks the library."""
    folder = tmp_path / "program"
    shutil.copytree(
        where(), folder / "jitdebug", ignore=shutil.ignore_patterns("*.so.1")
    )
    return folder


def test_zip(without: Path, tmp_path: Path) -> None:
    (without / "__main__.py").write_text(ASK)
    program = tmp_path / "program.pyz"
    zipapp.create_archive(without, program)
    output = run(program)
    assert f"({program}/jitdebug is in a zip file, from which no library" in output
    assert "JITDEBUG_LIBRARY" in output
    library = where() / "libjitdebug.so.1"
    assert run(program, JITDEBUG_LIBRARY=str(library)).startswith("(")


@pytest.mark.parametrize("tool", ["import sys; sys.frozen = True\n", ""])
def test_left_out(without: Path, tool: str) -> None:
    if not tool:  # Nuitka marks the modules that it compiles
        with (without / "jitdebug" / "_library.py").open("a") as module:
            module.write("__compiled__ = True\n")
    program = without / "main.py"
    program.write_text(tool + ASK)
    assert "left the library out: see jitdebug's README" in run(program)


def run(program: Path, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, str(program)],
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stderr == ""
    return done.stdout
