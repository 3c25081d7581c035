"""Indexing: the facts about views and repetition."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import transforms.rules  # noqa: F401  (registers all of them)
from transforms import runtime
from transforms.registry import lookup
from transforms.subscripts import getitem_is_view, index_may_repeat
from transforms.values import UNKNOWN, Array, Instance, Literal, Number, Sequence

INTEGERS = Array(np.dtype(int), (1,))
BOOLEANS = Array(np.dtype(bool), (1,))
INTEGER = Number(np.dtype(int), python=True)


def test_repeated_reads_add_up() -> None:
    x, g = np.zeros(3), np.array([1.0, 10.0, 100.0])
    np.testing.assert_array_equal(runtime.scatter(x, [0, 0, 1], g), [11.0, 100.0, 0.0])
    buffer = np.ones(3)
    runtime.add_at(buffer, np.array([0, 0, 1]), g)
    np.testing.assert_array_equal(buffer, [12.0, 101.0, 1.0])


def test_only_the_last_of_repeated_writes_counts() -> None:
    x_bar, value = np.array([1.0, 2.0, 3.0]), np.zeros(3)
    np.testing.assert_array_equal(runtime.pull(x_bar, [0, 0, 1], value), [0.0, 1.0, 2.0])
    assert runtime.pull(x_bar, [0, 0, 1], 0.0) == 3.0


def test_pulled_cotangents_share_no_memory() -> None:
    x_bar = np.ones(3)
    pulled = runtime.pull(x_bar, slice(0, 2), np.zeros(2))
    runtime.clear_at(x_bar, slice(0, 2))
    np.testing.assert_array_equal(pulled, [1.0, 1.0])


@pytest.mark.parametrize(
    ("index", "view", "repeats"),
    [
        (Literal(0), True, False),
        (Literal((slice(None), None, Ellipsis, 2)), True, False),
        (INTEGER, True, False),
        (Instance(slice), True, False),
        (INTEGERS, False, True),
        (BOOLEANS, False, False),
        (Literal(True), False, None),
        (Sequence(tuple, (INTEGER, Instance(slice))), True, False),
        (Sequence(tuple, (INTEGERS, Instance(slice))), False, True),
        (Sequence(tuple, (BOOLEANS, INTEGER)), False, False),
        (Sequence(tuple, (UNKNOWN, INTEGER)), None, None),
        (Sequence(list, (INTEGER, INTEGER)), False, None),
        (UNKNOWN, None, None),
    ],
)
def test_facts_about_indices(index: Any, view: bool | None, repeats: bool | None) -> None:
    assert getitem_is_view(index) is view
    assert index_may_repeat(index) is repeats


def test_methods_of_ufuncs_are_found() -> None:
    assert lookup(np.add.at) is lookup(np.add.at) is not None
    assert lookup(np.add.at) is not lookup(np.subtract.at)
    assert lookup(np.multiply.at).refusal  # type: ignore[union-attr]
