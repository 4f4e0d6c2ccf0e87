# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""One process, three runtimes, each with the library in its own way: one list."""

from __future__ import annotations

import itertools
import os
import subprocess
import sysconfig
from pathlib import Path
from typing import Callable

import pytest

TOP = Path(__file__).parents[3]
DATA = Path(__file__).parent / "testdata"

# How each registers an image of its own.
RUNTIMES = {
    "the wheel": "import jitdebug; kept = [jitdebug.register(image)]",
    "an extension": "import extension; added = extension.add(image)",
    "a crate": "crate = ctypes.CDLL('libcrate_in_python.so'); "
    "crate.add(image, ctypes.c_size_t(len(image)))",
}
TAKE = "kept.clear(); extension.take(added); crate.take()"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An installed library, and linked to it an extension and a crate."""
    folder = tmp_path_factory.mktemp("built")
    subprocess.run(
        ["make", "-C", str(TOP), "--silent", "install", f"PREFIX={folder}"], check=True
    )
    subprocess.run(
        ["gcc", "-shared", "-fPIC", "-Wall", "-Wextra", "-Werror"]
        + [f"-I{sysconfig.get_path('include')}", f"-I{folder}/include"]
        + ["-o", str(folder / "extension.so"), str(DATA / "extension.c")]
        + [f"-L{folder}/lib", "-ljitdebug"],
        check=True,
    )
    target = TOP / "build" / "python" / "cargo"
    subprocess.run(
        ["cargo", "build", "--quiet", "--locked", "--manifest-path"]
        + [str(DATA / "crate" / "Cargo.toml"), "--target-dir", str(target)],
        env=os.environ | {"JITDEBUG_LIB_DIR": str(TOP / "lib")},
        check=True,
    )
    (folder / "lib" / "libcrate_in_python.so").symlink_to(
        target / "debug" / "libcrate_in_python.so"
    )
    return folder


@pytest.mark.parametrize("order", list(itertools.permutations(RUNTIMES)))
def test_one_list(
    python: Callable[..., str], built: Path, order: tuple[str, ...]
) -> None:
    output = python(
        f"import ctypes, sys; sys.path.append({str(built)!r})\n"
        "from conftest import on_list\n"
        + "".join(f"{RUNTIMES[name]}; print(len(on_list()))\n" for name in order)
        + f"{TAKE}; print(len(on_list()))\n",
        LD_LIBRARY_PATH=f"{built}/lib",
    )
    assert output.split() == ["1", "2", "3", "0"]
