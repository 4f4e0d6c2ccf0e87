# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Object files of compilers, and where their sections were loaded."""

from __future__ import annotations

import importlib
import io
import mmap
import subprocess
from pathlib import Path
from typing import Any

import jitdebug
import pytest
from conftest import SOURCE, listed

elffile: Any = importlib.import_module("elftools.elf.elffile")

TEXT = 0x2000_0000_0000


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An object file with several sections of code."""
    folder = tmp_path_factory.mktemp("object")
    (folder / "generated.c").write_text(SOURCE)
    subprocess.run(
        ["gcc", "-c", "-g", "-gz", "-O1", "-ffunction-sections"]
        + ["-fno-inline", "generated.c"],
        cwd=folder,
        check=True,
    )
    return folder / "generated.o"


def functions(image: Any) -> dict[bytes, int]:
    """The functions of an image, and their addresses, as its DWARF has them."""
    dwarf = elffile.ELFFile(io.BytesIO(image)).get_dwarf_info()
    return {
        entry.attributes["DW_AT_name"].value: entry.attributes["DW_AT_low_pc"].value
        for unit in dwarf.iter_CUs()
        for entry in unit.iter_DIEs()
        if entry.tag == "DW_TAG_subprogram" and "DW_AT_low_pc" in entry.attributes
    }


def index(object: bytes, name: str) -> int:
    """The index of a section."""
    found: int = elffile.ELFFile(io.BytesIO(object)).get_section_index(name)
    return found


EXPECTED = {b"square": TEXT, b"sum_of_squares": TEXT + 0x1000}


def test_by_name_and_by_index(file: Path) -> None:
    object = file.read_bytes()
    square, sum_ = ".text.square", ".text.sum_of_squares"
    places: list[Any] = [
        {square: TEXT, sum_: TEXT + 0x1000},
        {square.encode(): TEXT, sum_.encode(): TEXT + 0x1000},
        {index(object, square): TEXT, index(object, sum_): TEXT + 0x1000},
        {square: TEXT, index(object, sum_): TEXT + 0x1000},
    ]
    for sections in places:
        with jitdebug.register_object(object, sections, nowait=True) as registration:
            assert functions(registration.image) == EXPECTED
            assert listed() == [bytes(registration.image)]
            assert repr(registration) == "<jitdebug.Registration of 1 image, open>"
        assert listed() == []


def test_what_is_left_out_is_not_loaded(file: Path) -> None:
    sections = {".text.sum_of_squares": TEXT}
    with jitdebug.register_object(file.read_bytes(), sections) as registration:
        elf = elffile.ELFFile(io.BytesIO(registration.image))
        loaded = [s.name for s in elf.iter_sections() if s["sh_addr"]]
        assert ".text.sum_of_squares" in loaded
        assert ".text.square" not in loaded


def test_any_buffer(file: Path) -> None:
    object = file.read_bytes()
    with file.open("rb") as opened:
        mapping = mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)
    source = bytearray(object)
    sections = {".text.square": TEXT, ".text.sum_of_squares": TEXT + 0x1000}
    for buffer in (object, source, memoryview(object), memoryview(source), mapping):
        with jitdebug.register_object(buffer, sections) as registration:
            assert functions(registration.image) == EXPECTED
    mapping.close()
    registration = jitdebug.register_object(source, sections)
    source.clear()  # it was copied
    assert functions(registration.image) == EXPECTED
    registration.close()


@pytest.mark.parametrize(
    ("sections", "sentence"),
    [
        ({}, "^count is 0$"),
        ({".text.none": TEXT}, r"\(.text.none\): the object has no section"),
        ({"": TEXT}, "sections"),
        ({".te\0xt": TEXT}, r"sections\['.te\\x00xt'\]: name has a NUL"),
        ({"\ud800": TEXT}, "surrogates not allowed"),
        ({0: TEXT}, "index is 0"),
        ({999: TEXT}, "index is 999"),
        ({-1: TEXT}, "index is -1"),
        ({1 << 32: TEXT}, "index is 4294967296"),
        ({".text.square": 0}, "address is NULL"),
        ({".text": TEXT}, r"or they are empty; code is in .*\(.text.square\)"),
        ({".text.square": -1}, "address is -1"),
        ({".text.square": 1 << 64}, f"address is {1 << 64}"),
        ({".text.square": TEXT, b".text.square": TEXT}, "already"),
        ({".text.square": TEXT, ".text.sum_of_squares": TEXT + 1}, "overlaps"),
    ],
)
def test_wrong_sections(file: Path, sections: Any, sentence: str) -> None:
    with pytest.raises(jitdebug.ArgumentError, match=sentence):
        jitdebug.register_object(file.read_bytes(), sections)
    assert listed() == []


@pytest.mark.parametrize(
    "sections", [{None: TEXT}, {1.5: TEXT}, {".text.square": None}, {".text": "7"}]
)
def test_wrong_types(file: Path, sections: Any) -> None:
    with pytest.raises(TypeError, match="int is needed"):
        jitdebug.register_object(file.read_bytes(), sections)


@pytest.mark.parametrize("sections", [None, [(".text", TEXT)], iter(()), TEXT])
def test_no_mapping(file: Path, sections: Any) -> None:
    with pytest.raises(TypeError, match="sections: a mapping of names or indices"):
        jitdebug.register_object(file.read_bytes(), sections)


def test_several_sections_of_one_name(file: Path) -> None:
    object, merged = file.read_bytes(), file.with_name("merged.o")
    renamed = ["--rename-section", ".text.square=.text"]
    renamed += ["--rename-section", ".text.sum_of_squares=.text"]
    subprocess.run(["objcopy", *renamed, str(file), str(merged)], check=True)
    places = {index(object, ".text.square"): TEXT}
    places[index(object, ".text.sum_of_squares")] = TEXT + 0x1000
    with pytest.raises(jitdebug.ArgumentError, match="sections of this name"):
        jitdebug.register_object(merged.read_bytes(), {".text": TEXT})
    with jitdebug.register_object(merged.read_bytes(), places) as registration:
        assert functions(registration.image) == EXPECTED


def test_wrong_objects(file: Path) -> None:
    object, sections = file.read_bytes(), {".text.square": TEXT}
    bad: Any
    with pytest.raises(jitdebug.ArgumentError, match=r"^size is 0$"):
        jitdebug.register_object(b"", sections)
    for bad in (b"no object", object[:-1], object[:18] + b"\xff\xff" + object[20:]):
        with pytest.raises(jitdebug.ImageError):
            jitdebug.register_object(bad, sections)
    for bad in (None, 7, "text"):
        with pytest.raises(TypeError):
            jitdebug.register_object(bad, sections)
    with pytest.raises(BufferError):
        jitdebug.register_object(memoryview(object)[::2], sections)
    assert listed() == []


def test_an_unknown_relocation(file: Path) -> None:
    object = bytearray(file.read_bytes())
    elf = elffile.ELFFile(io.BytesIO(bytes(object)))
    table = elf.get_section_by_name(".rela.debug_info")
    object[table["sh_offset"] + 8] = 250  # its first one's kind
    with pytest.raises(jitdebug.UnsupportedError, match="250"):
        jitdebug.register_object(object, {".text.square": TEXT})
