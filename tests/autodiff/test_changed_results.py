"""Calls whose results were changed by the callee, are changed by the caller, or hold one array twice; pullbacks of
programs that change arrays, called again."""

from __future__ import annotations

import numpy as np
import pytest

import autodiff as ad


def fresh(x):
    y = x.copy()
    y[0] *= x[1]
    return y


def recursive(x, n):
    y = x.copy()
    if n > 0:
        y = recursive(y, n - 1)
    y[0] *= y[1]
    return y


def twice(x):
    a = x * 2.0
    return a, a


def callee_changes(x):
    return np.sum(fresh(x) ** 2)


def both_change(x):
    z = fresh(x)
    z[1] *= z[0]
    return np.sum(z * z)


def recursion_changes(x):
    z = recursive(x, 2)
    z[1] *= z[0]
    z[:] += x
    return np.sum(z * z)


def results_feed_calls(x):
    z = fresh(x)
    w = fresh(z)
    z[1] = 3.0
    w[0] += z[0]
    return np.sum(w * z * x)


def one_array_twice(x):
    a, b = twice(x)
    a[1] = x[1] * a[0]
    b[0] *= 2.0
    return np.sum(a * x * b)


@pytest.mark.parametrize(
    "function", [callee_changes, both_change, recursion_changes, results_feed_calls, one_array_twice]
)
def test_gradient(function) -> None:
    ad.check_grads(function, (np.array([1.3, 0.7]),))


@pytest.mark.parametrize("function", [callee_changes, both_change, results_feed_calls, one_array_twice])
def test_second_derivative(function) -> None:
    ad.check_grads(function, (np.array([1.3, 0.7]),), order=2)


def power(x, n):
    y = x
    for _ in range(n):
        y = y * x
    return y


def test_second_derivative_of_a_loop_uses_its_tape_twice() -> None:
    assert ad.grad(ad.grad(power))(0.5, 3) == pytest.approx(3.0)
    assert ad.grad(ad.grad(ad.grad(power)))(0.5, 3) == pytest.approx(12.0)
    ad.check_grads(lambda x: power(x, 3), (0.5,), order=2)


@pytest.mark.parametrize("function", [both_change, one_array_twice])
def test_pullbacks_can_be_called_again(function) -> None:
    _, pullback = ad.vjp(function, np.array([1.3, 0.7]))
    first, second, triple = pullback(1.0), pullback(1.0), pullback(3.0)
    assert np.array_equal(first, second) and np.allclose(np.multiply(first, 3.0), triple)
