"""Which gradients are asked for, in which structure they come back, and how wrong requests are refused."""

from __future__ import annotations

import numpy as np
import pytest

import autodiff as ad


def f(x, y, z):
    return x * x * y * z


def with_aux(x, y):
    return x * y, x + y, "text"


def pair(x, y):
    return x * y, {"sum": x + y}


def vector(x, y):
    return np.sin(x) * y


ARGUMENTS = (3.0, 5.0, 1.0)


@pytest.mark.parametrize(
    ("keywords", "expected"),
    [
        ({}, 30.0),
        ({"grad_position": 1}, 9.0),
        ({"grad_position": (1,)}, 9.0),
        ({"grad_position": (0, 1)}, (30.0, 9.0)),
        ({"grad_position": (2, 0)}, (45.0, 30.0)),
        ({"grad_position": np.int64(2)}, 45.0),
        ({"argnums": 1}, 9.0),
        ({"argnums": -1}, 45.0),
        ({"argnums": (1,)}, (9.0,)),
        ({"argnums": (0, 1)}, (30.0, 9.0)),
        ({"argnums": [0, -1]}, (30.0, 45.0)),
        ({"return_ids": True}, (0, 30.0)),
        ({"grad_position": (0, 1), "return_ids": True}, ((0, 30.0), (1, 9.0))),
    ],
)
def test_structures(keywords, expected):
    for gradient in (ad.grad(f, **keywords), ad.grad(**keywords)(f)):
        result = gradient(*ARGUMENTS)
        assert result == expected and type(result) is type(expected)
    assert ad.value_and_grad(f, **keywords)(*ARGUMENTS) == (45.0, expected)
    assert ad.value_and_grad(**keywords)(f)(*ARGUMENTS) == (45.0, expected)


def test_position_is_the_second_argument():
    assert ad.grad(f, 1)(*ARGUMENTS) == 9.0
    assert ad.value_and_grad(f, (0, 1))(*ARGUMENTS) == (45.0, (30.0, 9.0))


def test_auxiliary_outputs():
    assert ad.grad(with_aux, has_aux=True)(2.0, 3.0) == (3.0, (5.0, "text"))
    assert ad.grad(with_aux, (0, 1), has_aux=True)(2.0, 3.0) == ((3.0, 2.0), (5.0, "text"))
    assert ad.value_and_grad(with_aux, has_aux=True)(2.0, 3.0) == ((6.0, 5.0, "text"), 3.0)
    assert ad.grad(pair, has_aux=True)(2.0, 3.0) == (3.0, ({"sum": 5.0},))
    assert ad.grad(pair, argnums=0, has_aux=True)(2.0, 3.0) == (3.0, {"sum": 5.0})
    assert ad.value_and_grad(pair, argnums=(0,), has_aux=True)(2.0, 3.0) == ((6.0, {"sum": 5.0}), (3.0,))


def test_outputs_are_summed():
    x, y = np.array([0.1, 0.2]), 2.0
    assert ad.grad(vector)(x, y) == pytest.approx(np.cos(x) * 2.0)
    assert ad.grad(pair)(2.0, 3.0) == 4.0


@pytest.mark.parametrize(
    ("keywords", "error", "message"),
    [
        ({"grad_position": None}, ValueError, "`grad_position` and `weight` can not be None at the same time."),
        ({"grad_position": -1}, ValueError, "grad_position is not negative: -1"),
        ({"grad_position": (0, 0)}, ValueError, "names the same argument twice"),
        ({"grad_position": ()}, ValueError, "grad_position is empty"),
        ({"grad_position": 1.0}, TypeError, "grad_position is an int or a tuple of ints, not 1.0"),
        ({"grad_position": True}, TypeError, "not True"),
        ({"grad_position": [0]}, TypeError, r"not \[0\]"),
        ({"grad_position": (0, "x")}, TypeError, "not 'x'"),
        ({"argnums": None}, TypeError, "argnums is an int or a tuple or list of ints, not None"),
        ({"argnums": (1, 1)}, ValueError, "names the same argument twice"),
        ({"argnums": 0, "grad_position": 0}, TypeError, "argnums cannot be combined with grad_position or weights"),
        ({"argnums": 0, "weights": [1]}, TypeError, "argnums cannot be combined"),
        ({"argnums": 0, "return_ids": True}, TypeError, "return_ids belongs to grad_position"),
        ({"weights": [1]}, NotImplementedError, "come later"),
        ({"has_aux": 1}, TypeError, "has_aux is True or False, not 1"),
    ],
)
@pytest.mark.parametrize("transform", [ad.grad, ad.value_and_grad])
def test_wrong_requests(transform, keywords, error, message):
    with pytest.raises(error, match=message):
        transform(f, **keywords)


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ({"grad_position": 3}, r"grad_position 3 is out of range: f takes 3 positional arguments \(positions 0 to 2\)"),
        ({"grad_position": (0, 7)}, "grad_position 7 is out of range"),
        ({"argnums": -4}, "argnums -4 is out of range"),
    ],
)
def test_positions_out_of_range(keywords, message):
    with pytest.raises(IndexError, match=message):
        ad.grad(f, **keywords)(*ARGUMENTS)


def test_same_position_from_both_ends():
    with pytest.raises(ValueError, match="names the same argument twice"):
        ad.grad(f, argnums=(0, -3))(*ARGUMENTS)


@pytest.mark.parametrize(
    ("function", "arguments", "what"),
    [
        (vector, (np.ones(3), 1.0), "an array of 1 dimension"),
        (vector, (np.ones((3, 2)), 1.0), "an array of 2 dimensions"),
        (lambda x, y: (x, y), (1.0, 1.0), "a tuple"),
        (lambda x, y: [x, y][:1], (1.0, 1.0), "a list"),
    ],
)
def test_output_that_is_no_scalar_under_argnums(function, arguments, what):
    with pytest.raises(TypeError, match=f"is {what}. Use vjp .* jacrev"):
        ad.grad(function, argnums=0)(*arguments)


def test_output_of_unknown_type_under_argnums_is_checked_when_it_runs():
    def unknown(x, make):
        return make["f"](x)

    class Make(dict):
        pass

    assert ad.value_and_grad(lambda x: x, argnums=0)(1.0) == (1.0, 1.0)
    with pytest.raises(TypeError):
        ad.grad(unknown, argnums=0)(1.0, Make(f=lambda x: (x, x)))


@pytest.mark.parametrize(
    ("function", "keywords", "message"),
    [
        (vector, {}, r"has to return a tuple \(output, aux, ...\); it returned a (float|ndarray|float64)"),
        (with_aux, {"argnums": 0}, r"with_aux has to return a pair \(output, aux\); it returned a tuple of 3"),
        (vector, {"argnums": 0}, "has to return a pair"),
    ],
)
def test_aux_that_is_not_there(function, keywords, message):
    with pytest.raises(TypeError, match=message):
        ad.grad(function, has_aux=True, **keywords)(1.0, 2.0)


def test_gradient_by_identifier():
    single = ad.grad(f, return_ids=True)(*ARGUMENTS)
    several = ad.grad(f, (0, 2), return_ids=True)(*ARGUMENTS)
    assert ad.get_grad(single, 0) == 30.0
    assert ad.get_grad(several, 2) == 45.0
    with pytest.raises(RuntimeError, match="there is no gradient of 1"):
        ad.get_grad(several, 1)
