"""Helpers of powers, extremes and special functions: element-wise, all of them."""

from __future__ import annotations

import inspect
import math
import operator
from typing import Any

import numpy as np

from transforms import inference, runtime
from transforms.core import Atom, Const
from transforms.registry import constant, elementwise, result, simplify, tangent
from transforms.rules.sampling import call, listed, numbers, unary
from transforms.rules.typed import dtype_of, is_literal, is_python_number, is_scalar, literal, shape_of
from transforms.values import UNKNOWN, Value


@elementwise(
    runtime.power_derivative,
    wrt="x y",
    samples=listed(
        call(1.3, 2.5),
        call(1.3, 2.5, 2),
        call(numbers((2, 3), 0.5, 2), numbers((3,), seed=1)),
        call(numbers((2, 3), 0.5, 2), 2.0),
        call(numbers((2, 3), 0.5, 2), 1.5, 2),
    ),
)
def power_derivative(x, y, order=1, *, ans, g):
    return g * runtime.power_derivative(x, y, order + 1), g * runtime.power_exponent_derivative(x, y, order)


@elementwise(
    runtime.power_exponent_derivative,
    wrt="x y",
    samples=listed(call(1.3, 2.5), call(numbers((3,), 0.5, 2), 1.5), call(1.3, 2.5, 2, 3), call(1.3, 0.5, 1, 2)),
)
def power_exponent_derivative(x, y, order=1, times=1, *, ans, g):
    across = g * runtime.power_exponent_derivative(x, y, order, times + 1)
    return g * runtime.power_exponent_derivative(x, y, order + 1, times), across


@simplify(runtime.power_derivative)
def simplify_power_derivative(site: Any) -> Atom | None:
    exponent, order = literal(site.value("y")), literal(site.value("order"), 1)
    if isinstance(exponent, (bool, complex)) or not isinstance(exponent, (int, float)) or not isinstance(order, int):
        return None
    factor: float = 1
    for step in range(order):
        factor *= exponent - step
    if factor == 0 or exponent == order:
        return Const(float(factor) if isinstance(exponent, float) else factor)
    rest = exponent - order
    if rest == 1:
        power = site.atom("x")
    elif rest == -1:
        return site.call(operator.truediv, Const(factor), site.atom("x"))
    else:
        power = site.call(operator.pow, site.atom("x"), Const(int(rest) if rest == int(rest) else rest))
    return power if factor == 1 else site.call(operator.mul, Const(factor), power)


@elementwise(runtime.log_or_zero, samples=unary(0.3, 2))
def log_or_zero(x, *, ans, g):
    return g * runtime.reciprocal_or_zero(x)


@simplify(runtime.log_or_zero)
def simplify_log_or_zero(site: Any) -> Atom | None:
    base = literal(site.value("x"))
    if isinstance(base, (int, float)) and base > 0:
        return Const(math.log(base))
    return None


@elementwise(runtime.reciprocal_or_zero, samples=unary(0.3, 2))
def reciprocal_or_zero(x, *, ans, g):
    return -g * ans * ans


@elementwise(
    runtime.larger_share,
    selects="x y",
    wrt="cotangent",
    linear="cotangent",
    samples=listed(call(1.5, 2.0, 1.0), call(numbers((3,)), numbers((3,), seed=1), np.zeros(3))),
)
def larger_share(cotangent, x, y, *, ans, g):
    return runtime.larger_share(g, x, y)


@simplify(runtime.larger_share)
def simplify_larger_share(site: Any) -> Atom | None:
    g, x, y = site.atom("cotangent"), site.atom("x"), site.atom("y")
    shapes = [shape_of(site.value(name)) for name in ("cotangent", "x", "y")]
    if any(shape is None for shape in shapes):
        return None
    larger = site.call(operator.gt, x, y)
    if all(is_scalar(site.value(name)) for name in ("cotangent", "x", "y")):
        if dtype_of(site.value("cotangent")) != np.dtype(float):
            return None
        half = site.call(operator.mul, Const(0.5), site.call(operator.eq, x, y))
        return site.call(operator.mul, g, site.call(operator.add, larger, half))
    half = site.call(operator.mul, Const(0.5), g)
    return site.call(np.where, site.call(operator.eq, x, y), half, site.call(operator.mul, g, larger))


constant(runtime.clipped_below, runtime.clipped_above, signature=inspect.signature(runtime.clipped_below))


@simplify(runtime.clipped_below)
def simplify_clipped_below(site: Any) -> Atom | None:
    if is_literal(site.value("high"), None):
        return site.call(operator.lt, site.atom("a"), site.atom("low"))
    return None


@simplify(runtime.clipped_above)
def simplify_clipped_above(site: Any) -> Atom | None:
    if is_literal(site.value("low"), None):
        return site.call(operator.gt, site.atom("a"), site.atom("high"))
    return None


@elementwise(
    runtime.direction, samples=listed(call(0.3), call(numbers((2, 3)) + 1j * numbers((2, 3), seed=1)), call(0.3 + 0.4j))
)
def direction(x, *, ans, g):
    return runtime.undirection(g, x)


@tangent(runtime.direction)
def direction_tangent(x, *, ans, x_dot):
    """The derivative of `conj(x) / abs(x)` is a symmetric map of the plane."""
    return runtime.undirection(x_dot, x)


@elementwise(
    runtime.undirection,
    wrt="cotangent x",
    samples=listed(
        call(0.3, 0.7),
        call(numbers((3,)) + 1j * numbers((3,), seed=1), numbers((3,), seed=2) + 1j * numbers((3,), seed=3)),
        call(0.3 + 0.2j, 0.3 - 0.4j),
    ),
)
def undirection(cotangent, x, *, ans, g):
    unit, scale = runtime.direction(x), runtime.reciprocal_or_zero(np.abs(x))
    back = runtime.undirection(g, x)
    turned = np.real(g * unit) * ans + np.real(cotangent * unit) * back + np.real(g * ans) * unit
    return back, -turned * scale


@simplify(runtime.direction)
def simplify_direction(site: Any) -> Atom | None:
    x, value = site.atom("x"), site.value("x")
    dtype = dtype_of(value)
    if dtype is None or dtype.kind == "c":
        return None
    if is_python_number(value):
        return site.call(operator.sub, site.call(operator.gt, x, Const(0)), site.call(operator.lt, x, Const(0)))
    return site.call(np.sign, x)


@simplify(np.sign)
def simplify_sign(site: Any) -> Atom | None:
    """The sign of a complex number is `z / abs(z)`, which is not constant."""
    dtype = dtype_of(site.value("x"))
    if dtype is None or dtype.kind != "c":
        return None
    return site.call(np.conj, site.call(runtime.direction, site.atom("x")))


@elementwise(
    runtime.conjugated,
    linear="x",
    views="x",
    samples=listed(call(0.3), call(numbers((2, 3))), call(numbers((2, 3)) + 1j * numbers((2, 3), seed=1))),
)
def conjugated(x, *, ans, g):
    return runtime.conjugated(g)


@tangent(runtime.conjugated)
def conjugated_tangent(x, *, ans, x_dot):
    return runtime.conjugated(x_dot)


@simplify(runtime.conjugated)
def simplify_conjugated(site: Any) -> Atom | None:
    dtype = dtype_of(site.value("x"))
    if dtype is None:
        return None
    return site.call(np.conjugate, site.atom("x")) if dtype.kind == "c" else site.atom("x")


@elementwise(runtime.sinc_derivative, samples=unary())
def sinc_derivative(x, order=1, *, ans, g):
    return g * runtime.sinc_derivative(x, order + 1)


@elementwise(runtime.polygamma, wrt="x", samples=listed(call(0, 2.5), call(1, 0.7), call(0, numbers((3,), 0.4, 5))))
def polygamma(order, x, *, ans, g):
    return g * runtime.polygamma(order + 1, x)


@elementwise(runtime.bessel_i, wrt="x", samples=listed(call(0, 2.5), call(2, 0.7), call(1, numbers((3,), 0.4, 5))))
def bessel_i(order, x, *, ans, g):
    return g * (0.5 * (runtime.bessel_i(order - 1, x) + runtime.bessel_i(order + 1, x)))


@result(runtime.clipped_below, runtime.clipped_above)
def mask_result(a: Value, low: Value, high: Value) -> Value:
    known = [value for value in (a, low, high) if not is_literal(value, None)]
    shape = inference.broadcast(*map(shape_of, known))
    if shape is None:
        return UNKNOWN
    return inference.array_or_number(np.dtype(bool), shape)
