"""The printer: notation, parentheses, names of objects, comments, line maps, standalone modules."""

from __future__ import annotations

import ast
import functools
import inspect
import itertools
import math
import operator
import os
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import transforms
from transforms import operations, runtime
from transforms.core import (
    Assign,
    Call,
    Const,
    For,
    Function,
    Handler,
    If,
    Origin,
    Raise,
    Ref,
    Return,
    Try,
    Var,
    While,
    With,
)
from transforms.errors import TransformError
from transforms.presentation import Choice, Unpack, Update
from transforms.printer import print_function, print_module, standalone
from transforms.printer.notation import BINARY, COMPARE, UNARY


def call(function: Any, *arguments: Any, **keywords: Any) -> Any:
    return Call(
        Ref(function), tuple(map(atom, arguments)), tuple((key, atom(value)) for key, value in keywords.items())
    )


def atom(value: Any) -> Any:
    if isinstance(value, (Var, Const, Ref, Call, Choice)):
        return value
    return Var(value) if isinstance(value, str) else Const(value)


def returning(value: Any, parameters: str = "x y z", name: str = "f") -> Function:
    return Function(name, tuple(parameters.split()), (Return(atom(value)),))


def text(value: Any, parameters: str = "x y z") -> str:
    """The text of one expression."""
    return print_function(returning(value, parameters)).split("return ", 1)[1].rstrip("\n")


def run(function: Function, *arguments: Any) -> Any:
    printed = print_module(function)
    namespace = dict(printed.namespace)
    exec(compile(printed.source, "<printed>", "exec"), namespace)
    return namespace[printed.name](*arguments)


# ------------------------------------------------------------------------------------------------------ parentheses

# (function, how many operands): every operator, and other expressions that bind loosely or tightly
OPERATORS: list[tuple[Any, int]] = [
    *((function, 2) for function in BINARY),
    *((function, 2) for function in COMPARE),
    *((function, 1) for function in UNARY),
    (operator.contains, 2),
    (operator.getitem, 2),
    (operations.make_tuple, 2),
    (operations.make_tuple, 1),
    (operations.make_list, 2),
]
LOOSE: list[Any] = [
    Choice(Var("a"), Var("b"), Var("c")),
    Choice(Var("a"), Var("b"), None),
    Choice(Var("a"), None, Var("c")),
    Call(Ref(getattr), (Var("a"), Const("T"))),
    Call(Var("a"), (Var("b"),)),
    Const(-1),
    Const(-1.5),
    Const(2),
    Const(2.5),
    Const(-2j),
    Const(1 + 2j),
    Const((1, 2)),
    Const(float("-inf")),
]


def shape(node: ast.AST) -> Any:
    """The structure of a parsed expression, constants folded into it."""
    match node:
        case ast.BinOp():
            return (type(node.op).__name__, shape(node.left), shape(node.right))
        case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=value)):
            return ("constant", repr(-value))
        case ast.UnaryOp():
            return (type(node.op).__name__, shape(node.operand))
        case ast.BoolOp():
            return (type(node.op).__name__, *map(shape, node.values))
        case ast.Compare():
            assert len(node.ops) == 1, "a chained comparison was made of two"
            return (type(node.ops[0]).__name__, shape(node.left), shape(node.comparators[0]))
        case ast.IfExp():
            return ("IfExp", shape(node.test), shape(node.body), shape(node.orelse))
        case ast.Subscript():
            return ("Subscript", shape(node.value), shape(node.slice))
        case ast.Tuple() | ast.List():
            items = tuple(map(shape, node.elts))
            if isinstance(node, ast.Tuple) and all(item[0] == "constant" for item in items) and len(items) > 1:
                return ("constant", "(" + ", ".join(item[1] for item in items) + ")")
            return (type(node).__name__, *items)
        case ast.Call(func=ast.Name(id="complex"), args=args):
            values = [ast.literal_eval(arg) for arg in args]
            return ("constant", repr(complex(*values)))
        case ast.Call():
            return ("Call", shape(node.func), *map(shape, node.args))
        case ast.Attribute():
            return ("Attribute", shape(node.value), node.attr)
        case ast.Constant():
            return ("constant", repr(node.value))
        case ast.Name():
            return ("Name", node.id)
    raise TypeError(ast.dump(node))


def expected(expression: Any) -> Any:
    """The structure that an expression has to have when it is parsed again."""
    match expression:
        case Var():
            return ("Name", expression.name)
        case Const():
            if isinstance(expression.value, float) and math.isinf(expression.value):
                return ("USub", ("Attribute", ("Name", "np"), "inf"))
            return ("constant", repr(expression.value))
        case Choice():
            parts = [None if p is None else expected(p) for p in (expression.test, expression.body, expression.orelse)]
            if parts[2] is None:
                return ("And", parts[0], parts[1])
            return ("Or", parts[0], parts[2]) if parts[1] is None else ("IfExp", *parts)
        case Call(function=Var()):
            return ("Call", expected(expression.function), *map(expected, expression.arguments))
    function, operands = expression.function.value, expression.arguments
    if function is getattr:
        return ("Attribute", expected(operands[0]), operands[1].value)
    items = tuple(map(expected, operands))
    if function in BINARY:
        return (BINARY[function].__name__, *items)
    if function in COMPARE:
        return (COMPARE[function].__name__, *items)
    if function in UNARY:
        if function is operator.neg and items[0][0] == "constant" and isinstance(operands[0], Const):
            value = operands[0].value
            if not isinstance(value, tuple) and not repr(value).startswith("("):
                return ("constant", repr(-value))
        if function is operator.not_ and items[0][0] == "In":
            return ("NotIn", *items[0][1:])
        return (UNARY[function].__name__, *items)
    if function is operator.contains:
        return ("In", items[1], items[0])
    if function is operator.getitem:
        return ("Subscript", *items)
    if function is operations.make_tuple:
        if all(item[0] == "constant" for item in items) and len(items) > 1:
            return ("constant", "(" + ", ".join(item[1] for item in items) + ")")
        return ("Tuple", *items)
    return ("List", *items)


def inner_expressions() -> list[Any]:
    inner = [Call(Ref(function), tuple(map(Var, "ab"[:count]))) for function, count in OPERATORS]
    return [*inner, *LOOSE]


@pytest.mark.parametrize("outer, count", OPERATORS, ids=lambda value: getattr(value, "__name__", str(value)))
def test_every_pair_of_operators_reads_back_as_it_was(outer: Any, count: int) -> None:
    for inner, place in itertools.product(inner_expressions(), range(count)):
        operands = [Var("u"), Var("v")][:count]
        operands[place] = inner
        expression = Call(Ref(outer), tuple(operands))
        printed = text(expression, "a b c u v")
        if outer is operator.neg and isinstance(inner, Const) and "-" in repr(inner.value):
            continue  # `-(-1)` is compared by value below
        assert shape(ast.parse(printed, mode="eval").body) == expected(expression), printed


@pytest.mark.parametrize("place", ["test", "body", "orelse", "callee", "argument", "attribute"])
def test_every_expression_reads_back_inside_a_choice_a_call_and_an_attribute(place: str) -> None:
    for inner in inner_expressions():
        u, v = Var("u"), Var("v")
        expression: Any = {
            "test": Choice(inner, u, v),
            "body": Choice(u, inner, v),
            "orelse": Choice(u, v, inner),
            "callee": Call(u, (v,)),
            "argument": Call(u, (inner, v)),
            "attribute": Call(Ref(getattr), (inner, Const("T"))),
        }[place]
        printed = text(expression, "a b c u v")
        assert shape(ast.parse(printed, mode="eval").body) == expected(expression), printed


def test_three_levels_of_arithmetic_read_back() -> None:
    arithmetic = [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow, operator.matmul]
    for one, two, three in itertools.product(arithmetic, repeat=3):
        left = call(one, call(two, call(three, "x", "y"), "z"), "x")
        right = call(one, "x", call(two, "y", call(three, "z", "x")))
        for expression in (left, right, call(one, call(operator.neg, call(two, "x", "y")), call(three, "y", "z"))):
            assert shape(ast.parse(text(expression), mode="eval").body) == expected(expression)


@pytest.mark.parametrize(
    "expression, printed",
    [
        (call(operator.add, call(operator.mul, "x", "y"), call(np.sin, "x")), "x * y + np.sin(x)"),
        (call(operator.mul, call(operator.add, "x", "y"), "z"), "(x + y) * z"),
        (call(operator.sub, "x", call(operator.sub, "y", "z")), "x - (y - z)"),
        (call(operator.sub, call(operator.sub, "x", "y"), "z"), "x - y - z"),
        (call(operator.pow, call(operator.pow, "x", "y"), "z"), "(x ** y) ** z"),
        (call(operator.pow, "x", call(operator.pow, "y", "z")), "x ** y ** z"),
        (call(operator.neg, call(operator.pow, "x", 2)), "-x ** 2"),
        (call(operator.pow, call(operator.neg, "x"), 2), "(-x) ** 2"),
        (call(operator.pow, "x", -1), "x ** -1"),
        (call(operator.pow, -1, "x"), "(-1) ** x"),
        (call(operator.mul, "x", call(operator.neg, "y")), "x * -y"),
        (call(operator.not_, call(operator.lt, "x", "y")), "not x < y"),
        (call(operator.not_, call(operator.contains, "x", "y")), "y not in x"),
        (call(operator.lt, call(operator.lt, "x", "y"), "z"), "(x < y) < z"),
        (call(getattr, call(operator.add, "x", "y"), Const("T")), "(x + y).T"),
        (call(getattr, 1, Const("real")), "(1).real"),
        (call(getattr, 1.5, Const("real")), "(1.5).real"),
    ],
)
def test_parentheses_are_few(expression: Any, printed: str) -> None:
    assert text(expression) == printed


# --------------------------------------------------------------------------------------------------------- notation


@pytest.mark.parametrize(
    "expression, printed",
    [
        (call(operator.getitem, "x", Const((slice(1, 3), Ellipsis, None))), "x[1:3, ..., None]"),
        (call(operator.getitem, "x", Const(slice(None, None, -1))), "x[::-1]"),
        (call(operator.getitem, "x", Const((slice(None),))), "x[:,]"),
        (call(operator.getitem, "x", Const(())), "x[()]"),
        (call(operator.getitem, "x", Const((0,))), "x[0,]"),
        (call(operator.getitem, "x", Const((1, (2, 3)))), "x[1, (2, 3)]"),
        (call(operator.getitem, "x", call(operations.make_slice, "y", None, None)), "x[y:]"),
        (
            call(operator.getitem, "x", call(operations.make_tuple, call(operations.make_slice, None, "y", 2), "z")),
            "x[:y:2, z]",
        ),
        (call(operations.make_slice, "x", None, None), "slice(x, None, None)"),
        (Const(slice(1, 2)), "slice(1, 2, None)"),
        (call(operations.make_tuple, "x"), "(x,)"),
        (call(operations.make_tuple), "()"),
        (call(operations.make_tuple, "x", "y"), "x, y"),
        (call(operations.make_list, call(operations.make_tuple, "x", "y")), "[(x, y)]"),
        (call(operations.make_dict, Const("a"), "x", Const("b"), "y"), "{'a': x, 'b': y}"),
        (call(operations.make_dict), "{}"),
        (call(operations.make_set, "x", "y"), "{x, y}"),
        (call(operations.make_set), "set()"),
        (call(operations.method, "x", Const("sum"), 0, keepdims=True), "x.sum(0, keepdims=True)"),
        (call(list.append, "x", "y"), "x.append(y)"),
        (call(dict.get, "x", "y", None), "x.get(y, None)"),
        (call(np.ndarray.copy, "x"), "x.copy()"),
        (call(np.sum, "x", axis=-1), "np.sum(x, axis=-1)"),
        (call(operations.apply, "x", "y", "z"), "x(*y, **z)"),
        (call(operations.apply, "x", "y", call(operations.make_dict)), "x(*y)"),
        (call(operations.apply, "x", Const(()), "z"), "x(**z)"),
        (call(operations.apply, "x", call(operations.make_tuple, "y", "z"), call(operations.make_dict)), "x(y, z)"),
        (call(getattr, "x", Const("not an identifier")), "getattr(x, 'not an identifier')"),
        (call(getattr, "x", Const("class")), "getattr(x, 'class')"),
        (call(getattr, "x", Const("a"), None), "getattr(x, 'a', None)"),
        (call(operator.iadd, "x", "y"), "operator.iadd(x, y)"),
        (call(functools.partial, Ref(math.pow), "x"), "functools.partial(math.pow, x)"),
        (call(np.linalg.norm, "x"), "np.linalg.norm(x)"),
        (call(np.add.at, "x", "y", "z"), "np.add.at(x, y, z)"),
        (call(runtime.unbroadcast, "x", "y"), "runtime.unbroadcast(x, y)"),
        (Ref(list.append), "list.append"),
        (Ref(np.float32), "np.float32"),
        (Ref(ValueError), "ValueError"),
        (Const(-0.0), "-0.0"),
        (Const(1e-300), "1e-300"),
        (Const(0.1), "0.1"),
        (Const(float("inf")), "np.inf"),
        (Const(float("nan")), "np.nan"),
        (Const(float("-inf")), "-np.inf"),
        (Const(2j), "2j"),
        (Const(complex(-0.0, 1.0)), "complex(-0.0, 1.0)"),
        (Const("it's"), '"it\'s"'),
        (Const(b"\x00"), "b'\\x00'"),
        (Const(np.float32(0.5)), "np.float32(0.5)"),
    ],
)
def test_notation(expression: Any, printed: str) -> None:
    assert text(expression) == printed
    ast.parse(printed, mode="eval")


@pytest.mark.parametrize(
    "value", [0.1, -0.0, 1e308, 5e-324, 1 / 3, 2j, -2j, 1 + 2j, complex(-0.0, -0.0), complex(1, -0.0)]
)
def test_numbers_are_exact(value: Any) -> None:
    result = run(returning(Const(value)), 1, 2, 3)
    assert repr(result) == repr(value) and type(result) is type(value)


def field(value: Any, conversion: str = "", spec: Any = Const("")) -> Call:
    return Call(Ref(operations.format_value), (atom(value), Const(conversion), spec))


@pytest.mark.parametrize(
    "parts, printed",
    [
        ((Const("a "), field("x", "", Const(".3f"))), 'f"a {x:.3f}"'),
        ((field("x", "r"),), 'f"{x!r}"'),
        ((field("x", "", Var("y")),), 'f"{x:{y}}"'),
        ((Const('{"'), field("x"), Const("'}\n")), 'f"{{\\"{x}\'}}\\n"'),
        ((field(call(operator.getitem, "x", Const("k"))),), "f\"{x['k']}\""),
        ((field(call(operations.make_dict, Const(1), "x")),), 'f"{ {1: x}}"'),
        ((field(call(operator.getitem, "x", Const('"'))),), "format(x['\"'], '')"),
        (
            (Const("a"), field(call(operator.getitem, "x", Const("\n")), "r")),
            "''.join(('a', format(repr(x['\\n']), '')))",
        ),
    ],
)
def test_format_strings(parts: Any, printed: str) -> None:
    expression = Call(Ref(operations.join_strings), parts)
    assert text(expression) == printed
    ast.parse(printed, mode="eval")


def test_format_strings_say_what_their_operations_say() -> None:
    expression = Call(
        Ref(operations.join_strings), (Const("é{'\"\\ "), field("x", "r"), field("y", "", Const(">8.2f")))
    )
    assert run(returning(expression, "x y"), "q", 1.5) == "é{'\"\\ 'q'    1.50"


# -------------------------------------------------------------------------------------------------------- statements


def test_statements() -> None:
    body = (
        Assign("z", call(operator.iadd, "z", "x")),
        Assign("w", call(operator.iadd, "z", "x")),
        Assign(None, call(operator.setitem, "z", 0, "x")),
        Assign(None, call(operator.delitem, "z", Const((slice(1, 2), 0)))),
        Assign(None, call(setattr, "z", Const("a"), "x")),
        Assign(None, call(delattr, "z", Const("a"))),
        Assign("p", call(operations.make_tuple, "x", "y")),
        Assign(None, call(print, "x")),
        If(Var("x"), (Assign("a", Var("x")),), (If(Var("y"), (), (Assign("a", Const(1)),)),)),
        While(Var("x"), (Assign("x", Const(False)),)),
        For("i", Var("y"), ()),
        With(Var("y"), "c", ()),
        With(Var("y"), None, ()),
        Try((), (Handler(Ref(ValueError), "e", (Raise(),)), Handler(None, None, ())), (), (Assign("q", Const(1)),)),
        Raise(Var("x"), Var("y")),
        Return(call(operations.make_tuple, "x")),
    )
    assert (
        print_function(Function("f", ("x", "y", "z"), body))
        == """\
def f(x, y, z):
    z += x
    w = operator.iadd(z, x)
    z[0] = x
    del z[1:2, 0]
    z.a = x
    del z.a
    p = (x, y)
    print(x)
    if x:
        a = x
    elif y:
        pass
    else:
        a = 1
    while x:
        x = False
    for i in y:
        pass
    with y as c:
        pass
    with y:
        pass
    try:
        pass
    except ValueError as e:
        raise
    except:
        pass
    finally:
        q = 1
    raise x from y
    return (x,)
"""
    )


def test_statements_of_the_nested_form() -> None:
    body: Any = (
        Unpack(("a", "b"), call(list.pop, "x")),
        Unpack(("a", "b", "c"), Var("x"), star=1),
        Unpack(("a", "b"), call(operations.make_tuple, "b", "a")),
        Update(call(operator.getitem, "x", 0), operator.imul, call(operator.add, "a", 1)),
        Update(call(getattr, "x", Const("n")), operator.iadd, Const(1)),
        Return(call(operations.make_tuple, "a", Choice(Var("x"), Var("a"), Var("b")))),
    )
    assert (
        print_function(Function("f", ("x",), body))
        == """\
def f(x):
    a, b = x.pop()
    a, *b, c = x
    a, b = b, a
    x[0] *= a + 1
    x.n += 1
    return a, a if x else b
"""
    )


def test_signatures() -> None:
    def model(
        a: int, /, b: float = 0.5, *rest: int, flag: bool = False, scale: Any = np.pi, **options: int
    ) -> None: ...

    signature = inspect.signature(model)
    function = Function("f", ("captured", *signature.parameters), (Return(Var("a")),), signature=signature)
    first = print_function(function).splitlines()[0]
    assert first == f"def f(captured, a, /, b=0.5, *rest, flag=False, scale={math.pi}, **options):"
    assert run(function, 1, 2) == 2


def test_docstrings_survive() -> None:
    for doc in ("One line.", 'A "quoted" end"', 'Two\nlines \\ and """ quotes.', "\\"):
        namespace: dict[str, Any] = {}
        exec(print_function(Function("f", (), (Return(Const(1)),), doc=doc)), namespace)
        assert inspect.cleandoc(namespace["f"].__doc__) == inspect.cleandoc(doc)


# ------------------------------------------------------------------------------------------------------------- names


def module_with(name: str, **members: Any) -> types.ModuleType:
    module = types.ModuleType(name)
    vars(module).update(members)
    return module


@pytest.mark.parametrize("local", ["np", "math", "runtime", "operator", "x_bar", "d", "tape", "abs"])
def test_locals_never_hide_what_the_program_refers_to(local: str) -> None:
    body = (
        Assign("a", call(np.abs, local)),
        Assign("b", call(math.floor, "a")),
        Assign("c", call(abs, "b")),
        Assign("e", call(operator.iadd, "c", "b")),
        Return(call(runtime.unbroadcast, "e", "e")),
    )
    function = Function("f", (local,), body)
    assert run(function, -2.5) == 4
    if local == "np":
        printed = print_module(function)
        assert "np_1.abs" in printed.source or "np_1.absolute" in printed.source
        assert printed.namespace["np_1"] is np and "import numpy as np_1" in printed.imports


def test_two_objects_of_one_name_get_two_names() -> None:
    one, two = (module_with("helpers", f=lambda x, k=k: x + k) for k in (1, 10))
    one.f.__name__ = two.f.__name__ = "f"  # type: ignore[attr-defined]
    function = Function("f", ("x",), (Return(call(operator.add, call(one.f, "x"), call(two.f, "x"))),))
    assert run(function, 1) == 13
    assert print_module(function).source.startswith("def f(x):\n    return f_1(x) + f_2(x)")


def test_core_functions_are_printed_once_each_before_their_callers() -> None:
    inner = returning(call(operator.mul, "x", "x"), "x", name="helper")
    other = returning(Call(Ref(inner), (Var("x"),)), "x", name="helper")
    outer = returning(call(operator.add, Call(Ref(inner), (Var("x"),)), Call(Ref(other), (Var("x"),))), "x", name="f")
    assert (
        print_function(outer)
        == """\
def helper(x):
    return x * x


def helper_1(x):
    return helper(x)


def f(x):
    return helper(x) + helper_1(x)
"""
    )
    assert run(outer, 3) == 18


def test_recursion_and_a_parameter_of_the_functions_name() -> None:
    function = Function("f", ("f", "n"), ())
    again = call(operator.sub, "n", 1)
    function.body = (
        If(Var("n"), (Assign("f", Call(Ref(function), (Var("f"), again))),)),
        Return(call(operator.add, "f", "n")),
    )
    assert run(function, 1, 3) == 7


def test_live_objects_are_passed_and_not_imported() -> None:
    cell = types.CellType(3.0)
    array = np.ones(2)
    scale = call(getattr, Ref(cell, "scale"), Const("cell_contents"))
    function = returning(call(operator.mul, call(operator.mul, "x", scale), Ref(array)), "x")
    printed = print_module(function)
    assert printed.source == "def f(x):\n    return x * scale.cell_contents * ndarray\n"
    assert printed.namespace == {"scale": cell, "ndarray": array}
    assert printed.imports == ()
    assert run(function, 2.0).tolist() == [6.0, 6.0]


def test_imports_bind_what_the_namespace_holds() -> None:
    body = (
        Assign("a", call(np.linalg.norm, "x")),
        Assign("b", call(math.exp, "a")),
        Assign("c", call(runtime.unbroadcast, "b", "x")),
        Assign("d", call(functools.reduce, Ref(operator.add), "c")),
        Assign("e", call(inspect.getdoc, "d")),
        Assign("g", call(Path, "e")),
        Return(Var("e")),
    )
    printed = print_module(Function("f", ("x",), body))
    namespace: dict[str, Any] = {}
    for line in printed.imports:
        exec(line, namespace)
    assert {name: namespace[name] for name in printed.namespace} == printed.namespace
    assert printed.imports == (
        "import functools",
        "import math",
        "import numpy as np",
        "import operator",
        "from inspect import getdoc",
        "from pathlib import Path",
        "from transforms import runtime",
    )


def test_keywords_that_are_no_identifiers() -> None:
    function = Function("f", (), (Return(Call(Ref(dict), (), (("class", Const(1)), ("b", Const(2))))),))
    assert run(function) == {"class": 1, "b": 2}


# --------------------------------------------------------------------------------------------------- lines, comments


def origin(line: int, source: str) -> Origin:
    return Origin("user.py", line, 4, line, 10, source)


def test_lines_and_quotes() -> None:
    body = (
        Assign("_1", call(operator.mul, "x", "x"), origin(2, "y = x * x + 1")),
        Assign("y", call(operator.add, "_1", 1), origin(2, "y = x * x + 1"), comment="a note"),
        Assign("z", call(np.sin, "y"), origin(3, "z = np.sin(y)")),
        Assign("y", Var("z"), origin(2, "y = x * x + 1")),
        Return(Var("y"), origin(4, "return y")),
    )
    function = Function("f", ("x",), body, origin=origin(1, "def f(x):"))
    printed = print_module(function, quote=True)
    assert (
        printed.source
        == """\
def f(x):
    # y = x * x + 1
    _1 = x * x
    # a note
    y = _1 + 1
    z = np.sin(y)
    # y = x * x + 1
    y = z
    return y
"""
    )
    lines = printed.source.splitlines()
    assert {lines[number - 1].strip(): place.line for number, place in printed.lines.items()}["z = np.sin(y)"] == 3
    assert printed.lines[1].line == 1 and printed.lines[9].line == 4 and printed.lines[5].line == 2
    plain = print_module(function)
    assert "# y" not in plain.source and plain.lines[len(plain.source.splitlines())].line == 4


def test_the_line_map_counts_lines_of_docstrings_and_earlier_functions() -> None:
    inner = Function("g", ("x",), (Return(Var("x"), origin(9, "return x")),), doc="Two\nlines.")
    outer = Function("f", ("x",), (Return(Call(Ref(inner), (Var("x"),)), origin(5, "return g(x)")),))
    printed = print_module(outer)
    lines = printed.source.splitlines()
    assert {place.line: lines[number - 1].strip() for number, place in printed.lines.items()} == {
        9: "return x",
        5: "return g(x)",
    }


# -------------------------------------------------------------------------------------------------------- standalone


def test_standalone_needs_only_numpy(tmp_path: Path) -> None:
    body = (
        Assign("a", call(np.sin, "unbroadcast")),
        Assign("b", call(runtime.unbroadcast, "a", 0.5)),
        Return(call(operator.add, "b", call(math.floor, 1.5))),
    )
    function = Function("f", ("unbroadcast",), body)
    path = tmp_path / "module.py"
    path.write_text(standalone(function) + "\n\nprint(repr(float(f(np.zeros(3)))))\n")
    check = f"import sys; sys.path = [p for p in sys.path if {str(Path(transforms.__file__).parents[1])!r} != p]; "
    check += f"exec(open({str(path)!r}).read(), {{'__name__': 'm'}}); assert 'transforms' not in sys.modules"
    run_it = subprocess.run([sys.executable, "-c", check], capture_output=True, text=True, cwd=tmp_path)
    assert run_it.stderr == "" and run_it.stdout.strip() == "1.0"


def test_standalone_is_refused_for_live_objects() -> None:
    def user(x: float) -> float:
        return x

    for value in (types.CellType(1), user, print_function):
        with pytest.raises(TransformError, match="live object"):
            standalone(returning(call(getattr, Ref(value), Const("a"))))


def test_same_bytes_for_every_hash_seed(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "from tests.transforms.test_printer import *\n"
        "inner = Function('g', ('set',), (Return(call(set, 'set')),))\n"
        "body = (Assign('a', call(np.abs, 'np')), Assign('b', call(runtime.unbroadcast, 'a', 'np')),\n"
        "        Assign('c', call(functools.reduce, Ref(operator.add), 'b')), Return(Call(Ref(inner), (Var('c'),))))\n"
        "f = Function('f', ('np', 'f', 'math'), body)\n"
        "p = print_module(f)\n"
        "print(p.source, p.imports, list(p.namespace), standalone(f))\n"
    )
    root = Path(transforms.__file__).parents[1]
    outputs = set()
    for seed in ("0", "1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(root)}
        done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, cwd=root, env=environment)
        assert done.returncode == 0, done.stderr
        outputs.add(done.stdout)
    assert len(outputs) == 1
