# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""numba's code and ours, in one backtrace; numba and LLVM are large."""

from __future__ import annotations

import sys
from pathlib import Path

from debugger import gdb, shows

EXAMPLE = Path(__file__).parents[4] / "examples" / "python" / "with_numba.py"


def test_gdb() -> None:
    commands = ["break triangle", "run", "backtrace 2", "finish", "delete", "continue"]
    shows(
        gdb(commands, Path(sys.executable), EXAMPLE),
        [
            r"hit Breakpoint 1, triangle \(\) at .*/triangle\.s:4$",
            r"^#0 +triangle \(\) at .*/triangle\.s:4$",
            r"^#1 .* in .*sum_of_triangles.* \(limit=0\) at .*with_numba\.py:\d+$",
            r"^\d+\t +sum \+= triangle\(number\)$",
            r"^sum_of_triangles\(10\) = 165$",
            r"exited normally",
        ],
    )
