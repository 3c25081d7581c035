"""Calls of functions that only the run time knows, in derivatives of any order."""

from __future__ import annotations

import contextlib
import copy
import dataclasses
import functools
import math

import numpy as np
import pytest

import autodiff as ad
from autodiff.api.unknown import Transpose
from tests.corpus.reference import assert_close, numeric_gradient
from tests.orders import run_generic
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


def doubled(a, x):
    a *= 2.0
    return a.sum()


def stored(a, x):
    a[0] = x
    return 0.0


def kept(a, x):
    return a


def part(a, x):
    return {"part": [a[1:]]}["part"][0]


def appended(items, x):
    items.append(x)


class Holder:
    def __init__(self):
        self.total = 0.0

    def storing(self, a, x):
        a[0] = x * x
        return x

    def keeping(self, a, x):
        return a[:2]

    def counting(self, a, x):
        self.total = self.total + x * x
        return x

    @property
    def computed(self):
        return lambda a, x: x

    def __call__(self, a, x):
        a[1] = x * x
        return 0.0


def uses_what_is_changed(x, function):
    a = np.zeros(3) + x
    s = function(a, x)
    return a.sum() + s


def calls_for_its_effect(x, function):
    a = np.zeros(3)
    function(a, x)
    return a.sum()


def changes_what_comes_back(x, function):
    a = np.zeros(3) + x
    b = function(a, x)
    b[0] = 0.0
    return a.sum()


def changes_what_was_given(x, function):
    a = np.zeros(3) + x
    b = function(a, x)
    a[1] = 0.0
    return b.sum()


def reads_an_item(x, function):
    items = []
    function(items, x)
    return items[0]


@pytest.mark.parametrize(
    "program, function, slope",
    [
        (uses_what_is_changed, doubled, 12.0),
        (uses_what_is_changed, stored, 3.0),
        (uses_what_is_changed, Holder(), 4.6),
        (calls_for_its_effect, stored, 1.0),
        (calls_for_its_effect, Holder(), 2.6),
        (changes_what_comes_back, kept, 2.0),
        (changes_what_comes_back, part, 2.0),
        (changes_what_was_given, kept, 2.0),
        (changes_what_was_given, part, 1.0),
        (reads_an_item, appended, 1.0),
    ],
)
def test_memory_that_an_unknown_function_changes_or_gives_back(program, function, slope):
    gradient = ad.grad(program)
    assert gradient(1.3, function) == pytest.approx(slope)
    with pytest.raises(ad.DerivativeRefused, match="only the run time knows|only known when|the method"):
        run_generic(gradient, (1.3, function))
    with pytest.raises((ad.DerivativeRefused, ad.TransformError)):
        run_generic(ad.grad(gradient), (1.3, function))


def value_of_method(x, holder):
    a = np.zeros(3) + x
    return holder.storing(a, x) + a.sum()


def effect_of_method(x, holder):
    a = np.zeros(3) + x
    holder.storing(a, x)
    return a.sum()


def change_after_method(x, holder):
    a = np.zeros(3) + x
    b = holder.keeping(a, x)
    a[0] = 0.0
    return b.sum()


def change_of_its_object(x, holder):
    return holder.counting(x, x) + holder.total


def called_attribute(x, holder):
    return holder.computed(x, x)


@pytest.mark.parametrize(
    "program, slope",
    [
        (value_of_method, 5.6),
        (effect_of_method, 4.6),
        (change_after_method, 1.0),
        (change_of_its_object, 3.6),
        (called_attribute, 1.0),
    ],
)
def test_memory_that_an_unknown_method_changes_or_gives_back(program, slope):
    gradient = ad.grad(program)
    assert gradient(1.3, Holder()) == pytest.approx(slope)
    with pytest.raises((ad.AutodiffError, ad.DerivativeRefused)):
        run_generic(gradient, (1.3, Holder()))


@dataclasses.dataclass
class Scaled:
    w: float

    def __call__(self, x):
        return self.shifted(x * self.w, 1.0)

    def shifted(self, x, by):
        return np.sin(x + by * self.w)


def test_methods_of_objects_that_are_differentiated():
    def program(thing, x):
        return np.sum(thing(x) * thing.shifted(x, 2.0))

    x = np.array([0.3, 0.7])
    known = numeric_gradient(lambda w: program(Scaled(w), x), (0.8,), (0,))
    for gradient in (ad.grad(program), lambda *arguments: run_generic(ad.grad(program), arguments)):
        assert_close((gradient(Scaled(0.8), x).w,), known, 1e-7)


class Box:
    """An object whose class the run time alone knows where it was copied: what it does is told by its own methods."""

    def __init__(self, w):
        self.w = w
        self.log = []

    def __call__(self, x):
        return x * self.w

    def __iter__(self):
        return iter([self.w, 2.0 * self.w])

    def __enter__(self):
        self.log.append(self.w)
        return self

    def __exit__(self, *rest):
        self.w = self.log.pop() * 0.5
        return False


def called_copy(x):
    return copy.deepcopy(Box(x))(x)


def unpacked_copy(x):
    first, second = copy.deepcopy(Box(x))
    return first * second


def unpacked_rest_of_copy(x):
    first, *rest = copy.deepcopy(Box(x))
    return first * rest[0]


def iterated_copy(x):
    total = 1.0
    for item in copy.deepcopy(Box(x)):
        total = total * item
    return total


def entered_copy(x):
    box = copy.deepcopy(Box(x))
    with box:
        x = x * 1.0
    return box.w * 2.0 * x


def entered_for_its_effect(x):
    box = copy.deepcopy(Box(x))
    if x > 0.0:
        with box:
            pass
    return box.w * box.w


@pytest.mark.parametrize(
    "program, slope",
    [
        (called_copy, 2.6),
        (unpacked_copy, 5.2),
        (unpacked_rest_of_copy, 5.2),
        (iterated_copy, 5.2),
        (entered_copy, 2.6),
        (entered_for_its_effect, 0.65),
    ],
)
def test_methods_that_python_calls_of_objects_of_unknown_class(program, slope):
    gradient = ad.grad(program)
    for compute in (gradient, lambda x: run_generic(gradient, (x,))):
        try:
            assert compute(1.3) == pytest.approx(slope)
        except ad.DerivativeRefused as error:
            assert "only the run time knows" in str(error)


def test_context_managers_that_only_hold_something():
    def program(x):
        box = copy.deepcopy(Box(x))
        with contextlib.nullcontext(box), contextlib.suppress(ValueError):
            y = x * 2.0
        return box.w * y

    assert run_generic(ad.grad(program), (1.3,)) == pytest.approx(5.2)
