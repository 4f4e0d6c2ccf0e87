# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
r"""Python functions compiled by LLVM, and debugged in this very file.

    pip install jitdebug llvmlite
    gdb -ex 'set breakpoint pending on' -ex 'break with_llvmlite.py:48' \
        -ex run -ex backtrace -ex 'info locals' --args python3 with_llvmlite.py

LLVM's JITLink tells debuggers nothing; with jitdebug they stop at lines, step, and
show variables.
"""

import ast
import ctypes
import inspect
import struct
from pathlib import Path

import jitdebug

# lldb reads one list of generated code: the first in the process. LLVM brings one
# too, so ours comes before it.
jitdebug.version()

import llvmlite.binding as llvm  # noqa: E402
from llvmlite import ir  # noqa: E402

COMPILED = []


def compiled(function):
    """Marks a function for the compiler: of numbers, all of which are integers."""
    COMPILED.append(function)
    return function


@compiled
def step(number):
    if number % 2 == 0:
        return number // 2
    return number * 3 + 1


@compiled
def collatz(number):
    steps = 0
    while number != 1:
        number = step(number)
        steps = steps + 1
    return steps


NUMBER, CONDITION = ir.IntType(64), ir.IntType(1)
OPERATIONS = {
    ast.Add: ir.IRBuilder.add,
    ast.Mult: ir.IRBuilder.mul,
    ast.FloorDiv: ir.IRBuilder.sdiv,
    ast.Mod: ir.IRBuilder.srem,
}
COMPARISONS = {ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<="}


class Module:
    """LLVM's module, with the debug information that all functions share."""

    def __init__(self, path):
        self.ir = ir.Module()
        self.file = self.describe(
            "DIFile", filename=path.name, directory=str(path.parent)
        )
        self.unit = self.describe(
            "DICompileUnit",
            distinct=True,
            language=ir.DIToken("DW_LANG_C"),  # which every debugger knows
            file=self.file,
            producer="clang (not really)",  # gdb skips the prologues of clang's
            emissionKind=ir.DIToken("FullDebug"),
        )
        self.ir.add_named_metadata("llvm.dbg.cu", self.unit)
        version = [ir.IntType(32)(2), "Debug Info Version", ir.IntType(32)(3)]
        self.ir.add_named_metadata("llvm.module.flags", version)
        self.number = self.describe(
            "DIBasicType", name="int", size=64, encoding=ir.DIToken("DW_ATE_signed")
        )
        metadata = ir.FunctionType(ir.VoidType(), [ir.MetaDataType()] * 3)
        self.declare = ir.Function(self.ir, metadata, "llvm.dbg.declare")

    def describe(self, kind, distinct=False, **fields):
        """Debug information, as LLVM's manual has it."""
        return self.ir.add_debug_info(kind, fields, is_distinct=distinct)


class Function(ast.NodeVisitor):
    """One function; each statement notes the line that it is from."""

    def __init__(self, module, tree):
        self.module = module
        arguments = [argument.arg for argument in tree.args.args]
        numbers = [NUMBER] * len(arguments)
        self.ir = ir.Function(module.ir, ir.FunctionType(NUMBER, numbers), tree.name)
        types = module.ir.add_metadata([module.number] * (1 + len(arguments)))
        self.scope = module.describe(
            "DISubprogram",
            distinct=True,
            name=tree.name,
            scope=module.file,
            file=module.file,
            line=tree.lineno,
            scopeLine=tree.lineno,
            type=module.describe("DISubroutineType", types=types),
            unit=module.unit,
            spFlags=ir.DIToken("DISPFlagDefinition"),
        )
        self.ir.set_metadata("dbg", self.scope)
        self.builder = ir.IRBuilder(self.ir.append_basic_block())
        self.variables = {}
        for position, name in enumerate(arguments):
            variable = self.variable(name, tree, arg=position + 1)
            self.builder.store(self.ir.args[position], variable)
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign):
                self.variable(node.targets[0].id, node)
        self.block(tree.body)
        if not self.builder.block.is_terminated:
            self.builder.unreachable()

    def comes_from(self, node):
        """What is built next belongs to this node's line."""
        self.builder.debug_metadata = self.module.describe(
            "DILocation", line=node.lineno, column=node.col_offset + 1, scope=self.scope
        )

    def variable(self, name, node, **argument):
        """A variable in memory, where debuggers find it."""
        if name not in self.variables:
            self.variables[name] = memory = self.builder.alloca(NUMBER, name=name)
            described = self.module.describe(
                "DILocalVariable",
                name=name,
                scope=self.scope,
                file=self.module.file,
                line=node.lineno,
                type=self.module.number,
                **argument,
            )
            expression = self.module.describe("DIExpression")
            self.comes_from(node)
            self.builder.call(self.module.declare, [memory, described, expression])
            self.builder.debug_metadata = None  # debuggers skip a function's setup
        return self.variables[name]

    def block(self, statements):
        for statement in statements:
            self.comes_from(statement)
            self.visit(statement)

    def visit_Assign(self, node):
        self.builder.store(self.visit(node.value), self.variables[node.targets[0].id])

    def visit_Return(self, node):
        self.builder.ret(self.visit(node.value))

    def visit_If(self, node):
        with self.builder.if_then(self.visit(node.test)):
            self.block(node.body)

    def visit_While(self, node):
        test, body, end = (self.ir.append_basic_block() for _ in range(3))
        self.builder.branch(test)
        self.builder.position_at_end(test)
        self.builder.cbranch(self.visit(node.test), body, end)
        self.builder.position_at_end(body)
        self.block(node.body)
        self.builder.branch(test)
        self.builder.position_at_end(end)

    def visit_BinOp(self, node):
        operation = OPERATIONS[type(node.op)]
        return operation(self.builder, self.visit(node.left), self.visit(node.right))

    def visit_Compare(self, node):
        left, right = self.visit(node.left), self.visit(node.comparators[0])
        return self.builder.icmp_signed(COMPARISONS[type(node.ops[0])], left, right)

    def visit_Call(self, node):
        arguments = [self.visit(argument) for argument in node.args]
        return self.builder.call(self.module.ir.globals[node.func.id], arguments)

    def visit_Name(self, node):
        return self.builder.load(self.variables[node.id], typ=NUMBER)

    def visit_Constant(self, node):
        return NUMBER(node.value)

    def generic_visit(self, node):
        raise SyntaxError(f"line {node.lineno}: not understood")


def generate(functions):
    """Compiles Python functions to an object file."""
    module = Module(Path(__file__).resolve())
    for function in functions:
        lines, first = inspect.getsourcelines(function)
        (tree,) = ast.increment_lineno(ast.parse("".join(lines)), first - 1).body
        Function(module, tree)
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    machine = llvm.Target.from_default_triple().create_target_machine(opt=0)
    return machine.emit_object(llvm.parse_assembly(str(module.ir)))


def sections_of(object, address_of):
    """Where sections of code are: a function's address, less its place in there."""
    sections = llvm.ObjectFileRef.from_data(object).sections()
    data = {section.name(): section.data() for section in sections}
    places = {}
    for symbol in struct.iter_unpack("<IBBHQQ", data[b".symtab"]):
        name, info, _, section, value, _ = symbol
        if info & 15 == 2 and section != 0:  # a function, which is defined here
            name = data[b".strtab"][name:].split(b"\0", 1)[0].decode()
            places[section] = address_of(name) - value
    return places


def main():
    """Compiles, links, registers, runs."""
    object = generate(COMPILED)
    jit = llvm.create_lljit_compiler(use_jit_link=True)
    library = llvm.JITLibraryBuilder().add_object_img(object)
    for function in COMPILED:
        library.export_symbol(function.__name__)
    linked = library.link(jit, "compiled")

    with jitdebug.register_object(object, sections_of(object, linked.__getitem__)):
        fast = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)(linked["collatz"])
        print("collatz(27) takes", fast(27), "steps, in Python", collatz(27))


if __name__ == "__main__":
    main()
