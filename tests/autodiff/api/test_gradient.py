"""Gradients of every kind of callable, of containers, in the precision of the input; and what is refused."""

from __future__ import annotations

import collections
import dataclasses
import functools
import inspect
import pickle
from typing import Any, NamedTuple

import numpy as np
import pytest

import autodiff as ad


class Pair(NamedTuple):
    a: Any
    b: Any


@dataclasses.dataclass(frozen=True)
class Layer:
    weight: Any
    bias: Any


def square(x):
    """The square."""
    return x * x


def mixed(x, *rest, k=1.0, **more):
    return x * rest[0] * k + rest[1] * more.get("m", 1.0)


class Model:
    scale = 3.0

    def __init__(self, weight=2.0):
        self.weight = weight

    def __call__(self, x):
        return self.weight * x

    def forward(self, x, y=1.0):
        return self.weight * x * x * y

    @ad.grad
    def slope(self, x):
        return self.weight * x * x

    @ad.value_and_grad(grad_position=1)
    def second(self, x, y):
        return self.weight * x * y

    @ad.grad
    @ad.grad
    def twice(self, x):
        return self.weight * x**3

    @staticmethod
    @ad.grad
    def static(x):
        return x * x

    @ad.grad
    @staticmethod
    def outer_static(x):
        return x * x

    @ad.grad
    @classmethod
    def outer_scaled(cls, x):
        return cls.scale * x * x


@ad.grad
def decorated(x):
    """Documentation."""
    return x * x


@ad.value_and_grad(argnums=(0, 1))
def both(x, y=2.0):
    return x * y


@pytest.mark.parametrize(
    ("gradient", "arguments", "expected"),
    [
        (decorated, (3.0,), 6.0),
        (both, (3.0,), (6.0, (2.0, 3.0))),
        (ad.grad(np.sin), (0.0,), 1.0),
        (ad.grad(np.multiply, (0, 1)), (2.0, 3.0), (3.0, 2.0)),
        (ad.grad(Model()), (3.0,), 2.0),
        (ad.grad(Model(5.0).forward), (1.0,), 10.0),
        (ad.grad(Model(5.0).forward, 1), (1.0, 4.0), 5.0),
        (ad.grad(Model.forward, 1), (Model(5.0), 1.0), 10.0),
        (ad.grad(functools.partial(mixed, 2.0, k=3.0)), (5.0, 7.0), 6.0),
        (ad.grad(functools.partial(Model().forward, y=3.0)), (1.0,), 12.0),
        (ad.grad(functools.lru_cache(square)), (3.0,), 6.0),
        (ad.grad(staticmethod(square)), (3.0,), 6.0),
        (Model().slope, (3.0,), 12.0),
        (Model.slope, (Model(5.0), 3.0), 30.0),
        (Model().second, (3.0, 4.0), (24.0, 6.0)),
        (Model().twice, (3.0,), 36.0),
        (Model.static, (3.0,), 6.0),
        (Model().static, (3.0,), 6.0),
        (Model().outer_static, (3.0,), 6.0),
        (Model().outer_scaled, (1.0,), 6.0),
        (ad.grad(Model().slope), (3.0,), 4.0),
        (ad.grad(ad.grad(ad.grad(lambda x: x**4))), (2.0,), 48.0),
    ],
)
def test_callables(gradient, arguments, expected):
    for _ in range(2):
        result = gradient(*arguments)
        assert result == (expected if isinstance(expected, tuple) else pytest.approx(expected))


def test_ways_to_pass_arguments():
    assert ad.grad(mixed, (0, 1, 2))(2.0, 3.0, 4.0) == (3.0, 2.0, 1.0)
    assert ad.grad(mixed, (0, 2))(2.0, 3.0, 4.0, 9.0, k=2.0, m=5.0) == (6.0, 5.0)
    assert ad.grad(Model().forward, 1)(x=1.0, y=2.0) == 2.0
    assert ad.grad(Model().forward)(1.0) == 4.0
    with pytest.raises(TypeError, match="Model.forward: missing a required argument: 'x'"):
        ad.grad(Model().forward)()
    with pytest.raises(TypeError, match="too many positional arguments"):
        ad.grad(square)(1.0, 2.0)
    with pytest.raises(TypeError, match="unexpected keyword argument 'z'"):
        ad.grad(square)(1.0, z=2.0)


def test_defaults_that_are_exchanged():
    def f(x, k=2.0):
        return x * k

    gradient = ad.grad(f)
    assert gradient(1.0) == 2.0
    f.__defaults__ = (5.0,)
    assert gradient(1.0) == 5.0


@pytest.mark.parametrize(
    ("function", "tree", "expected"),
    [
        (lambda t: t[0] * t[1], (2.0, 3.0), (3.0, 2.0)),
        (lambda t: t[0] * t[1], [2.0, 3.0], [3.0, 2.0]),
        (lambda t: t["a"] * t["b"], {"a": 2.0, "b": 3.0}, {"a": 3.0, "b": 2.0}),
        (lambda t: t.a * t.b, Pair(2.0, 3.0), Pair(3.0, 2.0)),
        (lambda t: t.weight * t.bias, Layer(2.0, 3.0), Layer(3.0, 2.0)),
        (lambda t: t["a"][0] * t["a"][1][0], {"a": [2.0, (3.0,)]}, {"a": [3.0, (2.0,)]}),
        (lambda t: t[0].a * t[0].b.bias[0], (Pair(2.0, Layer(5.0, [3.0])),), (Pair(3.0, Layer(0.0, [2.0])),)),
        (lambda t: sum(t), [1.0, 2.0], [1.0, 1.0]),
        (lambda t: sum(t), [1.0] * 50, [1.0] * 50),
        (lambda t: t["x"], {"x": 2.0, "name": "text"}, {"x": 1.0, "name": None}),
    ],
)
def test_containers_come_back(function, tree, expected):
    result = ad.grad(function)(tree)
    if isinstance(tree, dict) and "name" in tree:
        result["name"] = None  # what stands for the derivative of a string is not settled
    assert result == expected
    assert type(result) is type(expected)


@pytest.mark.parametrize(
    ("argument", "kind"),
    [
        (1.5, float),
        (np.float64(1.5), float),
        (np.float32(1.5), np.float32),
        (np.ones(2), np.dtype(np.float64)),
        (np.ones(2, np.float32), np.dtype(np.float32)),
    ],
)
def test_precision(argument, kind):
    result = ad.grad(lambda x: np.sum(x * x * 2.0))(argument)
    assert result.dtype == kind if isinstance(kind, np.dtype) else isinstance(result, kind)


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        (3, r"argument 0 \(x\) of square is an integer \(3\).*\n.*Use float\(...\), or write 3.0."),
        (np.int32(3), "is an integer"),
        (True, "is a bool"),
        (np.arange(3), r"is an array of int64.*\n.*astype\(float\)"),
        (np.array([True]), "is an array of bool"),
        (np.array([None]), "is an array of object"),
        (1j, "is complex"),
        (np.ones(2, complex), "is complex"),
        ("text", "is a str, which has no derivative"),
        (None, "is a NoneType, which has no derivative"),
        (len, "is a builtin_function_or_method, which has no derivative"),
        (object(), "is an object, which is neither a number nor a container"),
        ([1.0, 2], r"of square at \[1\] is an integer \(2\)"),
        ({"a": (1.0, np.arange(2))}, r"at \['a'\]\[1\] is an array of int64"),
        (Layer(1.0, 2), r"at .bias is an integer"),
    ],
)
def test_arguments_without_a_derivative(argument, message):
    with pytest.raises(ad.DerivativeUndefined, match=message):
        ad.grad(square)(argument)


def test_arguments_that_are_not_differentiated_may_be_anything():
    assert ad.grad(lambda x, n, name: x**n, 0)(2.0, 3, "text") == 12.0


def test_not_a_function():
    with pytest.raises(ad.TransformError, match=r"grad takes a function, not a float\nWrite grad\(f\)\(x\)"):
        ad.grad(3.0)


def test_class_is_refused():
    with pytest.raises(ad.TransformError, match="a class cannot be transformed: Model"):
        ad.grad(Model)


def test_gradient_inside_a_program():
    def newton(x):
        return x - ad.grad(square)(x) / ad.grad(ad.grad(square))(x)

    assert ad.grad(newton)(3.0) == 0.0
    inner = ad.grad(square)
    assert ad.grad(lambda x: inner(x) * x)(3.0) == 12.0
    assert ad.grad(lambda x: ad.grad(lambda y: y * y * x)(x) * x)(3.0) == 54.0
    assert ad.grad(lambda x: ad.value_and_grad(square)(x)[0] * ad.grad(square, argnums=(0,))(2.0)[0])(3.0) == 24.0


def test_stop_gradient():
    assert ad.grad(lambda x: x * ad.stop_gradient(x))(3.0) == 3.0
    assert ad.grad(ad.grad(lambda x: x * x * ad.stop_gradient(x)))(3.0) == 6.0
    assert ad.stop_gradient([1.0]) == [1.0]
    parameters = np.array([0.2, -0.2, 0.1])

    def loss(theta, s, r, after):
        target = r + np.dot(theta, after)
        return (ad.stop_gradient(target) - np.dot(theta, s)) ** 2

    result = ad.grad(loss)(parameters, np.array([2.0, 1.0, -2.0]), 2.0, np.array([1.0, 2.0, 0.0]))
    assert result == pytest.approx([-7.2, -3.6, 7.2])  # -2 (1.8 - 0) s


# --------------------------------------------------------------------------------------------- the object itself


def test_looks_like_what_it_wraps():
    assert decorated.__name__ == "decorated" and decorated.__doc__ == "Documentation."
    assert decorated.__module__ == __name__ and decorated.__wrapped__(3.0) == 9.0
    assert str(inspect.signature(ad.grad(mixed))) == "(x, *rest, k=1.0, **more)"
    assert str(inspect.signature(Model().slope)) == "(x)"
    assert str(inspect.signature(ad.grad(Model().forward))) == "(x, y=1.0)"
    assert repr(ad.grad(square)) == "<grad of square>"
    assert repr(ad.value_and_grad(Model.forward)) == "<value_and_grad of Model.forward>"


def test_source():
    gradient = ad.grad(lambda x, y: x * y + np.sin(x))
    assert "unbroadcast" in gradient.source
    assert "unbroadcast" not in gradient.source_for(1.0, 2.0)
    assert "np.cos(x)" in gradient.source_for(1.0, y=2.0)
    assert gradient.source_for(1.0, 2.0) == gradient.source_for(5.0, 6.0)
    assert gradient.source == gradient.source


def test_source_is_python():
    for gradient in (ad.grad(square), ad.value_and_grad(mixed, (0, 1)), ad.grad(ad.grad(np.sin))):
        compile(gradient.source, "<source>", "exec")


def test_shown_in_a_notebook():
    shown = ad.grad(square)._repr_html_()
    assert "&lt;grad of square&gt;" in shown and ">def</span> square_grad" in shown
    names: dict = {}
    exec("def hidden(x): return x", names)
    assert "SourceNotFound" in ad.grad(names["hidden"])._repr_html_()


@pytest.mark.parametrize(
    "gradient",
    [
        ad.grad(square),
        ad.value_and_grad(square, argnums=(0,)),
        ad.grad(ad.grad(square)),
        ad.grad(np.exp),
        ad.grad(Model(5.0).forward),
        decorated,
        ad.grad(decorated),
        Model.slope.__get__(Model(5.0)),
    ],
)
def test_pickles(gradient):
    again = pickle.loads(pickle.dumps(gradient))
    assert again(1.5) == gradient(1.5)


def test_decorated_function_is_pickled_by_reference():
    assert pickle.loads(pickle.dumps(decorated)) is decorated


def test_lambda_is_not_pickled():
    with pytest.raises((pickle.PicklingError, AttributeError)):
        pickle.dumps(ad.grad(lambda x: x))


def test_arguments_are_not_changed_and_results_are_fresh():
    x = np.array([1.0, 2.0])
    result = ad.grad(lambda x: np.sum(x))(x)
    result[0] = 7.0
    assert ad.grad(lambda x: np.sum(x))(x).tolist() == [1.0, 1.0]
    assert x.tolist() == [1.0, 2.0]


def test_other_dicts():
    tree = collections.OrderedDict(b=2.0, a=3.0)
    result = ad.grad(lambda d: d["a"] * d["b"])(tree)
    assert dict(result) == {"b": 3.0, "a": 2.0}
