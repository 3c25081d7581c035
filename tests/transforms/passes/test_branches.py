"""Branches on one test, functions that are alike, saved values unpacked: each as printed, and doing the same."""

from __future__ import annotations

import operator

import autodiff as ad
from tests.transforms.passes.building import assert_same, body, call, function, let
from transforms import operations
from transforms.core import Assign, Const, Function, If, Ref, Return, Var
from transforms.passes import present
from transforms.passes.alike import alike
from transforms.passes.branches import branches
from transforms.presentation import reachable

PRIMAL = If(Var("t"), (let("y", operator.add, "x", 1),), (let("y", operator.mul, "x", 3),))
ADJOINT = If(Var("t"), (let("z", operator.sub, "y", "x"),), (let("z", operator.neg, "y"),))


def test_neighbouring_branches_on_one_test_are_merged() -> None:
    program = function("x t", PRIMAL, ADJOINT, result="z")
    merged = branches(program)
    assert_same(program, merged, (2.0, True), (2.0, False))
    assert body(merged).count("if t:") == 1


def test_branches_stay_where_the_test_is_bound_anew() -> None:
    changed = If(Var("t"), (let("y", operator.add, "x", 1), Assign("t", Const(False))), PRIMAL.orelse)
    program = function("x t", changed, ADJOINT, result="z")
    assert branches(program) is program
    between = function("x t", PRIMAL, let("t", operator.not_, "t"), ADJOINT, result="z")
    assert branches(between) is between


def test_branches_stay_where_the_first_empties_the_list_that_is_tested() -> None:
    emptied = If(Var("t"), (let("y", list.pop, "t"),), (Assign("y", Const(0)),))
    again = If(Var("t"), (Assign("z", Const(1)),), (Assign("z", Const(2)),))
    program = function("t", emptied, again, let("r", operations.make_tuple, "y", "z"), result="r")
    assert_same(program, branches(program), ([5],), ([5, 6],), ([],))


def test_branches_inside_of_merged_branches_are_merged() -> None:
    inner = [If(Var("s"), (let(name, operator.add, "x", k),), (let(name, operator.sub, "x", k),)) for k, name in
             enumerate(("a", "b"))]  # fmt: skip
    zeros = (Assign("a", Const(0)), Assign("b", Const(0)))
    first = If(Var("t"), (inner[0],), zeros[:1])
    second = If(Var("t"), (inner[1],), zeros[1:])
    program = function("x s t", first, second, let("r", operator.mul, "a", "b"), result="r")
    merged = branches(program)
    assert body(merged).count("if s:") == 1
    for s in (True, False):
        assert_same(program, merged, (2.0, s, True), (2.0, s, False))


def test_an_empty_branch_is_printed_as_not() -> None:
    program = function("x t", Assign("y", Var("x")), If(Var("t"), (), (let("y", operator.neg, "x"),)), result="y")
    assert "if not t:\n" in body(present(program)) and "pass" not in body(present(program))


# --------------------------------------------------------------------------------------------- functions that are alike


def countdown(name: str, step: int) -> Function:
    """`f(n)` that calls itself until n is 0."""
    made = Function(name, ("n",), ())
    rest = (let("m", operator.sub, "n", step), Assign("r", call(made, "m")))
    made.body = (let("t", operator.gt, "n", 0), If(Var("t"), rest, (Assign("r", Const(0)),)), Return(Var("r")))
    return made


def calling(*functions: Function) -> Function:
    names = [f"r{k}" for k in range(len(functions))]
    calls = [Assign(name, call(each, "x")) for name, each in zip(names, functions)]
    return function("x", *calls, let("s", operations.make_tuple, *names), result="s")


def test_recursive_functions_that_say_the_same_are_one() -> None:
    program = alike(calling(countdown("f", 1), countdown("f", 1)))
    assert len(reachable(program)) == 2
    assert_same(calling(countdown("f", 1), countdown("f", 1)), program, (3,))


def test_functions_that_differ_deep_inside_stay_apart() -> None:
    def over(inner: Function) -> Function:
        return Function("g", ("x",), (Assign("y", call(inner, "x")), Return(Var("y"))))

    program = alike(calling(over(countdown("f", 1)), over(countdown("f", 2))))
    assert len(reachable(program)) == 5
    other_name = alike(calling(countdown("f", 1), countdown("g", 1)))
    assert len(reachable(other_name)) == 3


def test_functions_that_call_each_other_are_alike_as_a_pair() -> None:
    def pair() -> Function:
        one, two = Function("one", ("x",), ()), Function("two", ("x",), ())
        one.body = (Assign("y", call(two, "x")), Return(Var("y")))
        two.body = (Assign("y", call(one, "x")), Return(Var("y")))
        return one

    assert len(reachable(alike(calling(pair(), pair())))) == 3


# ------------------------------------------------------------------------------------------------------- saved values


def test_an_adjoint_unpacks_what_was_saved() -> None:
    def fall(x, n):
        return x if n == 0 else x * fall(x, n - 1)

    gradient = ad.grad(fall)
    for source in (gradient.source, gradient.source_for(1.5, 3)):
        assert source.count("def fall_adjoint") == 1 and "saved[" not in source
        assert " = saved\n" in source
    assert gradient(1.5, 3) == 4 * 1.5**3


def test_what_is_hardly_read_is_not_unpacked() -> None:
    reads = (let("a", operator.getitem, "saved", 1), let("b", operator.neg, "a"))
    adjoint = function("saved", *reads, result="b").replace(given=dict(saved=_tuple_of(4)))
    assert body(present(adjoint)) == "a = saved[1]\nb = -a\nreturn b"
    adjoint = adjoint.replace(given=dict(saved=_tuple_of(2)))
    assert body(present(adjoint)) == "_, a = saved\nb = -a\nreturn b"


def _tuple_of(count: int):
    from transforms.values import UNKNOWN, Sequence

    return Sequence(tuple, (UNKNOWN,) * count)


def test_references_keep_their_names() -> None:
    program = alike(calling(countdown("f", 1)))
    assert isinstance(program.body[0], Assign) and isinstance(program.body[0].value.function, Ref)
