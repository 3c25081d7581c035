"""The form of lowered programs, name resolution, and what is refused."""

from __future__ import annotations

import functools
import linecache
import math
import operator
import textwrap

import numpy as np
import pytest

from tests.transforms.canonical.support import check, compiled
from transforms import core, errors, operations, runtime
from transforms.canonical import DictEnvironment, lower_source, lower_template
from transforms.canonical.lower import parse
from transforms.printer import print_function


def lowered(source: str, **names) -> core.Function:
    return lower_source(textwrap.dedent(source), {"np": np, "math": math, **names})


def printed(source: str, **names) -> str:
    return print_function(lowered(source, **names)).strip()


def same(text: str, expected: str) -> None:
    assert text == textwrap.dedent(expected).strip()


# --------------------------------------------------------------------------------------------------------------- form


def test_straight_line():
    text = printed(
        """
        def f(x, y):
            "Documentation."
            z = x * y + np.sin(x)
            return z[1:, None]
        """
    )
    assert [line.strip() for line in text.splitlines()][-5:] == [
        "_1 = x * y",
        "_2 = np.sin(x)",
        "z = _1 + _2",
        "_3 = z[1:, None]",
        "return _3",
    ]


def test_calls_are_resolved():
    function = lowered("def f(x): return np.linalg.norm(x) + math.pi * x.sum(axis=0)")
    calls = [statement.value for statement in function.body[:-1]]
    assert calls[0] == core.Call(core.Ref(np.linalg.norm), (core.Var("x"),))
    assert calls[0].function.name == "np.linalg.norm"
    assert calls[1] == core.Call(
        core.Ref(operations.method), (core.Var("x"), core.Const("sum")), (("axis", core.Const(0)),)
    )
    assert calls[2] == core.Call(core.Ref(operator.mul), (core.Const(math.pi), core.Var("_2")))


def test_data_is_read_at_call_time():
    names = {"scale": 2.0, "helper": lambda x: x}
    function = lower_source("def f(x): return helper(x) * scale", names)
    assert function.body[0].value.function == core.Ref(names["helper"])
    read = function.body[1].value
    assert read.function == core.Ref(getattr) and read.arguments[1] == core.Const("scale")
    call = compiled(function)
    assert call(3.0) == 6.0
    names["scale"] = 5.0
    assert call(3.0) == 15.0


def test_lambda():
    function = lower_source("g = lambda x, y=2: x + y", {})
    assert function.parameters == ("x", "y")
    assert compiled(function)(1) == 3


def test_signature_and_documentation():
    function = lowered('def f(a, /, b, *c, d=1, **e):\n    "Text."\n    return a')
    assert str(function.signature) == "(a, /, b, *c, d=1, **e)"
    assert function.parameters == ("a", "b", "c", "d", "e")
    assert function.doc == "Text."


def test_early_return_moves_the_rest_into_the_other_branch():
    same(
        printed(
            """
            def f(x):
                if x > 0:
                    return x
                y = -x
                return y
            """
        ),
        """
        def f(x):
            _1 = x > 0
            if _1:
                result = x
            else:
                y = -x
                result = y
            return result
        """,
    )


def test_break_needs_one_flag():
    same(
        printed(
            """
            def f(x, n):
                for i in range(n):
                    if x > 9:
                        break
                    x = x * 2
                return x
            """
        ),
        """
        def f(x, n):
            _1 = range(n)
            _2 = len(_1)
            index = 0
            running = index < _2
            while running:
                i = index
                index = index + 1
                _3 = x > 9
                if _3:
                    running = False
                else:
                    x = x * 2
                    running = index < _2
            return x
        """,
    )


def test_continue_needs_no_flag_where_nothing_follows():
    text = printed(
        """
        def f(xs):
            s = 0.0
            for x in xs:
                if x < 0:
                    continue
                s = s + x
            return s
        """
    )
    assert "for x in xs" in text and "True" not in text and "False" not in text


def test_while_repeats_its_test():
    same(
        printed(
            """
            def f(x):
                while x * x > 2:
                    x = x / 2
                return x
            """
        ),
        """
        def f(x):
            _2 = x * x
            _1 = _2 > 2
            while _1:
                x = x / 2
                _3 = x * x
                _1 = _3 > 2
            return x
        """,
    )


def test_enumerate_and_zip_are_index_loops():
    same(
        printed(
            """
            def f(xs, ys):
                s = 0.0
                for i, (x, y) in enumerate(zip(xs, ys)):
                    s = s + x * y
                return s
            """
        ),
        """
        def f(xs, ys):
            s = 0.0
            _1 = runtime.sequence(xs)
            _2 = runtime.sequence(ys)
            _3 = runtime.common_length(_1, _2)
            _4 = range(_3)
            for i in _4:
                x = _1[i]
                y = _2[i]
                _5 = x * y
                s = s + _5
            return s
        """,
    )


def test_augmented_subscript_evaluates_once():
    same(
        printed("def f(x, i, v):\n    x[i + 1] += v\n    return x"),
        """
        def f(x, i, v):
            _1 = i + 1
            _2 = x[_1]
            _3 = operator.iadd(_2, v)
            x[_1] = _3
            return x
        """,
    )


def test_return_from_a_loop_before_a_constant_needs_no_further_flag():
    same(
        printed(
            """
            def f(x):
                while x > 1:
                    if x == 5:
                        return x
                    x = x - 1
                return -1
            """
        ),
        """
        def f(x):
            result = -1
            running = x > 1
            while running:
                _1 = x == 5
                if _1:
                    result = x
                    running = False
                else:
                    x = x - 1
                    running = x > 1
            return result
        """,
    )


def test_swap_needs_one_temporary():
    function = lowered("def f(a, b):\n    a, b = b, a\n    return a - b")
    assert len(function.body) == 5


def test_inner_functions_are_lifted():
    function = lowered("def f(x, y):\n    g = lambda t: t * x + y\n    return g(2)")
    value = function.body[0].value
    assert value.function == core.Ref(functools.partial)
    inner = value.arguments[0].value
    assert isinstance(inner, core.Function) and inner.parameters == ("x", "y", "t")
    assert value.arguments[1:] == (core.Var("x"), core.Var("y"))


def test_recursive_inner_function_refers_to_itself():
    function = lowered("def f(n):\n    def g(k): return 1 if k < 2 else k * g(k - 1)\n    return g(n)")
    inner = function.body[0].value.value
    called = [
        statement.value.function
        for statement in core.walk(inner.body)
        if isinstance(statement, core.Assign) and isinstance(statement.value, core.Call)
    ]
    assert core.Ref(inner) in called


def test_cells_only_where_needed():
    constant = lowered("def f(x):\n    y = x + 1\n    return (lambda t: t * y)(x)")
    called = lowered("def f(x):\n    g = lambda t: t * x\n    x = 2\n    return g(x)")
    changing = lowered("def f(x):\n    g = lambda t: t * x\n    x = 2\n    return g")
    assert "Cell" not in print_function(constant)
    assert "Cell" not in print_function(called)
    assert "Cell" in print_function(changing)


def test_names_that_look_generated():
    source = (
        "def f(_1, result, running, index):\n    for _2 in [1]:\n        if _1: return _1 * result\n    return index"
    )
    function = lowered(source)
    namespace: dict = {}
    exec(source, namespace)
    for inputs in [(2, 3, 4, 5), (0, 3, 4, 5)]:
        check(namespace["f"], function, inputs, [])


def test_many_guard_clauses():
    clauses = "\n".join(f"    if x == {k}:\n        return {k * k}\n    y += 1" for k in range(150))
    source = f"def f(x, y=0):\n{clauses}\n    return -y"
    function = compiled(lower_source(source, {}))
    assert [function(k) for k in (0, 1, 29, 31, 60, 149, 150)] == [0, 1, 841, 961, 3600, 149 * 149, -150]


def test_many_guard_clauses_in_a_loop():
    clauses = "\n".join(f"        if x == {k}: {'continue' if k % 2 else 'break'}\n        y += 1" for k in range(60))
    source = f"def f(xs, y=0):\n    for x in xs:\n{clauses}\n    return y"
    namespace: dict = {}
    exec(source, namespace)
    for inputs in [([1, 3, 59, 100, 58, 3],), ([45, 45, 44, 1],)]:
        check(namespace["f"], lower_source(source, {}), inputs, [])


def test_template():
    function = lower_template(_rule)
    assert function.parameters == ("x", "axis", "ans", "g")
    assert function.source is _rule
    assert lower_template(_rule) is function


def _rule(x, axis=None, *, ans, g):
    return runtime.unbroadcast(g * ans, x)


# -------------------------------------------------------------------------------------------------------- diagnostics


def test_origin_has_columns_in_characters():
    function = lower_source('def f(x):\n    return "äöü" + np.sin(x)', {"np": np})
    origin = function.body[0].origin
    assert (origin.line, origin.text) == (2, 'return "äöü" + np.sin(x)')
    assert (origin.column, origin.end_column) == (4, 28)


def test_line_offset():
    tree = parse("def f(x):\n    return x + 1\n", "<string>").body[0]
    environment = DictEnvironment({}, "file.py", line_offset=10)
    from transforms.canonical import lower

    assert lower(tree, environment).body[0].origin.line == 12


REFUSED = {
    "def f(x):\n    y = yield x": "nothing can be sent",
    "def f(x):\n    y = yield from x": "yield",
    "def f(x): return (lambda: (yield x))": "yield in a lambda",
    "async def f(x): return x": "asynchronous",
    "def f(x):\n    async def g(): pass\n    return x": "asynchronous",
    "def f(x):\n    exec('x = 1')\n    return x": "exec",
    "def f(x): return eval('x')": "eval",
    "def f(x): return locals()": "locals",
    "def f(x): return globals()['y']": "globals",
    "def f(x): return vars()": "vars",
    "def f(x): return dir()": "dir",
    "def f(x):\n    class C: pass\n    return C": "class",
    "def f(x):\n    return (y for y in x)": "generator expression",
    "def f(x):\n    g = lambda: x\n    del x\n    return g": "del",
    "def f(x):\n    try:\n        return 1\n    finally:\n        return 2": "finally",
    "def f(x):\n    for i in x:\n        try:\n            pass\n        finally:\n            break": "finally",
    "def f(x):\n    try:\n        pass\n    except* ValueError:\n        pass": "except*",
    "def f(x):\n    from . import y": "relative",
    "async def f(x):\n    return [y async for y in x]": "asynchronous",
}


@pytest.mark.parametrize("source", REFUSED)
def test_refused(source):
    with pytest.raises(errors.UnsupportedSyntax) as caught:
        lower_source(source, {"__name__": "m"})
    assert REFUSED[source] in caught.value.message
    assert caught.value.origin is not None and caught.value.origin.line >= 1
    text = str(caught.value)
    assert "^" in text and "line" in text


def called(block: core.Block) -> list:
    """The functions that the statements of a block call, in order."""
    calls = (s.value for s in core.walk(block) if isinstance(s, core.Assign) and isinstance(s.value, core.Call))
    return [call.function.value for call in calls if isinstance(call.function, core.Ref)]


def test_generator_functions_have_two_forms():
    function = lowered("""
        def f(x):
            for y in x:
                yield y
            yield from x
    """)
    assert called(function.body) == [operations.generator, operations.yielded, operations.yielded]
    stopping = function.body[0].value.arguments[0].value
    assert called(stopping.body).count(operations.yielded) == called(stopping.body).count(operations.stopped) == 2


def test_a_named_generator_expression_is_a_generator_function():
    function = lowered("def f(x):\n    g = (y * y for y in x if y)\n    return sum(g)")
    made = [atom.value for s in function.body for atom in core.atoms_of(s) if isinstance(atom, core.Ref)]
    (generator,) = [value for value in made if isinstance(value, core.Function)]
    assert called(generator.body)[0] is operations.generator


def test_caret_points_at_the_construct(monkeypatch):
    lines = ["def f(x):\n", "    return x + eval('x')\n"]
    monkeypatch.setitem(linecache.cache, "<string>", (1, None, lines, "<string>"))
    with pytest.raises(errors.UnsupportedSyntax) as caught:
        lower_source("".join(lines), {})
    assert str(caught.value).splitlines()[2:4] == ["    return x + eval('x')", "               ^^^^^^^^^"]


def test_shadowed_eval_is_an_ordinary_function():
    function = lower_source("def f(x, eval): return eval(x)", {})
    assert compiled(function)(3, abs) == 3


@pytest.mark.parametrize("source", ["def f(x):\n    return x +* 2", "def f(x)\n    return x"])
def test_syntax_of_another_python(source):
    with pytest.raises(errors.UnsupportedSyntax, match="Python 3.*cannot read this"):
        lower_source(source, {})


def test_deeply_nested_expressions():
    source = "def f(x): return " + "+".join(["x"] * 60)
    assert compiled(lower_source(source, {}))(1) == 60
    with pytest.raises(errors.UnsupportedSyntax, match="nested too deeply"):
        lower_source("def f(x): return " + "+".join(["x"] * 20_000), {})
