"""Rules that change the shadow of an argument: every way to write that is followed at second order too."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import autodiff as ad
from tests.corpus.reference import assert_close, function_from, numeric_gradient
from transforms import registry


def stored(a, value, *, ans, g, a_bar):
    value_bar = 2.0 * np.sum(a_bar) * value
    a_bar[...] = 0.0
    return value_bar


def filled(a, value, *, ans, g, a_bar):
    value_bar = 2.0 * np.sum(a_bar) * value
    a_bar.fill(0.0)
    return value_bar


def filled_by_function(a, value, *, ans, g, a_bar):
    value_bar = 2.0 * np.sum(a_bar) * value
    np.ndarray.fill(a_bar, 0.0)
    return value_bar


def multiplied(a, value, *, ans, g, a_bar):
    value_bar = 2.0 * np.sum(a_bar) * value
    np.multiply(a_bar, 0.0, a_bar)
    return value_bar


def augmented(a, value, *, ans, g, a_bar):
    value_bar = 2.0 * np.sum(a_bar) * value
    a_bar *= 0.0
    return value_bar


def copied(a, value, *, ans, g, a_bar):
    value_bar = 2.0 * np.sum(a_bar) * value
    np.copyto(a_bar, 0.0)
    return value_bar


@pytest.fixture(
    params=[stored, filled, filled_by_function, multiplied, augmented, copied], ids=lambda rule: rule.__name__
)
def put(request: Any) -> Iterator[Any]:
    """A function that changes its first argument, with a rule that lasts for one test."""

    def put(a, value):
        a[...] = value * value

    registry.adjoint(put, mutates="a", wrt="value")(request.param)
    yield put
    entry = registry.lookup(put)
    assert entry is not None
    registry._all.remove(entry)
    del registry._primitives[id(put)]


def test_rule_that_changes_a_shadow(put: Any) -> None:
    function = function_from(
        "def f(x):\n    y = x * x\n    s = np.sum(y**2)\n    put(y, x[0])\n    return s + np.sum(y**2)", put=put
    )
    x, weights = np.array([0.3, 0.8, 1.3]), np.array([1.0, -2.0, 0.7])
    gradient = ad.grad(function)
    assert_close(gradient(x), numeric_gradient(function, (x,), (0,))[0])

    def slope(x):
        return np.sum(gradient(x) * weights)

    assert_close(ad.grad(slope)(x), numeric_gradient(slope, (x,), (0,))[0], 1e-6)
