"""Copies that nobody can tell from the original, and those that somebody could."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import pytest

import autodiff as ad
from tests.transforms.passes.building import assert_same, body, call, compiled, function, let
from transforms import operations
from transforms.core import Assign, For, Function, If, Var
from transforms.passes.ownership import ownership
from transforms.values import Array, Size

VECTOR = Array(np.dtype(float), (Size("n"),))
COPY = "np.array(a)"


def program(*statements: Any, result: str = "b", parameters: str = "x") -> Function:
    made = function(parameters, *statements, result=result)
    names = {name for s in made.body if isinstance(s, Assign) for name in [s.target] if name}
    return made.replace(values=dict.fromkeys(sorted({*names, *parameters.split()} - {"r", "i"}), VECTOR))


NEW = let("a", np.multiply, "x", 2.0)
COPIED = let("b", np.array, "a")


def check(before: Function, is_copied: bool) -> None:
    after = ownership(before)
    assert_same(before, after, (np.array([1.0, 2.0, 3.0]),))
    assert (COPY in body(after)) == is_copied


def test_what_the_function_made_and_reads_no_more_is_not_copied() -> None:
    check(program(NEW, COPIED), False)
    check(program(NEW, let(None, operator.setitem, "a", 0, 5.0), COPIED), False)
    check(
        program(NEW, let("v", operator.getitem, "a", slice(1, None)), let("v", operator.iadd, "v", 1.0), COPIED), False
    )
    check(program(let("a", np.zeros_like, "x"), let("a", operator.iadd, "a", "x"), COPIED), False)


def test_what_belongs_to_the_caller_is_copied() -> None:
    check(program(Assign("a", Var("x")), COPIED), True)
    check(program(let("a", operator.getitem, "x", slice(None)), COPIED), True)


def test_what_is_read_again_is_copied() -> None:
    pair = let("r", operations.make_tuple, "a", "b")
    check(program(NEW, COPIED, pair, result="r"), True)
    view = let("v", operator.getitem, "a", slice(1, None))
    change = let(None, operator.setitem, "v", 0, 7.0)
    check(program(NEW, view, COPIED, change), True)


def test_what_a_list_holds_is_copied() -> None:
    listed = let("r", operations.make_list, "a")
    check(program(NEW, listed, COPIED, let("r", operations.make_tuple, "b", "r"), result="r"), True)


def test_a_broadcast_array_is_copied() -> None:
    check(program(let("a", np.broadcast_to, 2.0, (3,)), COPIED), True)


def test_copies_in_loops_and_branches_stay() -> None:
    loop = For("i", Var("x"), (COPIED, let("a", operator.iadd, "a", 1.0)))
    made = program(NEW, Assign("b", Var("x")), loop).replace(values=dict.fromkeys("xab", VECTOR))
    check(made, True)
    branch = If(Var("t"), (COPIED,), (Assign("b", Var("x")),))
    made = program(NEW, let("t", operator.eq, 1, 1), branch, let("b", operator.iadd, "b", 1.0))
    assert COPY in body(ownership(made))


def test_a_copy_that_is_read_before_the_original_changes_is_none() -> None:
    scaled = let("b", operator.mul, "x", 1.0)
    change = let(None, operator.setitem, "x", 0, 5.0)
    total = let("c", operator.add, "b", "b")
    early = program(scaled, total, change, result="c")
    assert "x * 1.0" not in body(ownership(early))
    assert_same(early, ownership(early), (np.ones(3),))
    late = program(scaled, change, total, result="c")
    assert "x * 1.0" in body(ownership(late))
    kept = program(scaled, let("r", operations.make_list, "b"), change, result="r")
    assert "x * 1.0" in body(ownership(kept))
    updated = program(scaled, let("b_1", operator.iadd, "b", 1.0), let("c", operator.add, "x", "b_1"), result="c")
    assert_same(updated, ownership(updated), (np.ones(3),))


def test_a_change_through_a_view_counts() -> None:
    view = let("v", operator.getitem, "x", slice(1, None))
    scaled = let("b", operator.mul, "x", 1.0)
    change = let(None, operator.setitem, "v", 0, 5.0)
    late = program(view, scaled, change, let("c", operator.add, "b", 1.0), result="c")
    assert_same(late, ownership(late), (np.ones(3),))
    assert "x * 1.0" in body(ownership(late))


def test_a_call_that_may_do_anything_counts() -> None:
    def change(x: Any) -> None:
        x[0] = 5.0

    made = program(
        let("b", operator.mul, "x", 1.0), Assign(None, call(change, "x")), let("c", np.negative, "b"), result="c"
    )
    assert "x * 1.0" in body(ownership(made))
    np.testing.assert_array_equal(compiled(ownership(made))(np.ones(3)), -np.ones(3))


@pytest.mark.parametrize("make", [lambda x: x * 1.0, lambda x: x.copy(), lambda x: np.array(x)])
def test_gradients_are_memory_of_their_own(make: Any) -> None:
    def f(x, y):
        u = make(x)
        v = u[1:]
        v[0] = y[0] * 2.0
        return np.sum(u * u * y)

    x, y = np.array([1.0, 2.0, 3.0]), np.array([0.5, 1.5, 2.5])
    gradient = ad.grad(f, (0, 1))
    one, two = gradient(x, y)
    assert not any(np.may_share_memory(a, b) for a, b in ((one, two), (one, x), (two, y), (one, y)))
    u = np.array([1.0, 1.0, 3.0])
    np.testing.assert_allclose(one, [2 * u[0] * y[0], 0.0, 2 * u[2] * y[2]])
    np.testing.assert_allclose(two, u * u + np.array([2 * u[1] * y[1] * 2.0, 0.0, 0.0]))
    assert one.flags.writeable and two.flags.writeable
