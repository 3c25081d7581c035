"""The passes that work by types, each on its printed before and after, and by running both."""

from __future__ import annotations

import numpy as np
import pytest

import autodiff as ad
from autodiff.values import abstract, abstract_arguments
from transforms import core
from transforms.canonical import lower_source
from transforms.passes import broadcasts, carried, deadcode, idioms, items, nest, scalings, shapes
from transforms.printer import print_function, print_module
from transforms.specialise import specialise
from transforms.values import UNKNOWN, Sequence

VECTOR, MATRIX, TALL = np.linspace(0.5, 1.5, 4), np.linspace(-1.0, 1.0, 12).reshape(3, 4), np.linspace(1.0, 2.0, 3)

CASES = [
    (
        broadcasts.broadcasts,
        "def f(g, x):\n    t = np.broadcast_to(g, x.shape)\n    y = t * x\n    return y\n",
        (0.5, VECTOR),
        "def f(g, x):\n    y = g * x\n    return y\n",
    ),
    (
        broadcasts.broadcasts,
        "def f(g, x):\n    t = np.broadcast_to(g, x.shape)\n    s = -t\n    y = s * x\n    return y\n",
        (0.5, VECTOR),
        "def f(g, x):\n    y = -g * x\n    return y\n",
    ),
    (
        scalings.scalings,
        "def f(g, x):\n    t = 2 * x\n    y = g * t\n    return y\n",
        (0.5, VECTOR),
        "def f(g, x):\n    y = 2 * g * x\n    return y\n",
    ),
    (
        scalings.scalings,
        "def f(a, x):\n    t = -x\n    y = np.sum(t, axis=0)\n    return y\n",
        (0.5, MATRIX),
        "def f(a, x):\n    y = -np.sum(x, axis=0)\n    return y\n",
    ),
    (
        scalings.scalings,
        "def f(a, b):\n    t = a @ b\n    y = np.sum(t, axis=0)\n    return y\n",
        (MATRIX, MATRIX.T.copy()),
        "def f(a, b):\n    y = np.sum(a, axis=0) @ b\n    return y\n",
    ),
    (
        shapes.shapes,
        "def f(x, y):\n    t = x - y\n    n = t.size\n    return n\n",
        (VECTOR, VECTOR),
        "def f(x, y):\n    n = x.size\n    return n\n",
    ),
    (
        idioms.idioms,
        "def f(x, y):\n    z = np.transpose(x) @ y\n    s = np.sum(z, axis=0)\n    return s\n",
        (MATRIX, MATRIX),
        "def f(x, y):\n    z = x.T @ y\n    s = z.sum(axis=0)\n    return s\n",
    ),
    (
        idioms.idioms,
        "def f(x, c):\n    z = np.zeros_like(x)\n    t = np.broadcast_to(c, x.shape)\n    w = np.array(t)\n    return z, w\n",
        (VECTOR, 0.5),
        "def f(x, c):\n    z = np.zeros(x.shape)\n    w = np.full(x.shape, c)\n    return z, w\n",
    ),
    (
        items.items,
        "def f(x, y):\n    a = x[0]\n    b = a * y\n    c = x[1] / y\n    d = np.sum(x) * b\n    return np.sin(d) + c\n",
        (VECTOR, 0.5),
        # x[1] is divided by something that may be 0: it stays a NumPy scalar
        "def f(x, y):\n    a = x.item(0)\n    b = a * y\n    c = x[1] / y\n    d = np.sum(x) * b\n    return np.sin(d) + c\n",
    ),
    (
        items.items,
        "def f(x, y):\n    a = x[0]\n    b = a * y\n    return b ** 0.5\n",
        (VECTOR, 0.5),
        "def f(x, y):\n    a = x[0]\n    b = a * y\n    return b ** 0.5\n",
    ),
    (
        items.items,
        "def f(x, w):\n    a = x[0]\n    return a * w\n",
        (VECTOR, VECTOR.astype(np.float32)),
        "def f(x, w):\n    a = x[0]\n    return a * w\n",  # a Python float would keep float32
    ),
]


def prepared(source: str, arguments: tuple) -> core.Function:
    function = lower_source(source, {"np": np})
    return specialise(function, abstract_arguments(function.parameters, arguments))


def run(function: core.Function, arguments: tuple):
    printed = print_module(nest.nest(function))
    namespace = dict(printed.namespace)
    exec(compile(printed.source, "<test>", "exec"), namespace)
    return namespace[printed.name](*arguments)


@pytest.mark.parametrize("change, source, arguments, after", CASES, ids=lambda value: getattr(value, "__name__", None))
def test_before_and_after(change, source, arguments, after):
    before = prepared(source, arguments)
    changed = deadcode.deadcode(change(before))
    assert print_function(nest.nest(changed)).strip() == after.strip()
    for one, other in zip(np.atleast_1d(run(before, arguments)), np.atleast_1d(run(changed, arguments))):
        np.testing.assert_allclose(one, other, rtol=1e-15)
        assert np.asarray(one).dtype == np.asarray(other).dtype


def test_what_is_recorded_on_one_path_only_is_not_asked_on_another():
    source = """
def f(saved, n):
    x = saved[0]
    y = saved[1]
    if n > 0:
        g = np.broadcast_to(n, x.shape)
    else:
        g = np.broadcast_to(n, y.shape)
    return g
"""
    function = lower_source(source, {"np": np})
    function.given = {"saved": Sequence(tuple, (abstract(VECTOR, ("x",)),) * 2)}
    changed = shapes.shapes(specialise(function, (UNKNOWN, abstract(1))))
    for saved, n in (((VECTOR, None), 1), ((None, VECTOR), 0)):
        np.testing.assert_array_equal(run(changed, (saved, n)), np.full(4, n))



def test_a_returned_element_stays_a_numpy_scalar():
    source = "def f(x, y):\n    a = x[0]\n    b = a * y\n    return b\n"
    changed = items.items(prepared(source, (VECTOR, 0.5)))
    assert type(run(changed, (VECTOR, 0.5))) is np.float64


def test_copies_out_of_loops_go_and_carried_values_stay():
    source = "def f(x, n):\n    y = 1.0\n    t = 0.0\n    for i in range(n):\n        y = y * x\n        t = x + i\n    return y * t\n"
    function = prepared(source, (0.5, 3))
    changed = carried.carried(function)
    assert run(changed, (0.5, 3)) == run(function, (0.5, 3)) == 0.5**3 * 2.5
    assert run(changed, (0.5, 0)) == 0.0


def sum_of_some(x, n):
    items = [x * k for k in range(n)]
    total = 0.0
    for k in range(n - 1):
        total = total + items[k] * items[k + 1]
    return total


def test_cotangents_of_floats_in_a_list_are_added_in_place() -> None:
    gradient = ad.grad(sum_of_some)
    source = gradient.source_for(0.7, 4)
    assert "add_item" not in source and "items_bar[k] += " in source
    assert "add_item" in gradient.source  # of unknown type: an item may be an array
    known = 2 * 0.7 * sum(k * (k + 1) for k in range(3))
    assert gradient(0.7, 4) == pytest.approx(known, rel=1e-14)


def test_cotangents_of_arrays_in_a_list_are_not() -> None:
    gradient = ad.grad(sum_of_some)
    x = np.array([0.3, -1.2])
    weighted = ad.grad(lambda y: np.sum(sum_of_some(y, 4)))
    assert "_bar[k] += " not in weighted.source_for(x)
    assert np.allclose(weighted(x), 2 * x * sum(k * (k + 1) for k in range(3)), rtol=1e-14, atol=0)
    assert gradient(0.7, 4) > 0
