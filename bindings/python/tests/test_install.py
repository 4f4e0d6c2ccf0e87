# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What pip and auditwheel say."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import where

PACKAGE = Path(__file__).parents[1]


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """An sdist, unpacked far from the checkout."""
    subprocess.run(
        [sys.executable, "-m", "build", "--sdist", "--no-isolation"]
        + ["--outdir", str(tmp_path), str(PACKAGE)],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    (archive,) = tmp_path.glob("jitdebug-*.tar.gz")
    subprocess.run(["tar", "-xf", str(archive), "-C", str(tmp_path)], check=True)
    return tmp_path / archive.name[: -len(".tar.gz")]


def wheel(source: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Pip makes a wheel, without Go unless the environment says where it is."""
    tools = source.parent / "tools"
    tools.mkdir()
    for tool in ("sh", "gcc", "as", "ld"):
        (tools / tool).symlink_to(str(shutil.which(tool)))
    return subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--no-build-isolation", "--no-deps"]
        + ["--no-index", "--wheel-dir", str(source.parent), str(source)],
        env={"PATH": str(tools), "HOME": str(source.parent)} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def audited(wheel: Path) -> str:
    """The tag of a wheel, which auditwheel finds to be true."""
    output = subprocess.run(
        [sys.executable, "-m", "auditwheel", "show", str(wheel)],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    tag = wheel.stem.split("-")[-1]
    assert f'platform tag: "{tag}"' in " ".join(output.split())
    assert "GLIBC_" in output
    return tag


def test_what_is_published() -> None:
    tag = audited(Path(os.environ["JITDEBUG_WHEEL"]))
    found = re.fullmatch(r"manylinux_2_(\d+)_x86_64", tag)
    assert found
    assert int(found[1]) <= 28  # Debian 10, Ubuntu 18.10, RHEL 8


def test_any_compiler(source: Path) -> None:
    done = wheel(source, **os.environ, CC="gcc -g0")
    assert done.returncode == 0, done.stdout
    (made,) = source.parent.glob("jitdebug-*.whl")
    assert audited(made).startswith("manylinux_2_")


def test_contents() -> None:
    names = {path.name for path in where().iterdir() if path.is_file()}
    assert {"py.typed", "libjitdebug.so.1", "libjitdebug-local.so.1"} <= names


def test_tool() -> None:
    """The program looks at this process from outside."""
    done = subprocess.run(
        [sys.executable, "-m", "jitdebug", "list", str(os.getpid())],
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"process {os.getpid()}" in done.stdout


def test_neither_go_nor_a_library(source: Path) -> None:
    done = wheel(source)
    assert done.returncode != 0
    assert "the library is written in Go, and there is no Go here" in done.stdout
    assert "Install Go 1.26 or newer" in done.stdout
    assert "set JITDEBUG_LIBRARY" in done.stdout
    assert "Traceback" not in done.stdout


def test_a_library_that_is_built(source: Path) -> None:
    library = where() / "libjitdebug.so.1"
    done = wheel(source, JITDEBUG_LIBRARY=str(library))
    assert done.returncode == 0, done.stdout
    (made,) = source.parent.glob("jitdebug-*.whl")
    unpacked = source.parent / "unpacked"
    shutil.unpack_archive(made, unpacked, "zip")
    for name in (library.name, "libjitdebug-local.so.1"):
        assert (unpacked / "jitdebug" / name).read_bytes() == (
            where() / name
        ).read_bytes()


def test_a_library_that_is_not_there(source: Path) -> None:
    done = wheel(source, JITDEBUG_LIBRARY="/nowhere/libjitdebug.so.1")
    assert done.returncode != 0
    assert "there is no file /nowhere/libjitdebug.so.1" in done.stdout
