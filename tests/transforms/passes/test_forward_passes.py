"""Copies, folding, algebra and common subexpressions, under rebinding, loops, mutation and aliases."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np
import pytest

from tests.transforms.passes.building import assert_same, body, call, function, let
from transforms import operations
from transforms.core import Assign, Const, For, Function, Handler, If, Ref, Try, Var, While
from transforms.passes import simplify
from transforms.passes.algebra import algebra
from transforms.passes.copies import copies
from transforms.passes.cse import cse
from transforms.passes.fold import fold
from transforms.values import FLOAT, INTEGER, Array, Size

VECTOR = Array(np.dtype(float), (Size("n"),))


# ------------------------------------------------------------------------------------------------------------ copies


def test_copies_are_forgotten_when_either_name_is_bound_anew() -> None:
    program = function(
        "x y",
        Assign("a", Var("x")),
        let("x", operator.add, "x", 1),
        let("b", operator.add, "a", "x"),
        Assign("c", Var("y")),
        Assign("c", Const(5)),
        let("d", operator.mul, "b", "c"),
        result="d",
    )
    assert_same(program, copies(program), (2, 3))
    assert "a + x" in body(copies(program)) and "b * 5" in body(copies(program))


def test_copies_in_branches_do_not_leak() -> None:
    program = function(
        "x y",
        Assign("a", Var("x")),
        If(Var("x"), (Assign("a", Var("y")), Assign("x", Const(7))), (Assign("y", Const(8)), Assign("x", Const(9)))),
        let("b", operator.sub, "a", "x"),
        let("c", operator.sub, "b", "y"),
        result="c",
    )
    assert_same(program, copies(program), (0, 3), (1, 3))


def test_both_branches_know_what_was_known_before() -> None:
    rebinding = (let("x", operator.add, "x", 1), let("b", operator.mul, "a", "x"))
    program = function("x t", Assign("a", Var("x")), If(Var("t"), rebinding, rebinding), result="b")
    assert_same(program, copies(program), (2, 0), (2, 1))


def test_loop_carried_copies() -> None:
    program = function(
        "n",
        Assign("a", Const(0)),
        Assign("b", Const(1)),
        let("r", range, "n"),
        For("i", Var("r"), (Assign("t", Var("a")), Assign("a", Var("b")), let("b", operator.add, "t", "b"))),
        result="a",
    )
    assert_same(program, copies(program), (0,), (1,), (10,))


def test_while_tests_keep_their_name() -> None:
    program = function(
        "n",
        Assign("t", Var("n")),
        While(Var("t"), (let("n", operator.sub, "n", 1), Assign("t", Var("n")))),
        result="n",
    )
    assert_same(program, copies(program), (3,), (0,))


def test_copies_and_exceptions() -> None:
    program = function(
        "x",
        Assign("a", Const(1)),
        Try(
            (Assign("a", Const(2)), let("q", math.sqrt, "x"), Assign("a", Const(3))),
            (Handler(Ref(ValueError), "e", (let("a", operator.mul, "a", 10),)),),
            (let("a", operator.mul, "a", 100),),
            (let("a", operator.add, "a", 0.5),),
        ),
        result="a",
    )
    assert_same(program, copies(program), (1.0,), (-1.0,))


def test_the_users_name_is_read_instead_of_a_temporary() -> None:
    program = function("x", let("_1", operator.mul, "x", "x"), Assign("y", Var("_1")), let("z", abs, "_1"), result="z")
    assert "abs(y)" in body(copies(program))


def test_updates_in_place_keep_their_notation() -> None:
    program = function(
        "x", let("y", np.copy, "x"), Assign("z", Var("y")), let("z", operator.iadd, "z", 1.0), result="y"
    )
    assert "z += 1.0" in body(copies(program))
    assert_same(program, copies(program), (np.ones(2),))


# -------------------------------------------------------------------------------------------------------------- fold


@pytest.mark.parametrize(
    "expression, printed",
    [
        (call(operator.add, 1, 2), "3"),
        (call(operator.truediv, 1, 0), "1 / 0"),
        (call(operator.mul, Const("a"), 10**9), "'a' * 1000000000"),
        (call(operator.pow, 10, 10**9), "10 ** 1000000000"),
        (call(math.sqrt, -1.0), "math.sqrt(-1.0)"),
        (call(isinstance, 1.0, Ref(float)), "True"),
        (call(operator.getitem, Const((1, 2)), -1), "2"),
        (call(operator.add, 0.1, 0.2), repr(0.1 + 0.2)),
        (call(operator.neg, 0.0), "-0.0"),
        (call(print, 1), "print(1)"),
        (call(np.sin, 1.0), "np.sin(1.0)"),
    ],
)
def test_fold(expression: Any, printed: str) -> None:
    assert body(fold(function("", Assign("a", expression), result="a"))) == f"a = {printed}\nreturn a"


def test_items_of_tuples_and_rebinding() -> None:
    program = function(
        "x y",
        let("p", operations.make_tuple, "x", "y"),
        let("a", operator.getitem, "p", 0),
        let("n", len, "p"),
        let("x", operator.add, "x", 1),
        let("b", operator.getitem, "p", 0),
        let("c", operator.getitem, "p", 5),
        result="b",
    )
    new = body(fold(program))
    assert "a = x\n" in new and "n = 2\n" in new and "b = p[0]\n" in new and "c = p[5]\n" in new


# ------------------------------------------------------------------------------------------------------------- algebra


def simplified(expression: Any, **values: Any) -> str:
    program = function(" ".join(values), Assign("a", expression), result="a", values={"a": FLOAT, **values})
    return body(algebra(program)).splitlines()[0]


@pytest.mark.parametrize(
    "expression, printed",
    [
        (call(operator.mul, "x", 1.0), "x"),
        (call(operator.mul, 1, "x"), "x"),
        (call(operator.truediv, "x", 1.0), "x"),
        (call(operator.pow, "x", 1), "x"),
        (call(operator.sub, "x", 0.0), "x"),
        (call(operator.sub, "x", -0.0), "x - -0.0"),
        (call(operator.add, "x", -0.0), "x"),
        (call(operator.add, "x", 0.0), "x + 0.0"),
        (call(operator.mul, "x", -1.0), "-x"),
        (call(operator.mul, "x", 0.0), "x * 0.0"),
        (call(operator.mul, "x", True), "x * True"),
        (call(operator.sub, "x", "x"), "x - x"),
    ],
)
def test_identities(expression: Any, printed: str) -> None:
    assert simplified(expression, x=FLOAT) == f"a = {printed}"


def test_identities_need_types() -> None:
    product = call(operator.mul, "x", 1.0)
    assert simplified(product, x=INTEGER) == "a = x * 1.0"
    program = function("x", Assign("a", product), result="a")
    assert algebra(program) is program
    single = Array(np.dtype(np.float32), ())
    assert simplified(product, x=single) == "a = x * 1.0"  # the result is a scalar, not an array


def test_an_array_does_not_get_a_second_name_that_shows() -> None:
    product = call(operator.mul, "x", 1.0)
    types = {"x": VECTOR, "a": VECTOR, "b": FLOAT}
    returned = function("x", Assign("a", product), result="a", values=types)
    assert algebra(returned) is returned
    changed = function(
        "x",
        Assign("a", product),
        let(None, operator.setitem, "x", 0, 1.0),
        let("b", np.sum, "a"),
        result="b",
        values=types,
    )
    assert algebra(changed) is changed


def test_a_float_that_may_be_an_int_keeps_its_multiplication() -> None:
    either = If(Var("x"), (Assign("y", Const(1)),), (Assign("y", Var("x")),))
    program = function("x", either, let("a", operator.mul, "y", 1.0), result="a", values=dict.fromkeys("xya", FLOAT))
    assert algebra(program) is program


def test_negations() -> None:
    types = dict.fromkeys("xynmabcd", FLOAT)
    program = function(
        "x y",
        let("n", operator.neg, "x"),
        let("m", operator.neg, "y"),
        let("a", operator.add, "y", "n"),
        let("b", operator.sub, "a", "m"),
        let("c", operator.mul, "n", "m"),
        let("y", operator.add, "y", "b"),
        let("d", operator.add, "c", "m"),
        result="d",
        values=types,
    )
    new = algebra(program)
    assert body(new).splitlines()[2:6] == ["a = y - x", "b = a + y", "c = x * y", "y = y + b"]
    assert "d = c + m" in body(new)  # y is not what it was
    assert_same(program, new, (1.5, -2.0), (0.0, -0.0))


# ----------------------------------------------------------------------------------------------------------------- cse


def test_fresh_storage_that_changes_is_not_shared() -> None:
    program = function(
        "n",
        let("a", np.zeros, "n"),
        let("b", np.zeros, "n"),
        let(None, operator.setitem, "a", 0, 1.0),
        let("c", operator.add, "a", "b"),
        result="c",
    )
    assert_same(program, cse(program), (2,))


def test_lists_are_never_shared() -> None:
    program = function(
        "", let("a", operations.make_list), let("b", operations.make_list), let("c", operator.is_, "a", "b"), result="c"
    )
    assert_same(program, cse(program), ())


def test_reads_are_not_shared_across_writes_also_through_aliases() -> None:
    types = {"x": VECTOR, "v": VECTOR, "a": FLOAT, "b": FLOAT, "c": FLOAT}
    program = function(
        "x",
        let("v", operator.getitem, "x", Const(slice(0, 2))),
        let("a", operator.getitem, "x", 0),
        let(None, operator.setitem, "v", 0, 5.0),
        let("b", operator.getitem, "x", 0),
        let("c", operator.sub, "a", "b"),
        result="c",
        values=types,
    )
    assert_same(program, cse(program), (np.arange(3.0),))


def test_a_parameter_may_be_the_same_object_as_another() -> None:
    types = {"x": VECTOR, "y": VECTOR, "a": FLOAT, "b": FLOAT, "c": FLOAT}
    program = function(
        "x y",
        let("a", operator.getitem, "x", 0),
        let(None, operator.setitem, "y", 0, 5.0),
        let("b", operator.getitem, "x", 0),
        let("c", operator.sub, "a", "b"),
        result="c",
        values=types,
    )
    assert "b = x[0]" in body(cse(program))


def test_loops_and_branches() -> None:
    types = dict.fromkeys("xabcdes", FLOAT) | {"i": INTEGER}
    step = (
        let("b", math.sin, "x"),
        let("x", operator.add, "x", "b"),
        let("c", math.sin, "x"),
        let("s", operator.add, "s", "c"),
    )
    program = function(
        "x n",
        let("a", math.sin, "x"),
        Assign("s", Var("a")),
        If(Var("a"), (let("d", math.sin, "x"),), (let("d", math.cos, "x"),)),
        let("e", math.cos, "x"),
        let("s", operator.add, "s", "d"),
        let("s", operator.add, "s", "e"),
        let("r", range, "n"),
        For("i", Var("r"), step),
        result="s",
        values=types,
    )
    new = cse(program)
    assert "d = a" in body(new) and "e = math.cos(x)" in body(new) and "b = math.sin(x)" in body(new)
    assert_same(program, new, (0.3, 3))


def test_two_results_that_are_handed_out_stay_two_arrays() -> None:
    types = {"x": VECTOR, "a": VECTOR, "b": VECTOR}
    program = function(
        "x",
        let("a", np.exp, "x"),
        let("b", np.exp, "x"),
        let("c", operations.make_tuple, "a", "b"),
        result="c",
        values=types,
    )
    assert "b = np.exp(x)" in body(cse(program))


def test_unknown_calls_are_made_every_time() -> None:
    calls: list[int] = []

    def count() -> int:
        calls.append(1)
        return len(calls)

    program = function("", let("a", count), let("b", count), let("c", operator.add, "a", "b"), result="c")
    assert "b = count()" in body(simplify(program))


def test_recursive_functions_are_cleaned_with_their_own_references() -> None:
    from transforms.passes import cleanup

    inner = Function("g", ("x",), ())
    inner.body = function(
        "x",
        Assign("unused", Const(1)),
        Assign("y", Const(0)),
        If(Var("x"), (let("_1", operator.sub, "x", 1), let("y", inner, "_1"))),
        let("z", operator.add, "y", "x"),
        result="z",
    ).body
    outer = function("x", let("a", inner, "x"), result="a")
    new = cleanup(outer)
    text = body(new)
    assert "unused = 1" in body(outer) and "unused = 1" not in text
    assert text.count("= g(x)") == 1 and text.count("= g(_1)") == 1 and "g_1" not in text  # printed once, calls itself
    assert_same(outer, new, (3,))
    assert cleanup(outer).body[0].value.function.value is new.body[0].value.function.value  # type: ignore[union-attr]
