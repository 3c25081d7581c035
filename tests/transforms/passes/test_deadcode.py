"""Dead code: what goes, and above all what stays."""

from __future__ import annotations

import math
import operator

import numpy as np

from tests.transforms.passes.building import assert_same, body, call, function, let
from transforms import operations
from transforms.core import Assign, Const, For, Handler, If, Raise, Ref, Try, Var, While
from transforms.passes.deadcode import deadcode


def test_what_only_feeds_itself_round_a_loop_goes() -> None:
    program = function(
        "x n",
        Assign("s", Const(0.0)),
        Assign("unused", Const(0.0)),
        let("r", range, "n"),
        For("i", Var("r"), (let("unused", operator.add, "unused", "s"), let("s", operator.add, "s", "x"))),
        result="s",
    )
    assert "unused" not in body(deadcode(program))
    assert_same(program, deadcode(program), (2.0, 3), (2.0, 0))


def test_idle_loops_and_branches_go_and_generators_are_still_consumed() -> None:
    loop = (let("t", operator.mul, "i", "x"),)
    gone = function("x n", let("r", range, "n"), For("i", Var("r"), loop), If(Var("x"), loop_if()), result="x")
    assert body(deadcode(gone)) == "return x"
    kept = function("x n", For("i", Var("n"), loop), result="x")
    assert "for i in n" in body(deadcode(kept))


def loop_if() -> tuple:
    return (Assign("q", Const(1)),)


def test_idle_while() -> None:
    step = (let("x", operator.sub, "x", 1), let("t", operator.gt, "x", 0))
    program = function("x y", let("t", operator.gt, "x", 0), While(Var("t"), step), result="y")
    assert body(deadcode(program)) == "return y"
    read = function("x y", let("t", operator.gt, "x", 0), While(Var("t"), step), result="x")
    assert_same(read, deadcode(read), (3, 1), (-1, 1))


def test_effects_stay_without_their_target() -> None:
    program = function("x f", Assign("a", call(print, "x")), let("b", operator.add, "x", 1), result="x")
    assert body(deadcode(program)) == "print(x)\nreturn x"


def test_stores_into_what_the_caller_sees_stay() -> None:
    program = function(
        "x", let(None, operator.setitem, "x", 0, 1.0), let(None, operator.setitem, "x", 1, 2.0), result=1
    )
    assert_same(program, deadcode(program), ([0.0, 0.0],))
    assert body(deadcode(program)).count("x[") == 2


def test_stores_into_unread_storage_go_and_into_read_storage_stay() -> None:
    def with_result(result: str) -> object:
        return function(
            "x",
            let("buffer", np.zeros, 3),
            let("view", operator.getitem, "buffer", Const(slice(1, None))),
            let("view", operator.iadd, "view", "x"),
            let(None, operator.setitem, "buffer", 0, "x"),
            let("tape", operations.make_list),
            let(None, list.append, "tape", "x"),
            let("y", list.pop, "tape"),
            result=result,
        )

    assert body(deadcode(deadcode(with_result("x")))) == "return x"  # type: ignore[arg-type]
    for result in ("buffer", "view", "tape", "y"):
        program = with_result(result)
        assert_same(program, deadcode(program), (2.0,))  # type: ignore[arg-type]


def test_what_a_tape_hands_back_is_the_memory_that_was_put_on_it() -> None:
    program = function(
        "x",
        let("buffer", np.zeros, 3),
        let("tape", operations.make_list),
        let(None, list.append, "tape", "buffer"),
        let("back", list.pop, "tape"),
        let(None, operator.setitem, "back", 0, "x"),
        let("held", operations.make_list, "buffer"),
        let("other", operator.getitem, "held", 0),
        let(None, operator.setitem, "other", 1, "x"),
        result="buffer",
    )
    assert_same(program, deadcode(program), (2.0,))
    assert body(deadcode(program)).count("= x") == 2


def test_a_pop_that_is_read_keeps_its_tape() -> None:
    program = function(
        "x",
        let("tape", operations.make_list),
        let("_1", operations.make_tuple, "x", 1),
        let(None, list.append, "tape", "_1"),
        let("_2", list.pop, "tape"),
        let("a", operator.getitem, "_2", 0),
        result="a",
    )
    assert_same(program, deadcode(program), (2.0,))


def test_constant_tests_and_code_after_raise() -> None:
    program = function(
        "x",
        If(Const(False), (Assign("y", Const(1)),), (Assign("y", Var("x")),)),
        If(Var("x"), (Raise(Ref(ValueError)), Assign("y", Const(3)))),
        While(Const(False), (Assign("y", Const(4)),)),
        result="y",
    )
    assert body(deadcode(program)) == "y = x\nif x:\n    raise ValueError\nreturn y"
    assert_same(program, deadcode(program), (0,), (1,))


def test_what_may_raise_stays_where_it_is_caught() -> None:
    program = function(
        "x",
        Try(
            (let("a", math.sqrt, "x"), Assign("ok", Const(True))),
            (Handler(Ref(ValueError), None, (Assign("ok", Const(False)),)),),
        ),
        result="ok",
    )
    assert_same(program, deadcode(program), (1.0,), (-1.0,))


def test_values_from_before_an_exception_stay() -> None:
    program = function(
        "x",
        Assign("y", Const(1)),
        Try(
            (let("y", operator.add, "y", 1), let("z", math.sqrt, "x"), let("y", operator.add, "y", "z")),
            (Handler(Ref(ValueError), None, ()),),
        ),
        result="y",
    )
    assert_same(program, deadcode(program), (4.0,), (-1.0,))


def test_finally_reads_what_was_bound() -> None:
    program = function(
        "x log",
        Try(
            (Assign("a", Const(1)), let("b", math.sqrt, "x"), Assign("a", Const(2))),
            (),
            (),
            (let(None, list.append, "log", "a"),),
        ),
        result="b",
    )
    assert_same(program, deadcode(program), (4.0, []), (-1.0, []))
