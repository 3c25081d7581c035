"""Calls of functions that only the run time knows, in derivatives of any order."""

from __future__ import annotations

import functools
import math

import numpy as np
import pytest

import autodiff as ad
from autodiff.api.unknown import Transpose
from tests.corpus.reference import assert_close, numeric_gradient
from transforms import runtime

FUNCTIONS = [lambda a: a**5, lambda a: np.sin(a), math.exp, lambda a, b=2.0: a * b * a]


def through_a_list(x):
    total = 0.0
    for k in range(4):
        total = total + FUNCTIONS[k](x) * x
    return total


def derivative(function, order):
    for _ in range(order):
        function = ad.grad(function)
    return function


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_functions_in_a_list(order):
    x, n = 0.7, order
    power = math.perm(6, n) * x ** (6 - n) + math.perm(3, n) * 2 * x ** (3 - n) * (n < 4)
    sines = x * np.sin(x + n * np.pi / 2) + n * np.sin(x + (n - 1) * np.pi / 2)
    assert derivative(through_a_list, order)(x) == pytest.approx(power + sines + (x + n) * math.exp(x), rel=1e-12)


@pytest.mark.parametrize(
    "function",
    [
        lambda x, f: f(x, 3) * x[0],
        lambda x, f: f(np.sin(x), 2),
        lambda x, f: f(x, 2) * f(x * x, 3),
        lambda x, f: [f, f][int(x[0] > 0)](f(x, 2) * x, 1),
    ],
)
def test_arrays_and_integers(function):
    x = np.array([0.5, 1.2, 0.7])

    def power(a, n):
        return np.sum(a**n) * n

    first = ad.grad(function)
    second = ad.grad(lambda x, f: np.sum(first(x, f) * np.array([1.0, -2.0, 0.5])))
    known = numeric_gradient(lambda x: np.sum(first(x, power) * np.array([1.0, -2.0, 0.5])), (x,), (0,))
    assert_close((second(x, power),), known, 1e-7)


def changed_after(x, functions):
    y = x * 1.0
    total = functions[0](y)
    y[0] = functions[1](y) * x[1]
    y *= x
    return total * functions[0](y)


def test_arguments_that_are_changed_after_the_call():
    functions = [lambda a: np.sum(a * a * a), lambda a: a[0] * a[1] * a[2]]
    x = np.array([0.5, 1.2, 0.7])
    first = ad.grad(changed_after)
    assert_close((first(x, functions),), numeric_gradient(lambda x: changed_after(x, functions), (x,), (0,)))
    second = ad.grad(lambda x, functions: np.sum(first(x, functions) ** 2))
    known = numeric_gradient(lambda x: np.sum(first(x, functions) ** 2), (x,), (0,))
    assert_close((second(x, functions),), known, 1e-7)


def test_pullbacks_of_calls_may_be_called_again_after_arguments_changed():
    x = np.array([0.5, 1.2])
    first = ad.grad(lambda x, functions: functions[0](x))
    _, pullback = ad.vjp(lambda x: np.sum(first(x, [lambda a: np.sum(a**3)])), x)
    x[0] = 100.0
    for _ in range(2):
        assert_close(pullback(1.0)[0], 6 * np.array([0.5, 1.2]))


def pair(a, b):
    return {"product": a * b, "parts": (a, b * b)}


def test_structured_values():
    def f(x, functions):
        found = functions[0](x, x * x)
        return found["product"] * found["parts"][1]

    first = ad.grad(f)
    second = ad.grad(first)
    assert first(1.3, [pair]) == pytest.approx(7 * 1.3**6)
    assert second(1.3, [pair]) == pytest.approx(42 * 1.3**5)


@pytest.mark.parametrize(
    "function", [functools.partial(pow, 2.0), functools.partial(lambda a, b, c: a * b**2 * c, 3.0, c=0.5), np.tanh]
)
def test_callables_of_all_kinds(function):
    first = ad.grad(lambda x, functions: functions[0](x))
    second = ad.grad(first)
    known = numeric_gradient(lambda x: first(x, [function]), (0.6,), (0,))
    assert_close((second(0.6, [function]),), known, 1e-7)


def test_what_has_no_derivative_gets_zero():
    value, again = runtime.call_again(runtime.call_augmented(lambda x, n: x**n, 2.0, 3)[1], 1.0)
    assert value == (12.0, 0.0)
    assert again((1.0, 0.0)) == (12.0, 0.0, 12.0)


def test_other_objects_are_refused():
    with pytest.raises(ad.DerivativeRefused, match="a function is called, and holds values that are differentiated"):
        runtime.call_again(lambda g: (g,), 1.0)


def test_the_transpose_of_a_function():
    transpose = Transpose(lambda x, y: x * y, (0, 1))
    assert transpose(2.0, 5.0, 1.0) == (5.0, 2.0)
    assert ad.grad(lambda x: transpose(x * x, 3.0, 1.0)[1])(0.7) == pytest.approx(1.4)
