# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""The declarations in ctypes are those of include/jitdebug.h.

A C compiler says sizes, offsets and values; pycparser reads the signatures.
"""

from __future__ import annotations

import ctypes
import importlib
import subprocess
from pathlib import Path
from typing import Any

import pytest
from jitdebug import _abi, _buffer

c_ast: Any = importlib.import_module("pycparser.c_ast")
c_parser: Any = importlib.import_module("pycparser.c_parser")

INCLUDE = Path(__file__).parents[3] / "include"

# What the package does not use.
OTHER_CONSTANTS = "JITDEBUG_VERSION_"

STRUCTURES = {
    "jitdebug_image": _abi.Image,
    "jitdebug_section": _abi.Section,
    "jitdebug_line": _abi.Line,
    "jitdebug_function": _abi.Function,
}

# A pointer to bytes has more than one form in ctypes, all the same to C.
TYPES: dict[str, tuple[Any, ...]] = {
    "int32_t": (ctypes.c_int32,),
    "uint32_t": (ctypes.c_uint32,),
    "uint64_t": (ctypes.c_uint64,),
    "size_t": (ctypes.c_size_t,),
    "void *": (ctypes.c_void_p, ctypes.c_char_p),
    "void **": (ctypes.POINTER(ctypes.c_void_p),),
    "char *": (ctypes.c_char_p,),
    "size_t *": (ctypes.POINTER(ctypes.c_size_t),),
    "jitdebug_image *": (ctypes.POINTER(_abi.Image),),
    "jitdebug_section *": (ctypes.POINTER(_abi.Section),),
    "jitdebug_line *": (ctypes.POINTER(_abi.Line),),
    "jitdebug_function *": (ctypes.POINTER(_abi.Function),),
    "jitdebug_registration *": (_abi.Handle,),
    "jitdebug_registration **": (ctypes.POINTER(_abi.Handle),),
}


@pytest.fixture(scope="module")
def header(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The header, parsed, with the C library's types in so many words."""
    folder = tmp_path_factory.mktemp("include")
    (folder / "stddef.h").write_text("typedef unsigned long size_t;\n")
    (folder / "stdint.h").write_text(
        "typedef int int32_t; typedef unsigned uint32_t;\n"
        "typedef unsigned long uint64_t;\n"
    )
    text = subprocess.run(
        ["gcc", "-E", "-P", "-nostdinc", "-D__attribute__(x)=", f"-I{folder}"]
        + [str(INCLUDE / "jitdebug.h")],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    return c_parser.CParser().parse(text)


def spelled(node: Any) -> str:
    """A type as text, without const."""
    stars = ""
    while isinstance(node, c_ast.PtrDecl):
        stars += "*"
        node = node.type
    name = " ".join(node.type.names)
    return f"{name} {stars}" if stars else name


def declared(header: Any) -> dict[str, tuple[str, list[str]]]:
    """The functions of the header: result and arguments."""
    found = {}
    for node in header.ext:
        if isinstance(node, c_ast.Decl) and isinstance(node.type, c_ast.FuncDecl):
            arguments = [
                spelled(argument.type)
                for argument in node.type.args.params
                if spelled(argument.type) != "void"
            ]
            found[node.name] = (spelled(node.type.type), arguments)
    return found


def enumerators(header: Any) -> list[str]:
    """The names of its constants."""
    return [
        value.name
        for node in header.ext
        if isinstance(getattr(node, "type", None), c_ast.Enum)
        for value in node.type.values.enumerators
    ]


def computed(tmp_path: Path, include: str, expressions: list[str]) -> list[int]:
    """What a C compiler makes of them."""
    source, program = tmp_path / "values.c", tmp_path / "values"
    lines = "".join(f'  printf("%ld\\n", (long)({text}));\n' for text in expressions)
    source.write_text(
        f"#include <stddef.h>\n#include <stdio.h>\n{include}\n"
        f"int main(void) {{\n{lines}  return 0;\n}}\n"
    )
    flags = [f"-I{INCLUDE}"]
    if "Python.h" in include:
        flags = [f"-I{importlib.import_module('sysconfig').get_path('include')}"]
    subprocess.run(["gcc", *flags, "-o", str(program), str(source)], check=True)
    output = subprocess.run([str(program)], check=True, capture_output=True, text=True)
    return [int(line) for line in output.stdout.split()]


def test_every_function(header: Any) -> None:
    functions = {"jitdebug_" + name for name in _abi.DECLARATIONS}
    assert functions == set(declared(header))
    assert list(_abi.DECLARATIONS) == list(_abi.Functions._fields)


@pytest.mark.parametrize("name", _abi.DECLARATIONS)
def test_signatures(header: Any, name: str) -> None:
    result, arguments = declared(header)["jitdebug_" + name]
    ours_result, ours_arguments = _abi.DECLARATIONS[name]
    assert ours_result in TYPES[result]
    assert len(ours_arguments) == len(arguments)
    for ours, theirs in zip(ours_arguments, arguments):
        assert ours in TYPES[theirs]


def test_constants(header: Any, tmp_path: Path) -> None:
    names = [
        name for name in enumerators(header) if not name.startswith(OTHER_CONSTANTS)
    ]
    assert len(names) == 17
    ours = [getattr(_abi, name[len("JITDEBUG_") :]) for name in names]
    assert ours == computed(tmp_path, "#include <jitdebug.h>", names)


@pytest.mark.parametrize("name", STRUCTURES)
def test_structures(header: Any, name: str, tmp_path: Path) -> None:
    structure = STRUCTURES[name]
    (fields,) = [
        [(field.name, spelled(field.type)) for field in node.type.type.decls]
        for node in header.ext
        if getattr(node, "name", None) == name and node.type.type.decls
    ]
    assert [field for field, _ in fields] == [field[0] for field in structure._fields_]
    for (_, theirs), ours in zip(fields, structure._fields_):
        assert ours[1] in TYPES[theirs]
    expressions = [f"sizeof({name})"]
    expressions += [f"offsetof({name}, {field})" for field, _ in fields]
    expressions += [f"sizeof((({name} *)0)->{field})" for field, _ in fields]
    descriptors = [getattr(structure, field) for field, _ in fields]
    ours_sizes = [ctypes.sizeof(structure)]
    ours_sizes += [descriptor.offset for descriptor in descriptors]
    ours_sizes += [descriptor.size for descriptor in descriptors]
    assert ours_sizes == computed(tmp_path, "#include <jitdebug.h>", expressions)


def test_pythons_buffer(tmp_path: Path) -> None:
    names = [field[0] for field in _buffer._PyBuffer._fields_]
    expressions = ["sizeof(Py_buffer)", "PyBUF_SIMPLE"]
    expressions += [f"offsetof(Py_buffer, {name})" for name in names]
    ours = [ctypes.sizeof(_buffer._PyBuffer), _buffer._CONTIGUOUS]
    ours += [getattr(_buffer._PyBuffer, name).offset for name in names]
    assert ours == computed(tmp_path, "#include <Python.h>", expressions)
