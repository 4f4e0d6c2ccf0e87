"""One process, several runtimes, each with the library in its own way: one list."""

from __future__ import annotations

import subprocess
import sysconfig
from pathlib import Path
from typing import Callable

import pytest

TOP = Path(__file__).parents[3]

# Each runtime registers an image of its own and says how long the list is.
RUNTIMES = {
    "python": "import jitdebug; kept.append(jitdebug.register(image))",
    "extension": "import extension; added = extension.add(image)",
}
TAKE = "kept.clear(); extension.take(added)"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the extension, linked to an installed library."""
    folder = tmp_path_factory.mktemp("built")
    subprocess.run(
        ["make", "-C", str(TOP), "--silent", "install", f"PREFIX={folder}"], check=True
    )
    source = TOP / "bindings" / "python" / "tests" / "testdata" / "extension.c"
    subprocess.run(
        ["gcc", "-shared", "-fPIC", "-Wall", "-Wextra", "-Werror", str(source)]
        + [f"-I{sysconfig.get_path('include')}", f"-I{folder}/include"]
        + [f"-L{folder}/lib", "-ljitdebug", f"-Wl,-rpath,{folder}/lib"]
        + ["-o", str(folder / "extension.so")],
        check=True,
    )
    return folder


@pytest.mark.parametrize("order", [list(RUNTIMES), list(RUNTIMES)[::-1]])
def test_one_list(python: Callable[..., str], built: Path, order: list[str]) -> None:
    output = python(
        f"import sys; sys.path.append({str(built)!r}); kept = []\n"
        "from conftest import on_list\n"
        + "".join(f"{RUNTIMES[name]}; print(len(on_list()))\n" for name in order)
        + f"{TAKE}; print(len(on_list()))\n"
    )
    assert output.split() == ["1", "2", "0"]
