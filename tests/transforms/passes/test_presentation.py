"""Nesting, coalescing, early recording, tapes: what the printed program looks like, and that it does the same."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import pytest

from tests.transforms.passes.building import body, compiled, function, let, outcome
from transforms import operations
from transforms.core import Assign, Const, For, Function, Handler, If, Ref, Try, Var, While
from transforms.passes import present
from transforms.passes.coalesce import coalesce
from transforms.passes.nest import nest
from transforms.passes.tapes import tapes
from transforms.ssa import ssa
from transforms.values import FLOAT, Array, Sequence, Size


def check(program: Function, expected: str, *argument_sets: tuple[Any, ...], change: Any = nest) -> None:
    new = change(program)
    assert body(new) == expected
    for arguments in argument_sets:
        assert outcome(compiled(new), arguments) == outcome(compiled(program), arguments)


def log(items: list, name: str, value: Any = 0) -> Any:
    """A function with an effect."""
    items.append(name)
    return value


# ------------------------------------------------------------------------------------------------------------ nesting


def test_expressions() -> None:
    program = function(
        "x y",
        let("_1", operator.mul, "x", "y"),
        let("_2", np.sin, "x"),
        let("_3", operator.add, "_1", "_2"),
        let("z", operator.neg, "_3"),
        let("_4", operations.make_tuple, "z", "x"),
        result="_4",
    )
    check(program, "z = -(x * y + np.sin(x))\nreturn z, x", (2.0, 3.0))


def test_effects_keep_their_order() -> None:
    program = function(
        "l",
        let("_1", log, "l", Const("a"), 1),
        let("_2", log, "l", Const("b"), 2),
        let("_3", operator.sub, "_2", "_1"),
        result="_3",
    )
    check(program, "t = log(l, 'a', 1)\nreturn log(l, 'b', 2) - t", ([],))


def test_reads_stay_before_writes() -> None:
    program = function(
        "x i",
        let("_1", operator.getitem, "x", "i"),
        let(None, operator.setitem, "x", "i", 0.0),
        let("_2", operator.add, "_1", 1.0),
        result="_2",
    )
    check(program, "t = x[i]\nx[i] = 0.0\nreturn t + 1.0", ([1.0], 0))


def test_names_that_are_bound_in_between_are_not_passed() -> None:
    program = function(
        "x",
        let("_1", operator.mul, "x", 2),
        let("x", operator.add, "x", 1),
        let("_2", operator.sub, "_1", "x"),
        result="_2",
    )
    check(program, "t = x * 2\nx = x + 1\nreturn t - x", (5,))


def test_the_value_of_a_store_comes_before_its_place() -> None:
    program = function(
        "l",
        let("_1", log, "l", Const("container"), Const(None)),
        let("_2", log, "l", Const("value"), 1),
        let(None, operator.setitem, "l", "_1", "_2"),
        result="l",
    )
    assert body(nest(program)).splitlines()[0] == "t = log(l, 'container', None)"


def test_contains_evaluates_its_item_first() -> None:
    program = function(
        "l",
        let("_1", log, "l", Const("container"), Const((1,))),
        let("_2", log, "l", Const("item"), 1),
        let("_3", operator.contains, "_1", "_2"),
        result="_3",
    )
    check(program, "t = log(l, 'container', (1,))\nreturn log(l, 'item', 1) in t", ([],))


def test_what_is_read_twice_or_in_another_block_gets_a_name() -> None:
    program = function(
        "x t",
        let("_1", operator.mul, "x", "x"),
        let("_2", operator.add, "_1", "_1"),
        let("_3", operator.neg, "_2"),
        If(Var("t"), (let("x", abs, "_3"),)),
        result="x",
    )
    check(program, "t_1 = x * x\nt_2 = -(t_1 + t_1)\nif t:\n    x = abs(t_2)\nreturn x", (2, 1), (2, 0))


def test_long_lines_are_cut() -> None:
    names = [f"a_rather_long_name_{k}" for k in range(8)]
    sums = [let(f"_{k}", operator.add, f"_{k - 1}" if k > 1 else names[0], name) for k, name in enumerate(names[1:], 1)]
    program = function(" ".join(names), *sums, result="_7")
    assert max(map(len, body(nest(program)).splitlines())) <= 100
    assert outcome(compiled(nest(program)), tuple(range(8))) == outcome(compiled(program), tuple(range(8)))


def test_choices() -> None:
    program = function(
        "a b c",
        If(Var("a"), (Assign("_1", Var("b")),), (Assign("_1", Var("c")),)),
        let("x", abs, "_1"),
        let("_2", operator.lt, "a", "b"),
        If(Var("_2"), (let("_3", operator.lt, "b", "c"),), (Assign("_3", Var("_2")),)),
        If(Var("a"), (Assign("_4", Var("a")),), (let("_4", operator.add, "b", 1),)),
        let("_5", operations.make_tuple, "x", "_3", "_4"),
        result="_5",
    )
    expected = "x = abs(b if a else c)\nreturn x, a < b and b < c, a or b + 1"
    check(program, expected, (0, 1, 2), (1, 0, -3), (2, 3, 1))


def test_while_tests() -> None:
    step = (let("i", operator.add, "i", 1), let("_1", operator.lt, "i", "n"))
    program = function("n", Assign("i", Const(0)), let("_1", operator.lt, "i", "n"), While(Var("_1"), step), result="i")
    check(program, "i = 0\nwhile i < n:\n    i = i + 1\nreturn i", (3,), (0,))
    folded = function("n", let("_1", operator.lt, 0, "n"), Assign("i", Const(0)), While(Var("_1"), step), result="i")
    check(folded, "i = 0\nwhile i < n:\n    i = i + 1\nreturn i", (3,), (0,))
    other = function("n", let("_1", operator.le, 0, "n"), Assign("i", Const(0)), While(Var("_1"), step), result="i")
    check(other, "i = 0\nt = 0 <= n\nwhile t:\n    i = i + 1\n    t = i < n\nreturn i", (3,), (0,), (-1,))


def test_unpacking() -> None:
    program = function(
        "p q",
        let("_1", operations.unpack, "p", 2),
        let("a", operator.getitem, "_1", 0),
        let("b", operator.getitem, "_1", 1),
        let("_2", operations.unpack_star, "q", 1, 1),
        let("c", operator.getitem, "_2", 0),
        let("d", operator.getitem, "_2", 1),
        let("e", operator.getitem, "_2", 2),
        let("_3", operations.make_tuple, "a", "b", "c", "d", "e"),
        result="_3",
    )
    check(program, "a, b = p\nc, *d, e = q\nreturn a, b, c, d, e", ((1, 2), "abcd"), ((1, 2, 3), "abcd"), ((1, 2), "a"))


def test_unpacking_what_is_popped() -> None:
    types = {"_2": Sequence(tuple, (FLOAT, FLOAT, FLOAT))}
    program = function(
        "tape",
        let("_2", list.pop, "tape"),
        let("b", operator.getitem, "_2", 2),
        let("x", operator.mul, "b", 2),
        let("a", operator.getitem, "_2", 0),
        let("y", operator.sub, "a", "x"),
        result="y",
        values=types,
    )
    check(program, "a, _, b = tape.pop()\nx = b * 2\ny = a - x\nreturn y", ([(1.0, 2.0, 3.0)],))
    assert body(nest(program.replace(values=None))).startswith("t = tape.pop()\nb = t[2]")


def test_updates() -> None:
    program = function(
        "x i v",
        let("_1", operator.getitem, "x", "i"),
        let("_2", operator.iadd, "_1", "v"),
        let(None, operator.setitem, "x", "i", "_2"),
        let("_3", operator.getitem, "x", "i"),
        let("_4", operator.mul, "_3", 2),
        let(None, operator.setitem, "x", "i", "_4"),
        result="x",
    )
    check(program, "x[i] += v\nx[i] = x[i] * 2\nreturn x", ([1.0, 2.0], 1, 5.0))


# ----------------------------------------------------------------------------------------------------------- coalescing


def test_round_trip_of_single_assignment() -> None:
    program = function(
        "x n",
        Assign("s", Const(0.0)),
        let("r", range, "n"),
        For(
            "i",
            Var("r"),
            (
                let("t", operator.gt, "x", "i"),
                If(Var("t"), (let("s", operator.add, "s", "x"),)),
                let("x", operator.mul, "x", 2),
            ),
        ),
        let("s", operator.add, "s", "x"),
        result="s",
    )
    renamed = ssa(program)
    assert "s_1" in body(renamed)
    check(renamed, body(program), (1.5, 3), (1.5, 0), change=coalesce)


def test_names_that_are_needed_at_once_stay_two() -> None:
    program = function(
        "x",
        let("x_1", operator.mul, "x", 2),
        let("y", operator.add, "x", "x_1"),
        let("x_2", operator.add, "y", 1),
        result="x_2",
    )
    check(program, "x_1 = x * 2\ny = x + x_1\nx = y + 1\nreturn x", (3,), change=coalesce)


def test_swaps() -> None:
    swap = (Assign("_1", Var("a_1")), Assign("a_1", Var("b_1")), Assign("b_1", Var("_1")))
    program = function(
        "a b n",
        Assign("a_1", Var("a")),
        Assign("b_1", Var("b")),
        let("r", range, "n"),
        For("i", Var("r"), swap),
        result="a_1",
    )
    for arguments in ((1, 2, 1), (1, 2, 4)):
        assert outcome(compiled(coalesce(program)), arguments) == outcome(compiled(program), arguments)


def test_users_names_are_not_merged_with_each_other() -> None:
    program = function(
        "x", let("y", abs, "x"), let("z", abs, "y"), Assign("w", Var("z")), let("v", abs, "w"), result="v"
    )
    assert coalesce(program) is program


def test_derivatives_are_called_after_what_they_belong_to() -> None:
    program = function(
        "x",
        let("x_1", operator.mul, "x", 2),
        let("x_1_bar_3", abs, "x_1"),
        let("y_bar_2", abs, "x_1_bar_3"),
        result="y_bar_2",
    )
    assert body(coalesce(program)) == "x = x * 2\nx_bar = abs(x)\ny_bar = abs(x_bar)\nreturn y_bar"
    kept = function("x_bar_1", let("y", abs, "x_bar_1"), result="y")
    assert coalesce(kept) is kept  # a parameter is the user's


def test_updates_in_place_of_arrays_share_a_name_and_those_of_numbers_need_not() -> None:
    statements = (let("x_1", operator.iadd, "x", 1.0), let("y", operator.add, "x", "x_1"))
    array = Array(np.dtype(float), (Size("n"),))
    merged = coalesce(function("x", *statements, result="y", values={"x": array, "x_1": array}))
    assert body(merged) == "x += 1.0\ny = x + x\nreturn y"
    assert coalesce(function("x", *statements, result="y")).body == function("x", *statements, result="y").body


def test_names_that_exceptions_may_leave_behind_stay() -> None:
    program = function(
        "x",
        Assign("a", Const(1)),
        Try(
            (Assign("a_1", Var("a")), let("a_1", operator.truediv, "a_1", "x")),
            (Handler(Ref(ZeroDivisionError), "e", (Assign("a_1", Var("a")),)),),
        ),
        let("b", operations.make_tuple, "a", "a_1"),
        result="b",
    )
    for arguments in ((0,), (2,)):
        assert outcome(compiled(coalesce(program)), arguments) == outcome(compiled(program), arguments)


# --------------------------------------------------------------------------------------------------- tapes, all together


def recording(*columns: str, read: tuple[int, ...]) -> Function:
    reads = [let(f"q{k}", operator.getitem, "_2", column) for k, column in enumerate(read)]
    return function(
        "x y",
        let("tape", operations.make_list),
        let("_1", operations.make_tuple, *columns),
        let(None, list.append, "tape", "_1"),
        let("_2", list.pop, "tape"),
        *reads,
        let("_3", operations.make_tuple, *(f"q{k}" for k in range(len(read)))),
        result="_3",
    )


@pytest.mark.parametrize(
    "columns, read, appended",
    [
        (("x", "y", "x"), (0, 1, 2), "(x, y)"),
        (("x", "y", "x"), (2, 0), "x"),
        (("x", "y"), (1,), "y"),
        (("x", "y"), (1, 0), "(x, y)"),
    ],
)
def test_tapes_hold_what_is_read(columns: tuple[str, ...], read: tuple[int, ...], appended: str) -> None:
    program = recording(*columns, read=read)
    assert f"_1 = {appended}\n" in body(tapes(program))
    assert outcome(compiled(tapes(program)), (1, 2)) == outcome(compiled(program), (1, 2))


def test_tapes_that_are_handed_out_stay() -> None:
    program = recording("x", "y", read=(1,))
    handed_out = program.replace(body=(*program.body[:-1], *function("", result="tape").body))
    assert tapes(handed_out) is handed_out


def test_a_whole_derivative() -> None:
    forward = (
        let("_1", operations.make_tuple, "x_1", "x_1"),
        let("x_2", operator.mul, "x_1", "x_1"),
        let(None, list.append, "tape", "_1"),
        Assign("x_1", Var("x_2")),
    )
    backward = (
        let("_2", list.pop, "tape"),
        let("_3", operator.getitem, "_2", 0),
        let("_4", operator.mul, 2.0, "_3"),
        let("x_bar_2", operator.mul, "x_bar_1", "_4"),
        Assign("x_bar_1", Var("x_bar_2")),
    )
    program = function(
        "x n",
        let("tape", operations.make_list),
        let("_5", range, "n"),
        Assign("x_1", Var("x")),
        For("i", Var("_5"), forward),
        Assign("x_bar_1", Const(1.0)),
        let("_6", range, "n"),
        For("i_1", Var("_6"), backward),
        result="x_bar_1",
    )
    expected = """\
tape = []
for i in range(n):
    tape.append(x)
    x = x * x
x_bar = 1.0
for i in range(n):
    x_bar = x_bar * (2.0 * tape.pop())
return x_bar"""
    from transforms.passes import simplify

    check(program, expected, (1.1, 3), (1.1, 0), change=lambda f: present(simplify(f)))


def test_simplify_reads_well_for_calls_of_calls() -> None:
    inner = function("a", let("_1", operator.mul, "a", "a"), result="_1").replace(name="square")
    program = function("x", let("_1", inner, "x"), let("_2", inner, "_1"), result="_2")
    assert body(present(program)) == "urn a * a\n\n\nf(x):\nreturn square(square(x))".replace("urn", "return", 1)


def test_cotangents_of_values_with_one_name_get_one_name() -> None:
    program = function(
        "x g",
        let("x_1", operator.mul, "x", 1.5),
        let("y", operator.add, "x_1", 2.0),
        let("x_1_bar", operator.mul, "g", "y"),
        let("x_bar", operator.mul, "x_1_bar", 1.5),
        result="x_bar",
    )
    expected = "x = x * 1.5\ny = x + 2.0\nx_bar = g * y\nx_bar = x_bar * 1.5\nreturn x_bar"
    check(program, expected, (2.0, 3.0), change=coalesce)
    both = (let("x_2_bar", operator.mul, "x_bar", "x_1_bar"),)
    kept = function("x g", *program.body[:-1], *both, result="x_2_bar")
    for arguments in ((2.0, 3.0), (0.5, -1.0)):
        assert outcome(compiled(coalesce(kept)), arguments) == outcome(compiled(kept), arguments)
