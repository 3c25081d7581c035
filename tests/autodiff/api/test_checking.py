"""check_grads accepts right derivatives of every order and rejects wrong ones."""

from __future__ import annotations

import numpy as np
import pytest

import autodiff as ad
from autodiff.api import checking


@pytest.mark.parametrize(
    ("function", "arguments", "order"),
    [
        (lambda x: np.sin(x) * x, (0.7,), 3),
        (lambda x, y: np.sum(np.outer(x, x) * y), (np.array([0.3, 0.5]), 1.5), 2),
        (lambda x: {"a": np.exp(x), "b": (x * x,)}, np.array([0.1, -0.2]), 1),
        (lambda t: t["a"] * t["b"][0] ** 2, ({"a": 1.5, "b": [2.0]},), 2),
        (lambda x: x * x, (np.float32(0.7),), 2),
        (lambda x: np.sum(np.tanh(x)), (np.array([0.3, 0.5], np.float32),), 1),
    ],
)
def test_right_derivatives(function, arguments, order):
    ad.check_grads(function, arguments, order=order)


def test_wrong_derivative(monkeypatch):
    true = checking.vjp

    def wrong(f, *args):
        value, pullback = true(f, *args)
        return value, lambda cotangent: tuple(1.01 * g for g in pullback(cotangent))

    monkeypatch.setattr(checking, "vjp", wrong)
    with pytest.raises(
        AssertionError, match=r"the derivative of order 1 of .*lambda.* is wrong .* from differences, off by"
    ):
        ad.check_grads(lambda x: x * x * x, (0.7,))


def test_stopped_derivative_is_noticed():
    with pytest.raises(AssertionError, match="order 1"):
        ad.check_grads(lambda x: x * ad.stop_gradient(x), (0.7,))
    with pytest.raises(AssertionError, match="order 2"):
        ad.check_grads(lambda x: x * x + (x - ad.stop_gradient(x)) ** 2, (0.7,), order=2)


def test_tolerances():
    function = lambda x: x * x
    with pytest.raises(AssertionError):
        ad.check_grads(function, (0.7,), atol=0.0, rtol=0.0, eps=1e-2 / 3)
    ad.check_grads(function, (0.7,), atol=1.0, eps=0.3)


def test_function_that_changes_its_argument():
    def f(x):
        x[0] = x[0] * 2.0
        return np.sum(x * x)

    x = np.array([1.0, 2.0])
    ad.check_grads(f, (x,))
    assert x.tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    ("keywords", "error", "message"),
    [
        ({"modes": ("fwd",)}, NotImplementedError, "forward mode comes later"),
        ({"modes": "up"}, ValueError, "a mode is 'rev', not 'up'"),
        ({"order": 0}, ValueError, "the order is at least 1, not 0"),
    ],
)
def test_wrong_use(keywords, error, message):
    with pytest.raises(error, match=message):
        ad.check_grads(lambda x: x, (1.0,), **keywords)


def test_integer_arguments():
    with pytest.raises(ad.DerivativeUndefined, match="argument 0"):
        ad.check_grads(lambda x: x, (1,))


@pytest.mark.parametrize("result", ["text", None, {"name": "text"}])
def test_outputs_without_a_number(result):
    with pytest.raises(ad.AutodiffError, match="not numeric"):
        ad.check_grads(lambda x: result, (0.7,))
