# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Sessions on a Python process, in an environment that has the wheel alone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from debugger import ENDED, gdb, lldb, shows

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
            ENDED,
        ],
    )


# Code without an image: a frame pointer, frame rules, the listing as its source.
FUNCTIONS = EXAMPLE.with_name("functions.py")


def test_functions(clean: Path) -> None:
    output = subprocess.run(
        [str(clean), str(FUNCTIONS)], check=True, capture_output=True, text=True
    )
    assert (output.stdout, output.stderr) == ("add_two(40) = 42\n", "")


def test_gdb_functions(clean: Path) -> None:
    commands = ["break add_one", "run", "backtrace 3", "stepi", "backtrace 3"]
    commands += ["finish", "step", "backtrace 2", "delete", "continue"]
    shows(
        gdb(commands, clean, FUNCTIONS),
        [
            r"hit Breakpoint 1, add_one \(\) at .*/add\.s:9$",
            r"^#0 +add_one \(\) at .*/add\.s:9$",
            r"^#1 .* in add_two \(\) at .*/add\.s:4$",
            r"^#2 .* from .*libffi",
            r"^10\t  lea 1\(%rdi\), %eax$",
            r"^#1 .* in add_two \(\) at .*/add\.s:4$",
            r"^#2 .* from .*libffi",
            r"^add_two \(\) at .*/add\.s:5$",
            r"^6\t  pop %rbp$",
            r"^#1 .* from .*libffi",
            r"^add_two\(40\) = 42$",
            r"exited normally",
        ],
    )


def test_lldb_functions(clean: Path) -> None:
    commands = ["breakpoint set --name add_one", "run", "thread step-inst", "bt 3"]
    commands += ["finish", "next", "bt 2", "breakpoint delete --force", "continue"]
    shows(
        lldb(commands, clean, FUNCTIONS),
        [
            r"`add_one at add\.s:9$",
            r"^-> 9 .*sub \$0x1008, %rsp$",
            r"frame #0: .*`add_one at add\.s:10$",
            r"frame #1: .*`add_two at add\.s:4$",
            r"frame #2: .* libffi",
            r"^-> 5 .*inc %eax$",
            r"frame #0: .*`add_two at add\.s:6$",
            r"frame #1: .* libffi",
            r"^add_two\(40\) = 42$",
            ENDED,
        ],
    )


# An object file of LLVM's, with variables; its source is the example itself.
LLVMLITE = EXAMPLE.with_name("with_llvmlite.py")
BREAK, CALL = (
    1 + LLVMLITE.read_text().splitlines().index(line)
    for line in ("        steps = steps + 1", "        number = step(number)")
)


needs_llvmlite = pytest.mark.skipif(
    sys.version_info < (3, 10), reason="there is no llvmlite 0.44 for it"
)


@needs_llvmlite
def test_gdb_llvmlite() -> None:
    commands = [f"break with_llvmlite.py:{BREAK}", "run", "backtrace 2"]
    commands += ["info locals", "next 2", "step", "backtrace 3", "finish"]
    commands += ["delete", "continue"]
    step = CALL - 9
    shows(
        gdb(commands, Path(sys.executable), LLVMLITE),
        [
            rf"hit Breakpoint 1, collatz \(number=82\) at .*with_llvmlite\.py:{BREAK}$",
            rf"^{BREAK}\t        steps = steps \+ 1$",
            r"^#1 .* from .*libffi",
            r"^steps = 0$",
            rf"^{CALL}\t        number = step\(number\)$",
            rf"^step \(number=82\) at .*with_llvmlite\.py:{step}$",
            rf"^#1 .* in collatz \(number=82\) at .*with_llvmlite\.py:{CALL}$",
            r"^#2 .* from .*libffi",
            r"^Value returned is .* = 41$",
            r"^collatz\(27\) takes 111 steps, in Python 111$",
            r"exited normally",
        ],
    )


@needs_llvmlite
def test_lldb_llvmlite() -> None:
    commands = ["settings set target.parallel-module-load false"]
    commands += [f"breakpoint set --file with_llvmlite.py --line {BREAK}", "run"]
    commands += ["bt 2", "frame variable", "next", "next", "step", "bt 3"]
    commands += ["breakpoint delete --force", "continue"]
    shows(
        lldb(commands, Path(sys.executable), LLVMLITE),
        [
            rf"`collatz\(number=82\) at with_llvmlite\.py:{BREAK}:",
            rf"^-> {BREAK} .*steps = steps \+ 1$",
            r"frame #1: .* libffi",
            r"^\(long\) number = 82$",
            r"^\(long\) steps = 0$",
            r"frame #0: .*`step\(number=82\) at with_llvmlite\.py",
            rf"frame #1: .*`collatz\(number=82\) at with_llvmlite\.py:{CALL}:",
            r"frame #2: .* libffi",
            r"^collatz\(27\) takes 111 steps, in Python 111$",
            ENDED,
        ],
    )
