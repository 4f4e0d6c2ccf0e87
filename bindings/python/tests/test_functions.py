# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Functions without an image: what is said of them is what debuggers read."""

from __future__ import annotations

import gc
import importlib
import io
import threading
from pathlib import Path
from typing import Any

import jitdebug
import pytest
from conftest import listed
from hypothesis import given, settings
from hypothesis import strategies as st
from jitdebug import Function, Line, Unwind

elffile: Any = importlib.import_module("elftools.elf.elffile")

BASE = 0x2000_0000_0000
ROOM = 0x1_0000  # from one function to the next

ADVANCE_LOC, DEF_CFA, DEF_CFA_OFFSET = 0x40, 0x0C, 0x0E  # DW_CFA_...


def read(image: memoryview) -> dict[int, Function]:
    """The functions of an image by their addresses, as its DWARF has them."""
    dwarf = elffile.ELFFile(io.BytesIO(image)).get_dwarf_info()
    found = {}
    for unit in dwarf.iter_CUs():
        program = dwarf.line_program_for_CU(unit)
        rows: list[tuple[int, int, int]] = []
        file = None
        if program is not None:
            file = program["file_entry"][0].name
            states = [entry.state for entry in program.get_entries()]
            rows = [
                (state.address, state.line, state.column)
                for state in states
                if state and not state.end_sequence
            ]
        for entry in unit.iter_DIEs():
            if entry.tag != "DW_TAG_subprogram":
                continue
            fields = {name: field.value for name, field in entry.attributes.items()}
            address, size = fields["DW_AT_low_pc"], fields["DW_AT_high_pc"]
            lines = [
                Line(row[0] - address, *row[1:])
                for row in rows
                if address <= row[0] < address + size
            ]
            found[address] = Function(
                fields["DW_AT_name"], address, size, file, lines, Unwind.NONE
            )
    return found


def frames(image: memoryview) -> dict[int, list[Any]]:
    """The frame descriptions by their addresses, instruction by instruction."""
    dwarf = elffile.ELFFile(io.BytesIO(image)).get_dwarf_info()
    return {
        entry["initial_location"]: [
            # Before pyelftools 0.33 an operand in the opcode's low bits is left there.
            (instruction.opcode & 0xC0 or instruction.opcode, *instruction.args)
            for instruction in entry.instructions
            if instruction.opcode != 0  # padding
        ]
        for entry in (dwarf.CFI_entries() if dwarf.has_CFI() else [])
        if "initial_location" in entry.header
    }


TEXT = st.text(
    st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), min_size=1
)
NAMES = TEXT | st.binary(min_size=1).filter(lambda name: 0 not in name)


@st.composite
def functions(draw: Any) -> list[Function]:
    """Functions in any order, each in a place of its own."""
    made = []
    places = st.lists(st.integers(0, 1 << 24), min_size=1, max_size=8, unique=True)
    for place in draw(places):
        size = draw(st.integers(1, ROOM))
        offsets = draw(st.lists(st.integers(0, size - 1), max_size=6, unique=True))
        number = st.integers(0, (1 << 31) - 1)
        lines = [Line(o, draw(number), draw(number)) for o in sorted(offsets)]
        file = draw(TEXT.filter(lambda text: len(text.encode()) < 4096))
        unwind = draw(st.sampled_from([*Unwind, b"\x41\x0e\x10", b""]))
        address = BASE + place * ROOM
        made.append(Function(draw(NAMES), address, size, file, lines, unwind))
    return made


@settings(max_examples=100, deadline=None)
@given(drawn=functions())
def test_round_trip(drawn: list[Function]) -> None:
    with jitdebug.register_functions(drawn) as registration:
        image = registration.image
    found = read(image)
    assert sorted(found) == sorted(function.address for function in drawn)
    rules = frames(image)
    for function in drawn:
        seen = found[function.address]
        name = function.name
        assert seen.name == (name.encode() if isinstance(name, str) else name)
        assert seen.size == function.size
        assert seen.lines == function.lines
        if function.lines:
            assert isinstance(function.file, str)
            assert seen.file == function.file.encode()
        if function.unwind == b"\x41\x0e\x10":
            assert rules[function.address] == [(ADVANCE_LOC, 1), (DEF_CFA_OFFSET, 16)]
        elif function.unwind == b"":
            assert rules[function.address] == []
        elif function.unwind is Unwind.FRAME_POINTER:
            assert (DEF_CFA, 6, 16) in rules[function.address]
        else:
            assert function.address not in rules


def test_the_least() -> None:
    with jitdebug.register_functions([Function("f", BASE, 1)]) as registration:
        assert repr(registration) == "<jitdebug.Registration of 1 image, open>"
        assert read(registration.image) == {
            BASE: Function(b"f", BASE, 1, None, [], Unwind.NONE)
        }
        assert len(listed()) == 1
    with pytest.raises(jitdebug.StaleError):
        _ = registration.image


@pytest.mark.parametrize("file", ["a/b.js", b"a/b.js", Path("a/b.js")])
def test_files_and_lines(file: Any) -> None:
    lines = ((0, 3), (2, 4, 5), Line(4, 6))
    function = Function("f", BASE, 8, file, lines)
    assert hash(function) == hash(Function("f", BASE, 8, file, lines))
    with jitdebug.register_functions(iter([function])) as registration:
        seen = read(registration.image)[BASE]
    assert seen.file == b"a/b.js"
    assert seen.lines == [(0, 3, 0), (2, 4, 5), (4, 6, 0)]


def test_names_of_bytes_that_are_no_text() -> None:
    # What os.fsdecode() made of them comes back.
    for name in (b"caf\xe9", "caf\udce9"):
        with jitdebug.register_functions([Function(name, BASE, 1)]) as registration:
            assert read(registration.image)[BASE].name == b"caf\xe9"


def test_nothing_is_borrowed() -> None:
    # The strings and arrays that C has seen may go.
    names = [f"function {number}" for number in range(500)]
    registration = jitdebug.register_functions(
        Function(name, BASE + 16 * number, 16, f"{name}.js", [(0, number)])
        for number, name in enumerate(names)
    )
    gc.collect()
    found = read(registration.image)
    assert [found[BASE + 16 * n].name for n in range(500)] == [
        name.encode() for name in names
    ]
    registration.close()


def test_one_at_a_time() -> None:
    # They share an image; each shows its own, and goes by itself.
    count = 300
    registrations = [
        jitdebug.register_functions([Function(f"f{n}", BASE + 16 * n, 16)])
        for n in range(count)
    ]
    assert len(listed()) < count / 4
    for number, registration in enumerate(registrations):
        assert list(read(registration.image)) == [BASE + 16 * number]
    kept = registrations.pop(count // 2)
    del registration
    registrations.clear()
    gc.collect()
    seen = [address for image in listed() for address in read(memoryview(image))]
    assert seen == [BASE + 16 * (count // 2)]
    kept.close()


def test_threads() -> None:
    def work(seed: int) -> None:
        for number in range(100):
            address = BASE + (seed << 24) + 16 * number
            with jitdebug.register_functions([Function("f", address, 16)]) as one:
                assert list(read(one.image)) == [address]

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def sound(**changed: Any) -> Function:
    """A function, as it should be but for what is changed."""
    fields: dict[str, Any] = {"name": "bad", "address": BASE, "size": 8}
    return Function(**(fields | {"file": "f.js", "lines": [(0, 1)]} | changed))


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"name": "a\0b"}, r"'a\\x00b': name has a NUL, behind 1 bytes"),
        ({"name": b"a\0"}, "name has a NUL"),
        ({"name": ""}, "name is empty"),
        ({"name": "x" * 65536}, "name"),
        ({"name": "\ud800"}, "surrogates not allowed"),
        ({"address": 0}, "address is NULL"),
        ({"address": -1}, "address is -1"),
        ({"address": 1 << 64}, f"address is {1 << 64}"),
        ({"address": (1 << 64) - 4}, "size is 8"),
        ({"address": BASE + 68}, r"functions\[0\] \"good\""),
        ({"size": 0}, "size is 0"),
        ({"size": -8}, "size is -8"),
        ({"size": (1 << 64) + 8}, f"size is {(1 << 64) + 8}"),
        ({"size": 1 << 32}, "size is 4294967296"),
        ({"file": "a\0"}, "file has a NUL"),
        ({"file": b""}, "file is empty"),
        ({"file": "x" * 5000}, "file"),
        ({"file": None}, "file is NULL"),
        ({"lines": [(8, 1)]}, r"lines\[0\].offset is 8"),
        ({"lines": [(-1, 1)]}, r"lines\[0\].offset is -1"),
        ({"lines": [(4, 1), (2, 1)]}, r"lines\[1\].offset is 2"),
        ({"lines": [(0, 1), (2, 1 << 32)]}, r"lines\[1\].line is 4294967296"),
        ({"lines": [(0, 1 << 31)]}, r"lines\[0\].line is 2147483648"),
        ({"lines": [(0, 1, -1)]}, r"lines\[0\].column is -1"),
        ({"unwind": b"\x02"}, "cfi"),
    ],
)
def test_wrong(changed: Any, sentence: str) -> None:
    functions = [sound(name="good", address=BASE + 64), sound(**changed)]
    with pytest.raises(jitdebug.ArgumentError, match=sentence) as caught:
        jitdebug.register_functions(functions)
    assert str(caught.value).startswith("functions[1]")
    assert len(str(caught.value)) < 300
    assert listed() == []


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"name": None}, "name: str is needed, not NoneType"),
        ({"name": 1}, "name: str is needed, not int"),
        ({"address": None}, "address: int is needed, not NoneType"),
        ({"address": "7"}, "address: int is needed, not str"),
        ({"size": 1.0}, "size: int is needed, not float"),
        ({"file": 7}, "file: a path is needed, not int"),
        ({"lines": [1]}, r"lines\[0\]: \(offset, line\) or"),
        ({"lines": [(0,)]}, r"lines\[0\]: \(offset, line\) or"),
        ({"lines": [(0, 1, 2, 3)]}, r"lines\[0\]: \(offset, line\) or"),
        ({"lines": [(0, 1), (1, 1.5)]}, r"lines\[1\].line: int is needed"),
        ({"lines": 1}, "lines: a sequence is needed, not int"),
        ({"lines": iter([(0, 1)])}, "lines: a sequence is needed, not list_iter"),
        ({"unwind": 1}, "unwind: jitdebug.Unwind or bytes is needed, not int"),
        ({"unwind": None}, "unwind: .* not NoneType"),
    ],
)
def test_wrong_types(changed: Any, sentence: str) -> None:
    functions = [sound(name="good", address=BASE + 64), sound(**changed)]
    with pytest.raises(TypeError, match=sentence) as caught:
        jitdebug.register_functions(functions)
    assert str(caught.value).startswith("functions[1] ")


def test_wrong_calls() -> None:
    bad: Any
    with pytest.raises(jitdebug.ArgumentError, match=r"^count is 0$"):
        jitdebug.register_functions([])
    for bad in (sound(), None, 7):
        with pytest.raises(TypeError, match="functions: an iterable is needed, not"):
            jitdebug.register_functions(bad)
    for bad in ([sound(), "f"], [sound(), None]):
        with pytest.raises(TypeError, match=r"functions\[1\]: jitdebug.Function is"):
            jitdebug.register_functions(bad)
    assert listed() == []


def test_nowait() -> None:
    jitdebug.register_functions([sound()], nowait=True).close()
