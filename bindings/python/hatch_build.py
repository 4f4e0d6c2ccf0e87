# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Puts the library into the wheel, and its sources into the sdist."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sysconfig
import tempfile
from pathlib import Path
from typing import Any

from elftools.elf.elffile import ELFFile
from hatchling.builders.hooks.plugin.interface import BuildHookInterface

LIBRARY = "libjitdebug.so.1"
LOCAL = "libjitdebug-local.so.1"  # for programs with a pair of their own
TOOL = "jitdebug-tool"  # what python -m jitdebug runs

# What scripts/build and scripts/build-tool need, in the checkout, or in the sdist's
# folder "library".
SOURCES = [
    "*.go",
    "VERSION",
    "cmd/**/*",
    "go.mod",
    "go.sum",
    "gate.*",
    "include/*",
    "internal/**/*",
    "lib/*.c",
    "lib/*.edits",
    "lib/*.map",
    "scripts/build",
    "scripts/build-tool",
]


class Hook(BuildHookInterface[Any]):
    """What the build of a wheel and of an sdist add to hatchling's own."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called before hatchling gathers the files."""
        package = Path(self.root)
        unpacked = package / "library"
        sources = unpacked if unpacked.is_dir() else package.parent.parent
        if self.target_name == "sdist":
            for pattern in SOURCES:
                for path in sorted(sources.glob(pattern)):
                    if path.is_file() and "testdata" not in path.parts:
                        name = Path("library") / path.relative_to(sources)
                        build_data["force_include"][str(path)] = str(name)
            return
        if not (platform := sysconfig.get_platform()).startswith("linux-"):
            self.app.abort(f"jitdebug: for Linux, and this is {platform}")
        if not (os.confstr("CS_GNU_LIBC_VERSION") or "").startswith("glibc"):
            self.app.abort("jitdebug: for glibc; musl cannot load a Go library")
        destination = package / "src" / "jitdebug"
        self._provide(sources, destination)
        machine = platform[len("linux-") :].replace("-", "_")
        floor = glibc(destination / LIBRARY)  # the other asks for nothing
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-manylinux_{floor[0]}_{floor[1]}_{machine}"

    def _provide(self, sources: Path, destination: Path) -> None:
        """Takes the library that JITDEBUG_LIBRARY names, or builds it."""
        if chosen := os.environ.get("JITDEBUG_LIBRARY"):
            for name, path in (
                (LIBRARY, Path(chosen)),
                (LOCAL, Path(chosen).resolve().parent / LOCAL),
            ):
                if not path.is_file():
                    self.app.abort(
                        f"jitdebug: JITDEBUG_LIBRARY is {chosen}, "
                        f"but there is no file {path}"
                    )
                shutil.copyfile(path, destination / name)
            # It is no part of a library that is built elsewhere: left out without Go.
            if shutil.which(os.environ.get("GO", "go")):
                self._provide_tool(sources, destination)
            return
        go = os.environ.get("GO", "go")
        if not shutil.which(go):
            self.app.abort(
                "jitdebug: the library is written in Go, and there is no Go here. "
                "Install Go 1.26 or newer (https://go.dev/dl) and gcc, or set "
                f"JITDEBUG_LIBRARY to the path of a {LIBRARY} that is built, "
                f"beside which lies {LOCAL}"
            )
        build = [str(sources / "scripts" / "build"), str(destination / LIBRARY)]
        if subprocess.run(build, check=False).returncode != 0:
            self.app.abort(
                "jitdebug: the library could not be built (see above); it needs "
                "Go 1.26 or newer and gcc. JITDEBUG_LIBRARY takes one that is built"
            )
        self._provide_tool(sources, destination)

    def _provide_tool(self, sources: Path, destination: Path) -> None:
        """Builds the program; its man pages are for systems."""
        with tempfile.TemporaryDirectory() as directory:
            program = Path(directory) / "jitdebug"
            build = [str(sources / "scripts" / "build-tool"), str(program)]
            if subprocess.run(build, check=False).returncode != 0:
                self.app.abort("jitdebug: the program could not be built (see above)")
            shutil.copy(program, destination / TOOL)


def glibc(library: Path) -> tuple[int, int]:
    """The oldest glibc that has what the library asks for."""
    with library.open("rb") as file:
        needed = ELFFile(file).get_section_by_name(".gnu.version_r")
        names = [
            version.name
            for _, versions in (needed.iter_versions() if needed else [])
            for version in versions
        ]
    matches = (re.fullmatch(r"GLIBC_(\d+)\.(\d+)(?:\.\d+)?", name) for name in names)
    return max((int(match[1]), int(match[2])) for match in matches if match)
