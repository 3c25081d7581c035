"""Reductions at ties, zeros and with Python numbers, and helpers on odd shapes."""

from __future__ import annotations

import math

import numpy as np
import pytest

import transforms.rules  # noqa: F401
from transforms import runtime
from transforms.registry import lookup


def pull(function, *arguments, g=1.0, **keywords):
    entry = lookup(function)
    assert entry is not None and entry.adjoint is not None
    return entry.adjoint(*arguments, **keywords, ans=function(*arguments, **keywords), g=g)


def test_ties_of_extremes_share() -> None:
    np.testing.assert_array_equal(pull(np.max, np.array([1.0, 3.0, 3.0])), [0.0, 0.5, 0.5])
    np.testing.assert_allclose(pull(np.min, np.ones((2, 3)), axis=1, g=np.ones(2)), np.full((2, 3), 1 / 3))


@pytest.mark.parametrize("zeros", [0, 1, 2, 3])
def test_product_with_zeros(zeros: int) -> None:
    x = np.array([2.0, 3.0, 5.0])
    x[:zeros] = 0.0
    expected = [math.prod(np.delete(x, k)) for k in range(3)]
    np.testing.assert_array_equal(pull(np.prod, x), expected)
    np.testing.assert_array_equal(pull(math.prod, list(x))[0], expected)


def test_where_excludes() -> None:
    x = np.array([[1.0, 2.0], [3.0, 4.0]])
    mask = np.array([[True, False], [True, True]])
    np.testing.assert_array_equal(pull(np.sum, x, where=mask), mask * 1.0)
    np.testing.assert_allclose(pull(np.mean, x, axis=0, where=mask, g=np.ones(2)), [[0.5, 0.0], [0.5, 1.0]])
    np.testing.assert_array_equal(pull(np.max, x, axis=1, where=mask, initial=-1.0, g=np.ones(2)), [[1, 0], [0, 1]])


def test_sum_of_list_has_the_structure_of_the_list() -> None:
    assert pull(np.sum, [1.0, 2.0], g=3.0) == [3.0, 3.0]
    assert pull(sum, [1.0, 2.0], g=3.0)[0] == [3.0, 3.0]


def test_float32_stays() -> None:
    x = np.array([[1.0, 2.0, 4.0]], np.float32)
    for function in (np.sum, np.mean, np.prod, np.max, np.var, np.std, np.cumsum, np.cumprod, np.median, np.ptp):
        result = function(x)
        assert pull(function, x, g=np.ones_like(result)).dtype == np.float32, function


def test_first_of_equal_items_is_the_maximum() -> None:
    assert tuple(pull(max, 1.0, 1.0)) == (1.0, 0.0)
    assert pull(min, [2.0, 1.0, 1.0])[0] == [0.0, 1.0, 0.0]


@pytest.mark.parametrize("order", [0, 1, 2])
def test_polygamma_against_scipy(order: int) -> None:
    special = pytest.importorskip("scipy.special")
    x = np.array([0.1, 0.5, 1.0, 2.5, 30.0])
    np.testing.assert_allclose(runtime.polygamma(order, x), special.polygamma(order, x), rtol=1e-12)
    if order == 0:
        np.testing.assert_allclose(runtime.polygamma(0, -1.3), special.digamma(-1.3), rtol=1e-12)


def test_unbroadcast_refuses_lists_for_arrays() -> None:
    with pytest.raises(TypeError, match="list"):
        runtime.unbroadcast([[1.0], [2.0]], np.zeros(2))


def test_unbroadcast_sums_and_repeats() -> None:
    np.testing.assert_array_equal(runtime.unbroadcast(np.ones((4, 2, 3)), np.zeros((2, 1))), [[12.0], [12.0]])
    np.testing.assert_array_equal(runtime.unbroadcast(2.0, np.zeros((2, 1))), [[2.0], [2.0]])
    assert runtime.unbroadcast(np.ones((2, 3)), 1.0) == 6.0


def test_nothing_flows_through_a_conversion_to_integers() -> None:
    np.testing.assert_array_equal(pull(np.ndarray.astype, np.ones(2), int, g=np.ones(2)), [0.0, 0.0])
    np.testing.assert_array_equal(pull(np.array, [1.0, 2.0], int, g=np.ones(2)), [0.0, 0.0])
