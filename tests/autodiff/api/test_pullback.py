"""Values with pullbacks, cotangents that do not fit, and functions that only the run time knows."""

from __future__ import annotations

import dataclasses
import types
from typing import NamedTuple

import numpy as np
import pytest

import autodiff as ad
from tests.corpus.reference import function_from, numeric_gradient
from transforms import runtime


def product(x, y):
    return x * y


def test_value_and_pullback():
    value, pullback = ad.vjp(product, 3.0, 2.0)
    assert value == 6.0
    assert pullback(1.0) == (2.0, 3.0)
    assert pullback(10.0) == (20.0, 30.0)
    assert pullback(1.0) == (2.0, 3.0)
    assert repr(pullback) == "<pullback of product>"


def test_one_input_gives_a_tuple():
    value, pullback = ad.vjp(np.sin, 0.0)
    assert (value, pullback(2.0)) == (0.0, (2.0,))


def test_pullback_of_a_loop_may_be_called_again():
    def f(x):
        total = np.zeros(3)
        y = x
        for k in range(3):
            y = y * x
            total[k] = np.sum(y)
        return total

    x = np.array([0.5, 2.0])
    _, pullback = ad.vjp(f, x)
    first = [pullback(row)[0] for row in np.eye(3)]
    again = [pullback(row)[0] for row in np.eye(3)]
    for k, (one, other) in enumerate(zip(first, again)):
        assert one == pytest.approx((k + 2) * x ** (k + 1)) and other.tolist() == one.tolist()


def test_auxiliary_output():
    value, pullback, aux = ad.vjp(lambda x: (x * x, {"n": 3, "x": x}), 2.0, has_aux=True)
    assert (value, aux) == (4.0, {"n": 3, "x": 2.0})
    assert pullback(1.0) == (4.0,)
    with pytest.raises(TypeError, match=r"has to return a pair \(output, aux\)"):
        ad.vjp(lambda x: (x, x, x), 2.0, has_aux=True)


@dataclasses.dataclass
class Point:
    x: float
    y: float


@dataclasses.dataclass(frozen=True)
class FrozenPoint:
    x: float
    y: float


class NamedPoint(NamedTuple):
    x: float
    y: float


@pytest.mark.parametrize("kind", [Point, FrozenPoint, NamedPoint])
def test_gradients_have_the_classes_of_their_arguments(kind):
    _, pullback = ad.vjp(lambda p, points: p.x * p.y * points[0].x, kind(2.0, 3.0), [kind(5.0, 7.0)])
    assert pullback(1.0) == (kind(15.0, 10.0), [kind(6.0, 0.0)])
    assert type(pullback(1.0)[0]) is kind
    ad.check_grads(lambda p: p.x * p.y**2, (kind(2.0, 3.0),), order=2)


def test_gradients_have_the_structure_of_before_the_call():
    def f(items):
        items.append(items[0] * items[1])
        items[0] = 3.0
        return items[0] * items[2]

    assert ad.vjp(f, [2.0, 5.0])[1](1.0) == ([15.0, 6.0],)


def test_containers():
    value, pullback = ad.vjp(lambda t: {"a": t[0] * t[1], "b": [t[0]]}, (2.0, 3.0))
    assert value == {"a": 6.0, "b": [2.0]}
    assert pullback({"a": 1.0, "b": [10.0]}) == ((13.0, 2.0),)


def test_star_arguments_and_methods():
    def f(*xs):
        return xs[0] * xs[1]

    class Model:
        def forward(self, x):
            return x * 3.0

    assert ad.vjp(f, 2.0, 5.0)[1](1.0) == (5.0, 2.0)
    assert ad.vjp(Model().forward, 2.0)[1](1.0) == (3.0,)


def test_value_may_be_changed_by_the_caller():
    x = np.array([1.0, 2.0])
    value, pullback = ad.vjp(lambda x: np.exp(x), x)
    expected = pullback(np.ones(2))[0].copy()
    cotangent = np.ones(2)
    result = pullback(cotangent)[0]
    result[0] = 100.0
    assert cotangent.tolist() == [1.0, 1.0]
    assert pullback(np.ones(2))[0].tolist() == expected.tolist()
    assert value == pytest.approx(np.exp(x))


def test_arguments_may_be_changed_before_pulling_back():
    x = np.array([1.0, 2.0])
    _, pullback = ad.vjp(lambda x: np.sum(x * x), x)
    x[0] = 100.0
    assert pullback(1.0)[0].tolist() == [2.0, 4.0]


def test_precision_follows_the_output():
    value, pullback = ad.vjp(lambda x: x * 2.0, np.ones(2, np.float32))
    assert pullback(np.ones(2))[0].dtype == np.float32
    assert value.dtype == np.float32


@pytest.mark.parametrize(
    ("function", "cotangent", "error", "message"),
    [
        (lambda x: x, np.ones(3), ValueError, r"has shape \(3,\), but the output has \(2,\)"),
        (lambda x: x, 1.0, ValueError, r"has shape \(\), but the output has \(2,\)"),
        (lambda x: x, "text", TypeError, "has to be a number or an array, not a str"),
        (lambda x: x, np.ones(2) * 1j, TypeError, "is complex, but the output is real"),
        (lambda x: (x, x), np.ones(2), TypeError, "has to be a tuple of 2 like the output"),
        (lambda x: (x, x), (np.ones(2),), TypeError, "has to be a tuple of 2 like the output"),
        (lambda x: {"a": [x]}, {"a": [np.ones(1)]}, ValueError, r"at \['a'\]\[0\] has shape \(1,\)"),
    ],
)
def test_cotangents_that_do_not_fit(function, cotangent, error, message):
    _, pullback = ad.vjp(function, np.ones(2))
    with pytest.raises(error, match=message):
        pullback(cotangent)


def test_integer_inputs_are_refused():
    with pytest.raises(ad.DerivativeUndefined, match=r"argument 1 \(y\) of product is an integer"):
        ad.vjp(product, 1.0, 2)


def test_functions_that_only_the_run_time_knows():
    value, pullback = runtime.call_augmented(lambda x, n: x**n, 2.0, 3)
    assert value == 8.0
    assert pullback(1.0) == (12.0, 0.0)
    value, pullback = runtime.call_augmented(np.sin, 0.0)
    assert pullback(1.0) == (1.0,)


def test_function_passed_as_an_argument():
    def apply(x, g):
        return g(x) * x

    gradient = ad.grad(apply)
    assert gradient(3.0, lambda x: x * x) == 27.0
    assert gradient(3.0, lambda x: x) == 6.0
    assert gradient(0.0, np.cos) == 1.0
    assert gradient(3.0, ad.grad(lambda x: x * x)) == 12.0


# What a function has captured is, for its pullback in a program, what it was at the call of `vjp`.
CAPTURED = {
    "list": ("c = [0.0]", "c.append(1.0)", "len(c)", "c.clear()"),
    "nonlocal": ("c = 1.0", "nonlocal c; c = c + 1.0", "c", "c = 7.0"),
    "attribute": ("c = Namespace(n=1.0)", "c.n = c.n + 1.0", "c.n", "c.n = 7.0"),
    "array": ("c = np.ones(2)", "c[0] += 1.0", "c[0]", "c[0] = 7.0"),
    "dict": ("c = {'n': 1.0}", "c['n'] += 1.0", "c['n']", "c['n'] = 7.0"),
    "active_number": ("c = 2.0 * x", "pass", "c", "c = 7.0 * x"),
    "active_array": ("c = np.ones(2) * x", "pass", "c[0]", "c[0] = 7.0 * x"),
    "active_attribute": ("c = Namespace(n=x)", "pass", "c.n", "c.n = 7.0 * x"),
}


@pytest.mark.parametrize("later", [False, True], ids=["kept", "changed_later"])
@pytest.mark.parametrize("kind", CAPTURED)
def test_captured_in_a_program(kind: str, later: bool) -> None:
    start, change, read, other = CAPTURED[kind]
    source = f"""
        def program(x):
            {start}
            def f(y):
                {change}
                return {read} * y * y
            value, pull = vjp(f, x)
            {other if later else "pass"}
            return pull(1.0)[0] + value"""
    program = function_from(source, "program", vjp=ad.vjp, Namespace=types.SimpleNamespace)
    known = numeric_gradient(program, (3.0,), (0,))[0]
    np.testing.assert_allclose(ad.grad(program)(3.0), known, rtol=1e-7)


class Held:
    n = 1.0


HELD, LIST, ARRAY, COUNT = Held(), [0.0], np.ones(2), 1.0


def changes_attribute(y):
    HELD.n = HELD.n + 1.0
    return HELD.n * y * y


def changes_list(y):
    LIST.append(1.0)
    return len(LIST) * y * y


def changes_array(y):
    ARRAY[0] += 1.0
    return ARRAY[0] * y * y


def changes_global(y):
    global COUNT
    COUNT = COUNT + 1.0
    return COUNT * y * y


@pytest.mark.parametrize("function", [changes_attribute, changes_list, changes_array, changes_global])
def test_globals_changed_in_a_program_are_refused(function) -> None:
    def program(x):
        value, pull = ad.vjp(function, x)
        return pull(1.0)[0] + value

    with pytest.raises(ad.TransformError, match="changes something outside of it"):
        ad.grad(program)(3.0)


SETTINGS = types.SimpleNamespace(n=2.0, items=[2.0], array=np.array([2.0]))


def reads_attribute(y):
    return SETTINGS.n * y * y


def reads_item(y):
    return SETTINGS.items[0] * y * y


def reads_through_another(y):
    return reads_array(y) * y


def reads_array(y):
    return SETTINGS.array[0] * y


def reads_number(y):
    return COUNT * y * y


def changes_settings(x):
    SETTINGS.items[0] = 5.0 * x


def through_another(x):
    value, pull = ad.vjp(reads_item, x)
    changes_settings(x)
    return pull(1.0)[0]


def attribute_later(x):
    value, pull = ad.vjp(reads_attribute, x)
    SETTINGS.n = 5.0
    return pull(1.0)[0]


def item_later(x):
    value, pull = ad.vjp(reads_item, x)
    SETTINGS.items[0] = x
    return pull(1.0)[0]


def array_later(x):
    value, pull = ad.vjp(reads_through_another, x)
    SETTINGS.array[0] += x
    return pull(1.0)[0]


def number_later(x):
    global COUNT
    value, pull = ad.vjp(reads_number, x)
    COUNT = 5.0 * x
    return pull(1.0)[0]


@pytest.mark.parametrize("program", [through_another, attribute_later, item_later, array_later, number_later])
def test_globals_changed_before_the_pullback_are_refused(program) -> None:
    with pytest.raises(ad.TransformError, match="reads what is outside of it, and what the program changes") as caught:
        ad.grad(program)(3.0)
    assert "pull(1.0)" in str(caught.value)


def other_global_changed(x):
    SETTINGS.other = x
    value, pull = ad.vjp(reads_number, x)
    return pull(1.0)[0] * SETTINGS.other


def test_other_globals_may_change() -> None:
    assert ad.grad(other_global_changed)(3.0) == pytest.approx(4 * 3.0 * COUNT)
