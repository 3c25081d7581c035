"""Derivatives of element-wise functions that no single NumPy expression gives: powers, kinks and special functions."""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def power_derivative(x: Any, y: Any, order: int = 1) -> Any:
    """The derivative of this order of `x ** y` with respect to `x`; 0 wherever the falling factorial of `y` is 0."""
    factor = y
    for step in range(1, order):
        factor = factor * (y - step)
    if np.ndim(y) == 0:
        return factor * x ** (y - order) if factor else np.zeros_like(x) * 1.0
    safe = np.where(factor == 0, 1, y - order)
    return factor * np.where(factor == 0, 1, x) ** safe


def power_exponent_derivative(x: Any, y: Any, order: int = 1, times: int = 1) -> Any:
    """The derivative of `power_derivative(x, y, order)` with respect to `y`, taken this many times."""
    factors = [y]  # the falling factorial of y, and its derivatives
    factors += [np.ones_like(y) * 1.0] + [np.zeros_like(y) * 1.0] * (times - 1)
    for step in range(1, order):
        factors = [
            factor * (y - step) + (place * factors[place - 1] if place else 0.0) for place, factor in enumerate(factors)
        ]
    logarithm = log_or_zero(x)
    total = factors[times]
    for place in range(times):
        total = total + math.comb(times, place) * factors[place] * logarithm ** (times - place)
    return total * x ** (y - order)


def log_or_zero(x: Any) -> Any:
    """The logarithm, and 0 at 0: what `x ** y` needs for its derivative with respect to `y` (nan for negative `x`)."""
    if isinstance(x, float) and x > 0:
        return math.log(x)
    with np.errstate(invalid="ignore"):
        return np.log(np.where(x == 0, 1, x))[()]


def reciprocal_or_zero(x: Any) -> Any:
    """`1 / x`, and 0 at 0."""
    zero = x == 0
    return np.where(zero, 0, 1 / np.where(zero, 1, x))[()]


def larger_share(g: Any, x: Any, y: Any) -> Any:
    """The part of the cotangent `g` of `maximum(x, y)` that belongs to `x`: all, half (where equal), nothing."""
    if np.ndim(x) == 0 and np.ndim(y) == 0 and not isinstance(g, np.ndarray):
        return g if x > y else 0.5 * g if x == y else 0.0 * g
    return np.where(x == y, 0.5 * g, g * np.greater(x, y))


def clipped_below(a: Any, low: Any, high: Any) -> Any:
    """Where the result of `np.clip(a, low, high)` is `low`."""
    return a < low if high is None else np.logical_and(a < low, low < high)


def clipped_above(a: Any, low: Any, high: Any) -> Any:
    """Where the result of `np.clip(a, low, high)` is `high`."""
    return a > high if low is None else np.logical_or(a > high, np.logical_and(low >= high, np.not_equal(a, high)))


def direction(x: Any) -> Any:
    """The derivative of `abs`: the sign, or `conj(x) / abs(x)` of a complex number; 0 at 0."""
    return np.conj(np.sign(x)) if np.iscomplexobj(x) else np.sign(x)


def undirection(g: Any, x: Any) -> Any:
    """The cotangent of `x` where `g` is that of `direction(x)`: zero for real numbers."""
    if not np.iscomplexobj(x):
        return np.zeros_like(g)
    size = np.abs(x)
    scale = np.where(size == 0, 0, 1 / np.where(size == 0, 1, size))
    unit = np.conj(x) * scale
    return (np.conj(g) - np.real(g * unit) * unit) * scale


def conjugated(x: Any) -> Any:
    """What the method `conjugate` gives: of an array of real numbers the array itself, not a copy."""
    return np.conjugate(x) if np.iscomplexobj(x) else x


def sinc_derivative(x: Any, order: int = 1) -> Any:
    """The derivative of this order of `np.sinc`: by its power series near 0, by recurrence elsewhere."""
    u = np.pi * np.asarray(x)
    near = np.abs(u) < order + 2.0
    small, large = np.where(near, u, 0.0), np.where(near, 1.0, u)
    series = np.zeros_like(small)
    for k in range((order + 1) // 2, 40 + order):
        factor = (-1) ** k / ((2 * k + 1) * math.factorial(2 * k - order))
        series = series + factor * small ** (2 * k - order)
    value = np.sin(large) / large
    for n in range(1, order + 1):
        value = (np.sin(large + n * (np.pi / 2)) - n * value) / large
    return (np.pi**order * np.where(near, series, value)).astype(np.result_type(x, 0.0), copy=False)[()]


def polygamma(order: int, x: Any) -> Any:
    """The derivative of this order of the digamma function (order 0: digamma itself, the slope of `math.lgamma`)."""
    x = np.asarray(x, dtype=np.result_type(x, 0.0))
    if order == 0 and np.any(x < 0):
        mirrored = polygamma(0, np.where(x < 0, 1 - x, 1.0)) - np.pi / np.tan(np.pi * np.where(x < 0, x, 0.5))
        return np.where(x < 0, mirrored, polygamma(0, np.where(x < 0, 1.0, x)))[()]
    total, sign = np.zeros_like(x), (-1) ** (order + 1)
    while np.any(x < 15 + order):
        step = x < 15 + order
        total = total + np.where(step, sign * math.factorial(order) / np.where(step, x, 1.0) ** (order + 1), 0.0)
        x = np.where(step, x + 1, x)
    if order == 0:
        total = total + np.log(x) - 0.5 / x
    else:
        total = total + sign * (math.factorial(order - 1) / x**order + math.factorial(order) / (2 * x ** (order + 1)))
    bernoulli = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510)
    for k, number in enumerate(bernoulli, start=1):
        total = total + sign * number * math.factorial(2 * k + order - 1) / math.factorial(2 * k) / x ** (2 * k + order)
    return total[()]


def bessel_i(order: int, x: Any) -> Any:
    """The modified Bessel function of the first kind of integer order, by the trapezoidal rule on its integral."""
    x = np.asarray(x)
    count = 64 + 2 * int(np.max(np.abs(x), initial=0.0) + order)
    angles = (np.arange(count) + 0.5) * (np.pi / count)
    return np.mean(np.exp(x[..., None] * np.cos(angles)) * np.cos(order * angles), axis=-1).astype(x.dtype)[()]
