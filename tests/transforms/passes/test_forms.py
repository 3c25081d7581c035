"""`unbroadcast` goes where the form of a cotangent is that of its value for every input, and stays elsewhere."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import pytest

import autodiff as ad
from tests.transforms.passes.building import body, compiled, function, let
from transforms import runtime
from transforms.core import Function
from transforms.passes.deadcode import deadcode
from transforms.passes.forms import forms

X, Y = np.array([[1.0, 2.0, 3.0]]), np.array([[0.5], [1.5]])


def check(before: Function, count: int, *arguments: Any) -> None:
    """The pass leaves so many calls, and the result as it is."""
    after = deadcode(forms(before))
    assert body(after).count("unbroadcast") == count, body(after)
    one, two = compiled(before)(*arguments), compiled(after)(*arguments)
    np.testing.assert_allclose(one, two)
    assert np.shape(one) == np.shape(two) and np.asarray(one).dtype == np.asarray(two).dtype


SINE = let("s", np.sin, "x")


def test_operations_of_one_array_keep_its_form() -> None:
    product = (SINE, let("t", operator.mul, "s", "s"), let("u", operator.mul, "t", 2.0), let("g", runtime.ones, "u"))
    check(function("x", *product, let("r", runtime.unbroadcast, "g", "s"), result="r"), 0, X)
    check(function("x", *product, let("r", runtime.unbroadcast, "g", "s"), result="r"), 0, 0.5)


def test_arrays_of_several_forms_are_summed() -> None:
    wide = (SINE, let("c", np.cos, "y"), let("u", operator.mul, "s", "c"), let("g", runtime.ones, "u"))
    check(function("x y", *wide, let("r", runtime.unbroadcast, "g", "s"), result="r"), 1, X, Y)
    check(function("x y", *wide, let("r", runtime.unbroadcast, "g", "u"), result="r"), 0, X, Y)


def test_what_may_be_a_list_stays() -> None:
    listed = (SINE, let("g", runtime.ones, "s"), let("r", runtime.unbroadcast, "g", "x"))
    before = function("x", *listed, result="r")
    assert "unbroadcast" in body(forms(before))
    assert compiled(forms(before))([1.0, 2.0]) == [1.0, 1.0]
    repeated = (let("d", operator.mul, "x", 2), let("g", runtime.ones, "d"), let("r", runtime.unbroadcast, "g", "d"))
    assert "unbroadcast" in body(forms(function("x", *repeated, result="r")))


def test_a_list_that_is_repeated_stays() -> None:
    count = (let("m", operator.sub, "n", 1), let("d", operator.mul, "x", "m"), let("g", runtime.ones, "d"))
    repeated = function("x n", *count, let("r", runtime.unbroadcast, "g", "d"), result="r")
    assert "unbroadcast" in body(forms(repeated))
    assert compiled(forms(repeated))([1.0, 2.0], 3) == [1.0] * 4


def test_a_sum_over_an_array_has_not_its_form() -> None:
    total = (SINE, let("t", np.sum, "s"), let("g", runtime.ones, "s"), let("r", runtime.unbroadcast, "g", "t"))
    check(function("x", *total, result="r"), 1, X)
    scaled = (SINE, let("t", np.sum, "s"), let("u", operator.truediv, "s", "t"), let("g", runtime.ones, "u"))
    check(function("x", *scaled, let("r", runtime.unbroadcast, "g", "s"), result="r"), 0, X)


def test_the_second_of_two_sums_is_enough() -> None:
    wide = (SINE, let("u", operator.mul, "s", 3.0), let("v", operator.mul, "u", "y"), let("g", runtime.ones, "v"))
    chain = (let("a", runtime.unbroadcast, "g", "u"), let("b", operator.mul, "a", 3.0))
    check(function("x y", *wide, *chain, let("r", runtime.unbroadcast, "b", "s"), result="r"), 1, X, Y)
    again = (*chain, let("c", runtime.unbroadcast, "b", "s"), let("r", operator.add, "b", "c"))
    check(function("x y", *wide, *again, result="r"), 1, X, Y)


def test_sums_come_first() -> None:
    wide = (SINE, let("c", np.cos, "y"), let("u", operator.mul, "s", "c"), let("g", runtime.ones, "u"))
    parts = (let("h", operator.mul, "g", "c"), let("a", runtime.unbroadcast, "g", "s"))
    both = (*parts, let("b", runtime.unbroadcast, "h", "s"), let("r", operator.add, "a", "b"))
    check(function("x y", *wide, *both, result="r"), 1, X, Y)


def test_a_name_that_is_bound_twice_has_a_form_of_its_own() -> None:
    again = (SINE, let("g", runtime.ones, "s"), let("s", np.cos, "y"), let("r", runtime.unbroadcast, "g", "s"))
    check(function("x y", *again, result="r"), 1, np.ones((2, 3)), Y)


def softmax_entropy(x):
    p = np.exp(x) / np.sum(np.exp(x))
    return -np.sum(p * np.log(p))


def test_generic_code_is_as_good_as_its_source() -> None:
    gradient = ad.grad(softmax_entropy)
    namespace: dict[str, Any] = {"np": np, "runtime": runtime}
    exec(gradient.source, namespace)
    assert gradient.source.count("unbroadcast") == 2
    for x in (np.array([0.3, 0.5, 0.1]), np.array([[0.3, 0.5], [0.2, 0.7]], dtype=np.float32)):
        found = namespace["softmax_entropy_grad"](x)
        assert found.dtype == x.dtype
        np.testing.assert_allclose(found, gradient(x), rtol=1e-5 if x.dtype == np.float32 else 1e-12, atol=1e-6)


@pytest.mark.parametrize("x", [2.0, np.float32(2.0), np.array([1.0, 2.0], np.float32)])
def test_precision_is_that_of_the_argument(x: Any) -> None:
    def f(x, y):
        return np.sum(y * x * np.exp(y) * np.sin(x))

    found = ad.grad(f, (0, 1))(x, 0.5)
    assert np.asarray(found[0]).dtype == np.asarray(x).dtype and np.asarray(found[1]).dtype == np.float64
