"""What rules for batches become once types are known: the code that users read, and that it computes the same."""

from __future__ import annotations

import builtins
import math
import operator
from typing import Any

import numpy as np
import pytest

import transforms.rules  # noqa: F401  (registers all of them)
from tests.transforms.rules.batch_code import batch_of, code_of
from transforms.core import Assign, Call, Const, Ref, Var
from transforms.defaults import without_defaults
from transforms.registry import lookup
from transforms.values import Array, Number, Size


def fixed(*shape: int, dtype: Any = float) -> Array:
    """What is known of an array that is the same for all samples."""
    return Array(np.dtype(dtype), tuple(1 if size == 1 else Size(size) for size in shape))


INTEGER = Number(np.dtype(int), True)
B, F = batch_of, fixed
PAIR = ("a", "b")

CASES: tuple[tuple[Any, tuple, dict[str, Any], str], ...] = (
    (np.matmul, PAIR, {"a": B(3), "b": B(3)}, "np.einsum('bi,bi->b', a_, b_)"),
    (np.matmul, ("a",), {"a": B(3), "b": F(3, 4)}, "np.matmul(a_, b_)"),
    (np.matmul, ("a",), {"a": B(2, 3), "b": F(3, 4)}, "np.matmul(a_, b_)"),
    (np.matmul, ("b",), {"a": F(2, 3), "b": B(3)}, "np.matmul(b_, a_.T)"),
    (np.matmul, PAIR, {"a": B(2, 3), "b": B(3, 4)}, "np.matmul(a_, b_)"),
    (np.dot, PAIR, {"a": B(3), "b": B(3)}, "np.einsum('bi,bi->b', a_, b_)"),
    (np.inner, PAIR, {"a": B(2, 3), "b": B(3)}, "np.einsum('bij,bj->bi', a_, b_)"),
    (np.tensordot, PAIR, {"a": B(2, 3), "b": B(3, 4), "axes": 1}, "np.einsum('bij,bjl->bil', a_, b_)"),
    (
        np.einsum,
        ("operands", ("operands", 1), ("operands", 2)),
        {"operands": ("ij,j->i", B(2, 3), B(3))},
        "np.einsum('bij,bj->bi', operands_1, operands_2)",
    ),
    (operator.getitem, ("a",), {"a": B(3), "index": 0}, "a_[:, 0]"),
    (operator.getitem, ("a",), {"a": B(3), "index": INTEGER}, "a_[:, index_]"),
    (operator.getitem, ("a",), {"a": B(3), "index": slice(1, None)}, "a_[:, 1:]"),
    (operator.getitem, ("a",), {"a": B(3, 4), "index": (slice(None), 0)}, "a_[:, :, 0]"),
    (operator.getitem, ("a", "index"), {"a": B(3), "index": B(dtype=int)}, "a_[np.arange(len(a_)), index_]"),
    (operator.getitem, ("index",), {"a": F(3), "index": B(dtype=int)}, "a_[index_]"),
    (operator.setitem, ("a",), {"a": B(3), "index": 0, "value": 0.5}, "a_[:, 0] = 0.5"),
    (operator.setitem, ("a", "value"), {"a": B(3), "index": INTEGER, "value": B()}, "a_[:, index_] = value_"),
    (
        operator.setitem,
        ("a", "index", "value"),
        {"a": B(3), "index": B(dtype=int), "value": B()},
        "a_[np.arange(len(a_)), index_] = value_",
    ),
    (
        operator.setitem,
        ("a", "index"),
        {"a": B(3), "index": B(3, dtype=bool), "value": 0.0},
        "np.copyto(a_, 0.0, where=index_)",
    ),
    (np.reshape, ("a",), {"a": B(3, 4), "shape": (4, 3)}, "np.reshape(a_, (len(a_), 4, 3))"),
    (np.transpose, ("a",), {"a": B(3, 4)}, "np.transpose(a_, (0, 2, 1))"),
    (
        np.concatenate,
        ("arrays", ("arrays", 0), ("arrays", 1)),
        {"arrays": (B(3), B(2))},
        "np.concatenate(items, 1)",
    ),
    (
        np.array,
        ("object", ("object", 0), ("object", 1)),
        {"object": (B(), B())},
        "np.stack((object_0, object_1), axis=1)",
    ),
    (builtins.sum, ("iterable", ("iterable", 0)), {"iterable": (B(), 0.5)}, "iterable_0 + 0.5"),
    (builtins.max, ("arguments", ("arguments", 0)), {"arguments": (B(), 0.0)}, "np.where(0.0 > arguments_0, 0.0,"),
    (np.linalg.norm, ("x",), {"x": B(3)}, "np.linalg.norm(x_, axis=1)"),
    (np.cumsum, ("a",), {"a": B(3)}, "np.cumsum(a_, 1)"),
    (np.argmax, ("a",), {"a": B(3)}, "np.argmax(a_, 1)"),
    (np.sort, ("a",), {"a": B(3)}, "np.sort(a_)"),
    (np.zeros_like, ("a",), {"a": B(3)}, "np.zeros_like(a_)"),
    (math.log, ("x",), {"x": B()}, "np.log(x_)"),
)


@pytest.mark.parametrize(("function", "batched", "given", "expected"), CASES)
def test_code_once_types_are_known(function: Any, batched: tuple, given: dict[str, Any], expected: str) -> None:
    entry = lookup(function)
    assert entry is not None
    text = code_of(entry, given, batched)
    assert expected in text
    assert "runtime." not in text


def test_defaults_are_left_out() -> None:
    given = (("dtype", Const(None)), ("keepdims", Const(False)), ("where", Const(True)), ("axis", Const(1)))
    call = Call(Ref(np.sum), (Var("x"),), given)
    shorter = Call(Ref(np.sum), (Var("x"),), (("axis", Const(1)),))
    assert without_defaults((Assign("y", call),)) == (Assign("y", shorter),)
    call = Call(Ref(np.reshape), (Var("x"), Const(-1), Const("C")))
    assert without_defaults((Assign("y", call),)) == (Assign("y", Call(Ref(np.reshape), (Var("x"), Const(-1)))),)
    call = Call(Ref(np.sort), (Var("x"), Const(0)))
    assert without_defaults((Assign("y", call),)) == (Assign("y", call),)
    call = Call(Ref(np.full), (Var("n"), Const(1.0), Const(None)))
    assert without_defaults((Assign("y", call),)) == (Assign("y", Call(Ref(np.full), (Var("n"), Const(1.0)))),)
