"""`jvp`: values and tangents, in the form of the output; what it refuses."""

from __future__ import annotations

import dataclasses
import math
import pathlib
import re

import numpy as np
import pytest

import autodiff as ad
from autodiff.api.forward import Tangent
from tests.corpus.reference import assert_close, function_from, numbers

X = numbers(3, low=0.2)


def test_closed_forms() -> None:
    assert ad.jvp(lambda x, y: x * y + math.sin(x), (0.5, 2.0), (1.0, 0.0)) == (1.0 + math.sin(0.5), 2.0 + math.cos(0.5))
    value, tangent = ad.jvp(lambda x: x**3, (2.0,), (0.25,))
    assert (value, tangent) == (8.0, 3.0)


def test_a_jacobian_times_a_vector() -> None:
    matrix = numbers(4, 3)
    value, tangent = ad.jvp(lambda x: np.tanh(matrix @ x), (X,), (np.array([1.0, -2.0, 0.5]),))
    assert_close(value, np.tanh(matrix @ X))
    assert_close(tangent, (1 - np.tanh(matrix @ X) ** 2) * (matrix @ np.array([1.0, -2.0, 0.5])))


def test_containers() -> None:
    def f(p):
        return {"sum": p["w"] * p["b"], "parts": (p["w"] ** 2, [p["b"]])}

    _, tangent = ad.jvp(f, ({"w": 3.0, "b": 2.0},), ({"w": 1.0, "b": 10.0},))
    assert tangent == {"sum": 32.0, "parts": (6.0, [10.0])}


@dataclasses.dataclass
class Layer:
    w: np.ndarray
    b: float


def test_dataclasses() -> None:
    def grown(layer, rate):
        return Layer(layer.w * rate, layer.b**2)

    layer, moved = Layer(X, 2.0), Layer(np.ones(3), 0.5)
    value, tangent = ad.jvp(grown, (layer, 3.0), (moved, 1.0))
    assert isinstance(tangent, Layer) and isinstance(value, Layer)
    assert_close((tangent.w, tangent.b), (3.0 + X, 2.0))


def test_an_output_that_does_not_move() -> None:
    value, tangent = ad.jvp(lambda x: (x * 2.0, 7, np.ones(2)), (1.0,), (3.0,))
    assert value[:2] == (2.0, 7) and tangent[:2] == (6.0, 0.0)
    assert_close(tangent[2], np.zeros(2))


def test_dtypes_are_those_of_the_value() -> None:
    single = X.astype(np.float32)
    value, tangent = ad.jvp(lambda x: x * x, (single,), (np.ones(3),))
    assert value.dtype == tangent.dtype == np.float32
    value, tangent = ad.jvp(lambda x: np.exp(1j * x), (0.5,), (1.0,))
    assert_close(tangent, 1j * np.exp(0.5j))


def test_complex_arguments() -> None:
    value, tangent = ad.jvp(lambda z: z * z * np.conj(z), (1.0 + 2.0j,), (1.0j,))
    z, t = 1.0 + 2.0j, 1.0j
    assert_close(tangent, 2 * z * t * np.conj(z) + z * z * np.conj(t))


def test_has_aux() -> None:
    value, tangent, aux = ad.jvp(lambda x: (x * x, {"steps": 3}), (2.0,), (1.0,), has_aux=True)
    assert (value, tangent, aux) == (4.0, 4.0, {"steps": 3})


def test_arguments_are_changed_as_by_the_call_and_tangents_are_not() -> None:
    def f(x):
        x[0] = x[1] * x[2]
        return x

    x, t = X.copy(), np.ones(3)
    value, tangent = ad.jvp(f, (x,), (t,))
    assert_close(x, np.array([X[1] * X[2], X[1], X[2]]))
    assert value is x
    assert_close(tangent, np.array([X[1] + X[2], 1.0, 1.0]))
    assert_close(t, np.ones(3))


def test_the_layout_of_a_tangent_is_that_of_its_primal() -> None:
    source = """
        def f(x):
            y = x * 2.0
            z = y.T.reshape(-1)
            z *= x[0, 0]
            return np.sum(y * x)"""
    f = function_from(source)
    for order in "CF":
        x, t = np.asarray(numbers(3, 2), order=order), np.ones((3, 2))
        step = np.asarray(1e-6 * t, order=order)
        known = (f(x + step) - f(x - step)) / 2e-6
        assert ad.jvp(f, (x,), (t,))[1] == pytest.approx(known, rel=1e-6)


def test_star_arguments_and_defaults() -> None:
    def f(x, *rest, scale=2.0):
        return (x + sum(rest)) * scale

    assert ad.jvp(f, (1.0, 2.0, 3.0), (1.0, 10.0, 100.0)) == (12.0, 222.0)


def test_methods_closures_and_objects() -> None:
    class Model:
        def __init__(self, w):
            self.w = w

        def __call__(self, x):
            return self.w * x * x

        def loss(self, x):
            return self(x) + 1.0

    model = Model(3.0)
    assert ad.jvp(model, (2.0,), (1.0,)) == (12.0, 12.0)
    assert ad.jvp(model.loss, (2.0,), (1.0,)) == (13.0, 12.0)


def test_a_derivative_that_is_infinite_is_not_caught_by_the_program() -> None:
    def f(x):
        try:
            return math.sqrt(x)
        except ZeroDivisionError:
            return 100.0 * x

    assert ad.jvp(f, (4.0,), (1.0,)) == (2.0, 0.25)
    with pytest.raises(ad.DerivativeRefused, match="infinite"):
        ad.jvp(f, (0.0,), (1.0,))


def test_errors_of_the_program_are_its_own() -> None:
    with pytest.raises(ValueError, match="math domain error"):
        ad.jvp(lambda x: math.log(x), (-1.0,), (1.0,))


@pytest.mark.parametrize(
    "primals, tangents, error, message",
    [
        (1.0, (1.0,), TypeError, "the primals of jvp have to be a tuple or a list of arguments, not a float"),
        ((1.0,), 1.0, TypeError, "the tangents of jvp have to be a tuple or a list of arguments, not a float"),
        ((1.0,), (1.0, 2.0), TypeError, "jvp got 1 primals and 2 tangents"),
        ((X,), (np.ones(2),), ValueError, r"has shape \(2,\), but the argument has \(3,\)"),
        (([1.0, 2.0],), ([1.0],), TypeError, "has to be a list of 2 like the argument"),
        ((1.0,), (1j,), TypeError, "is complex, but the argument is real"),
        ((1.0,), ("a",), TypeError, "has to be a number or an array, not a str"),
        ((1,), (1.0,), ad.DerivativeUndefined, "integer"),
    ],
)
def test_wrong_use(primals, tangents, error, message) -> None:
    with pytest.raises(error, match=message):
        ad.jvp(lambda x: x * 2.0 if not isinstance(x, list) else x[0], primals, tangents)


def test_the_source_reads_as_written_by_hand() -> None:
    source = Tangent(function_from("def f(x, y):\n    return x * y + np.sin(x)")).source_for(1.0, 2.0)
    assert "runtime" not in source
    assert "np.cos(x)" in source
    assert len(source.splitlines()) <= 5


def test_the_page_shows_what_is_generated() -> None:
    page = (pathlib.Path(__file__).parents[3] / "docs" / "forward-mode.md").read_text(encoding="utf-8")
    example, generated = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    function = function_from(example[example.index("def f") : example.index("value, tangent")])
    assert Tangent(function).source_for(np.ones(3)).strip() == generated.strip()


def test_calls_of_functions_given_as_values() -> None:
    def apply(f, x):
        return f(x) * x

    value, tangent = Tangent(apply, (1,)).start((np.sin, 0.5), (1.0,))
    assert_close((value, tangent), (math.sin(0.5) * 0.5, math.cos(0.5) * 0.5 + math.sin(0.5)))


def test_second_order() -> None:
    def f(x):
        total = 0.0
        for k in range(3):
            total = total * x + x**k
        return total  # x^2 + x^2 + x^2

    def slope(x):
        return ad.grad(f)(x)

    assert ad.jvp(slope, (2.0,), (1.0,)) == (12.0, 6.0)
