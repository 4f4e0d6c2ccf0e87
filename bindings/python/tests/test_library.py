# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Which library a process uses, and when it is loaded."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from pathlib import Path
from typing import Callable

import jitdebug
import pytest
from conftest import where
from jitdebug import _library

LOADED = """
def loaded():
    lines = pathlib.Path('/proc/self/maps').read_text().splitlines()
    return sorted({line.split()[-1] for line in lines if 'libjitdebug.so' in line})
"""
BUNDLED = str(where() / "libjitdebug.so.1")

Python = Callable[..., str]


def test_not_at_import(python: Python) -> None:
    output = python(
        LOADED + "import jitdebug\n"
        "print(loaded(), repr(jitdebug.notice()))\n"
        "jitdebug.register(image).close()\n"
        "print(loaded())\n"
    )
    assert output == f"[] ''\n['{BUNDLED}']\n"


def test_starts_nothing_before_the_first_registration(python: Python) -> None:
    output = python(
        LOADED + "import ctypes, os, jitdebug\n"
        "threads = lambda: len(os.listdir('/proc/self/task'))\n"
        "jitdebug.version(); jitdebug.notice()\n"
        "print(len(loaded()), threads())\n"
        "new_user = 0x10000000\n"
        "print(ctypes.CDLL(None).unshare(new_user))\n"
        "jitdebug.register(image).close()\n"
        "print(threads() > 1)\n"
    )
    assert output == "1 1\n0\nTrue\n"


def test_versions() -> None:
    version = tuple(int(number) for number in jitdebug.__version__.split("."))
    assert jitdebug.version() == version
    top = Path(__file__).parents[3]
    assert (top / "VERSION").read_text().strip() == jitdebug.__version__
    assert (top / "LICENSE").read_text() == (
        top / "bindings/python/LICENSE"
    ).read_text()


@pytest.fixture
def another(tmp_path: Path) -> str:
    """A copy of the library elsewhere."""
    folder = tmp_path / "another"
    folder.mkdir()
    for name in ("libjitdebug.so.1", "libjitdebug-local.so.1"):
        shutil.copy(where() / name, folder)
    return str(folder / "libjitdebug.so.1")


def test_environment(python: Python, another: str) -> None:
    script = LOADED + "import jitdebug; jitdebug.version(); print(loaded())"
    assert python(script, JITDEBUG_LIBRARY=another) == f"['{another}']\n"
    assert python(script, JITDEBUG_LIBRARY="") == f"['{BUNDLED}']\n"


def test_what_is_loaded_comes_first(python: Python, another: str) -> None:
    output = python(
        LOADED + f"import ctypes; ctypes.CDLL({another!r})\n"
        "import jitdebug; jitdebug.register(image).close(); print(loaded())",
        JITDEBUG_LIBRARY="/nowhere",
    )
    assert output == f"['{another}']\n"


def test_environment_that_is_wrong(python: Python) -> None:
    output = python(
        "import jitdebug\n"
        "try:\n"
        "    jitdebug.register(image)\n"
        "except jitdebug.UnsupportedError as error:\n"
        "    print(error)\n",
        JITDEBUG_LIBRARY="/nowhere/libjitdebug.so.1",
    )
    assert "/nowhere/libjitdebug.so.1: cannot open" in output
    assert "JITDEBUG_LIBRARY" in output


def test_package_without_a_library(python: Python, tmp_path: Path) -> None:
    shutil.copytree(where(), tmp_path / "jitdebug")  # beside the script: first
    (tmp_path / "jitdebug" / "libjitdebug.so.1").unlink()
    output = python(
        "import jitdebug\n"
        "for call in jitdebug.version, lambda: jitdebug.register(image):\n"
        "    try:\n"
        "        call()\n"
        "    except jitdebug.UnsupportedError as error:\n"
        "        print(error)\n"
    )
    assert output == 2 * (
        "libjitdebug is not loaded in this process, and cannot be: libjitdebug.so.1: "
        "cannot open shared object file: No such file or directory "
        "(this package was installed without its own)\n"
    )


def test_an_older_one_is_loaded(python: Python, tmp_path: Path) -> None:
    # It lacks what this package needs, so the package loads its own as well.
    source = tmp_path / "old.c"
    source.write_text("unsigned jitdebug_version(void) { return 1; }\n")
    old = tmp_path / "libjitdebug.so.1"
    subprocess.run(
        ["gcc", "-shared", "-fPIC", "-Wl,-soname,libjitdebug.so.1", "-o", str(old)]
        + [str(source)],
        check=True,
    )
    output = python(
        LOADED + f"import ctypes; ctypes.CDLL({str(old)!r})\n"
        "import jitdebug; jitdebug.version(); print(loaded())"
    )
    assert output == str(sorted([str(old), BUNDLED])) + "\n"


def test_the_gil_is_released() -> None:
    # CDLL releases it for the call, PyDLL would not.
    flags = type(_library.load().register)._flags_  # type: ignore[attr-defined]
    assert not flags & ctypes._FUNCFLAG_PYTHONAPI  # type: ignore[attr-defined]
