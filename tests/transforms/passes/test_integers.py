"""`x * 1.0` stays where `x` may be an int that counts as a float, and goes where it surely is a float."""

from __future__ import annotations

import pytest

import autodiff as ad


def int_or_float(x, n):
    if n == 0:
        return 1
    return x if n == 1 else int_or_float(x, n - 1) * x


def times_one(x, n):
    return int_or_float(x, n) * 1.0


def float_or_float(x, n):
    return x if n == 0 else float_or_float(x, n - 1) * 1.0


@pytest.mark.parametrize("n", [0, 1, 2])
def test_a_recursive_function_that_may_return_an_int(n: int) -> None:
    value, gradient = ad.value_and_grad(times_one)(2.0, n)
    assert type(value) is float and value == 2.0**n
    assert gradient == n * 2.0 ** (n - 1)


def test_a_recursive_function_that_returns_floats() -> None:
    assert "1.0 *" not in ad.grad(float_or_float).source_for(2.0, 3)
    assert ad.value_and_grad(float_or_float)(2.0, 3) == (2.0, 1.0)


def test_items_of_arguments_are_what_they_are() -> None:
    def program(params):
        return params["scale"] * 1.0 * params["rate"]

    arguments = {"scale": 2.0, "rate": 1.5}
    assert "1.0 *" not in ad.grad(program).source_for(arguments)
    assert ad.grad(program)(arguments) == {"scale": 1.5, "rate": 2.0}


@pytest.mark.parametrize("is_whole", [True, False])
def test_items_that_are_set_may_be_something_else(is_whole: bool) -> None:
    def program(params, is_whole):
        params["scale"] = 1 if is_whole else 2.0
        return params["scale"] * 1.0 + params["rate"]

    value, gradient = ad.value_and_grad(program)({"scale": 3.0, "rate": 1.5}, is_whole)
    assert type(value) is float and gradient == {"scale": 0.0, "rate": 1.0}
