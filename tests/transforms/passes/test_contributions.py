"""The first contribution to a zero in a list: printed before and after, the same lists, and where nothing is done."""

from __future__ import annotations

import operator

import numpy as np
import pytest

from transforms import operations, runtime
from transforms.core import Assign, Call, Const, For, Function, Handler, If, Ref, Return, Try, Var
from transforms.passes.contributions import contributions
from transforms.printer import print_function
from transforms.values import FLOAT, INTEGER, Array, Many, Number, Sequence, Size

VALUES = {
    **dict.fromkeys(["x", "y", "s"], FLOAT), **dict.fromkeys(["k", "j"], INTEGER),
    "b": Many(list, FLOAT), "c": Many(list, FLOAT), "n": Number(np.dtype(np.int64)),
    "v": Array(np.dtype(np.float64), (Size("v"),)), "t": Sequence(list, (FLOAT, FLOAT)),
}  # fmt: skip


def zero(place, owner="b"):
    return Assign(None, Call(Ref(operator.setitem), (Var(owner), place, Const(0.0))))


def add(place, added, owner="b"):
    return Assign(None, Call(Ref(runtime.add_item), (Var(owner), place, added)))


def read(target, owner, place):
    return Assign(target, Call(Ref(operator.getitem), (Var(owner), place)))


def made(*items):
    return Assign("t", Call(Ref(operations.make_list), items))


def function(*body, result="b"):
    return Function("f", ("b", "c", "x", "y", "k", "j", "n", "v"), (*body, Return(Var(result))), values=VALUES)


K, J, X, Y = Var("k"), Var("j"), Var("x"), Var("y")

STORED = {
    "at once": (zero(K), add(K, X)),
    "after numbers": (zero(K), Assign("s", Call(Ref(operator.mul), (X, Y))), add(K, Var("s"))),
    "after another item": (zero(Const(0)), add(Const(1), Y), read("s", "b", Const(2)), add(Const(0), X)),
}

STAYS = {
    "read in between": (zero(K), read("s", "b", K), add(K, X)),
    "perhaps read in between": (zero(K), read("s", "b", J), add(K, X)),
    "perhaps from the end": (zero(Const(0)), read("s", "b", Const(-3)), add(Const(0), X)),
    "read by another name": (zero(K), read("s", "c", K), add(K, X)),
    "the place is another": (zero(K), add(J, X)),
    "the place changes": (zero(K), Assign("k", Const(1)), add(K, X)),
    "an array": (zero(K), add(K, Var("v"))),
    "an integer": (zero(K), add(K, Var("n"))),
    "on one path": (zero(K), If(X, (add(K, X),), ())),
    "where an exception is caught": (Try((zero(K), add(K, X)), (Handler(None, None, ()),), (), ()),),
}


@pytest.mark.parametrize("body", STORED.values(), ids=STORED)
def test_what_is_added_to_a_stored_zero_is_stored(body):
    text = print_function(contributions(function(*body)))
    assert "= 0.0" not in text and text.count("] = x") + text.count("] = s") == 1


@pytest.mark.parametrize("body", STAYS.values(), ids=STAYS)
def test_others_stay(body):
    before = function(*body)
    assert contributions(before) is before


def test_a_list_is_made_of_its_first_contributions():
    body = (
        made(Const(0.0), Const(0.0), Y),
        add(Const(0), X, "t"),
        Assign("s", Call(Ref(operator.mul), (X, Y))),
        add(Const(-2), Var("s"), "t"),
        add(Const(0), Y, "t"),
        add(Const(2), X, "t"),
    )
    text = print_function(contributions(function(*body, result="t")))
    assert text.index("s = x * y") < text.index("t = [x, s, y]")
    assert text.count("runtime.add_item") == 2


@pytest.mark.parametrize(
    "between",
    [read("s", "t", Const(1)), Assign("x", Const(2.0)), Assign("c", Var("t")), For("j", Var("b"), (add(J, X, "t"),))],
    ids=["read", "bound again", "another name", "changed in a loop"],
)
def test_a_list_that_is_seen_in_between_is_made_before(between):
    text = print_function(contributions(function(made(Const(0.0), Const(0.0)), add(Const(0), X, "t"), between,
                                                 add(Const(1), Y, "t"), result="t")))  # fmt: skip
    assert "t = [x, 0.0]" in text and "runtime.add_item(t, 1, y)" in text
