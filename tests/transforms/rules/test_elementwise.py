"""Conventions of element-wise rules at the places where a derivative does not exist or a formula breaks down."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np
import pytest

import transforms.rules  # noqa: F401
from transforms import runtime
from transforms.registry import lookup


def pullback(function: Any, *arguments: Any, g: Any = 1.0) -> tuple:
    """The contributions of a rule, reduced as the compiler does it."""
    entry = lookup(function)
    assert entry is not None and entry.adjoint is not None
    result = entry.adjoint(*arguments, ans=function(*arguments), g=g)
    result = result if len(entry.wrt) > 1 else (result,)
    if entry.is_elementwise:
        return tuple(None if c is None else runtime.unbroadcast(c, a) for c, a in zip(result, arguments))
    return result


@pytest.mark.parametrize("base", [0.0, np.float64(0.0), np.zeros(3)])
@pytest.mark.parametrize(("exponent", "expected"), [(0, 0.0), (0.0, 0.0), (1, 1.0), (1.0, 1.0), (2, 0.0), (3.0, 0.0)])
def test_power_at_zero(base: Any, exponent: Any, expected: float) -> None:
    slope = pullback(np.power, base, exponent, g=np.ones_like(base) if np.ndim(base) else 1.0)[0]
    np.testing.assert_array_equal(slope, np.full(np.shape(base), expected))


def test_power_of_negative_base() -> None:
    assert pullback(operator.pow, -2.0, 3)[0] == 12.0
    np.testing.assert_array_equal(pullback(np.power, np.array([-2.0, -1.0]), 2, g=np.ones(2))[0], [-4.0, -2.0])


def test_power_by_exponent_at_zero_base() -> None:
    assert pullback(operator.pow, 0.0, 2.0)[1] == 0.0
    np.testing.assert_array_equal(pullback(np.power, np.zeros(2), np.array([1.5, 2.0]), g=np.ones(2))[1], [0.0, 0.0])


def test_power_with_exponents_of_an_array_some_of_them_zero() -> None:
    slope = pullback(np.power, np.array([0.0, 0.0, 2.0]), np.array([0.0, 1.0, 0.0]), g=np.ones(3))[0]
    np.testing.assert_array_equal(slope, [0.0, 1.0, 0.0])


@pytest.mark.parametrize("function", [np.maximum, np.minimum, np.fmax, np.fmin])
def test_ties_get_equal_parts(function: Any) -> None:
    x = np.array([1.0, 2.0, 3.0])
    y = np.array([1.0, 5.0, 0.0])
    left, right = pullback(function, x, y, g=np.ones(3))
    assert left[0] == right[0] == 0.5
    np.testing.assert_array_equal(left + right, np.ones(3))


def test_fmax_ignores_nan() -> None:
    left, right = pullback(np.fmax, np.array([1.0, np.nan]), np.array([np.nan, 2.0]), g=np.ones(2))
    np.testing.assert_array_equal(left, [1.0, 0.0])
    np.testing.assert_array_equal(right, [0.0, 1.0])


@pytest.mark.parametrize("function", [abs, np.abs, np.fabs, math.fabs])
def test_abs_at_zero(function: Any) -> None:
    assert pullback(function, 0.0)[0] == 0.0
    assert pullback(function, -3.0)[0] == -1.0


def test_complex_abs_at_zero() -> None:
    np.testing.assert_allclose(pullback(np.abs, np.array([0j, 3 + 4j]), g=np.ones(2))[0], [0, 0.6 - 0.8j])


@pytest.mark.parametrize("order", range(1, 6))
def test_sinc_derivatives_at_and_near_zero(order: int) -> None:
    at_zero = runtime.sinc_derivative(0.0, order)
    expected = 0.0 if order % 2 else (-1) ** (order // 2) * np.pi**order / (order + 1)
    np.testing.assert_allclose(at_zero, expected, rtol=1e-13, atol=1e-13)
    for point in (1e-4, 0.3, (order + 2) / np.pi, 2.7):
        step = 1e-4
        inner = np.sinc if order == 1 else lambda x: runtime.sinc_derivative(x, order - 1)
        slope = (inner(point + step) - inner(point - step)) / (2 * step)
        np.testing.assert_allclose(runtime.sinc_derivative(point, order), slope, rtol=1e-5, atol=1e-5 * np.pi**order)


def test_where_keeps_nan_of_the_other_branch_out() -> None:
    mask = np.array([True, False])
    _, left, right = None, *lookup(np.where).adjoint(mask, np.ones(2), np.zeros(2), ans=None, g=np.array([1.0, np.inf]))  # type: ignore[union-attr,misc]
    np.testing.assert_array_equal(left, [1.0, 0.0])
    np.testing.assert_array_equal(right, [0.0, np.inf])


def test_clip_gives_each_cotangent_to_one_argument() -> None:
    rule = lookup(np.clip)
    assert rule is not None and rule.adjoint is not None
    a = np.array([-1.0, 0.0, 0.5, 1.0, 2.0])
    for low, high in ((0.0, 1.0), (1.0, 1.0), (1.0, 0.0)):
        parts = rule.adjoint(a, low, high, ans=np.clip(a, low, high), g=np.ones(5))[:3]
        np.testing.assert_array_equal(sum(parts), np.ones(5), err_msg=f"{low} {high}")


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_contributions_keep_the_dtype(dtype: type) -> None:
    x = np.array([0.3, 0.7], dtype)
    for function in (np.exp2, np.log2, np.log10, np.deg2rad, np.sinc, np.abs, np.square, np.sqrt, np.cbrt):
        entry = lookup(function)
        assert entry is not None and entry.adjoint is not None
        assert entry.adjoint(x, ans=function(x), g=np.ones(2, dtype)).dtype == dtype, function


def test_real_argument_of_a_complex_product_gets_a_real_cotangent() -> None:
    left, right = pullback(np.multiply, np.array([2.0]), np.array([1.0 + 2.0j]), g=np.array([1.0 + 0j]))
    assert left.dtype == np.float64 and left[0] == 1.0
    assert right.dtype == np.complex128 and right[0] == 2.0
