"""Sums of products as contractions: printed before and after, the same numbers, and where nothing is done."""

from __future__ import annotations

import numpy as np
import pytest

from tests.transforms.passes.test_typed_passes import prepared, run
from transforms.passes import contractions, deadcode, idioms, nest
from transforms.printer import print_function

VECTOR, MATRIX, TALL = np.linspace(0.5, 1.5, 4), np.linspace(-1.0, 1.0, 12).reshape(3, 4), np.linspace(1.0, 2.0, 3)
CUBE = np.linspace(-1.0, 2.0, 24).reshape(2, 3, 4)
PAIRS = np.linspace(1.0, 3.0, 6).reshape(2, 3)

CASES = {
    "vector times matrix": (
        "def f(v, x):\n    t = v[:, None] * x\n    y = np.sum(t, axis=0)\n    return y\n",
        (TALL, MATRIX),
        "y = v @ x",
    ),
    "matrix times vector": (
        "def f(v, x):\n    t = x * v\n    y = np.sum(t, axis=-1)\n    return y\n",
        (VECTOR, MATRIX),
        "y = x @ v",
    ),
    "squares": (
        "def f(x):\n    t = x ** 2\n    y = np.sum(t, axis=1)\n    return y\n",
        (MATRIX,),
        "y = np.einsum('ij,ij->i', x, x)",
    ),
    "kept axis": (
        "def f(x, y):\n    t = x * y\n    z = np.sum(t, axis=1, keepdims=True)\n    return z\n",
        (MATRIX, MATRIX + 1.0),
        "z = np.einsum('ij,ij->i', x, y)[:, None]",
    ),
    "an axis between": (
        "def f(v, x):\n    t = v[:, :, None] * x\n    y = np.sum(t, axis=1)\n    return y\n",
        (PAIRS, CUBE),
        "t = v[:, None, :] @ x\n    y = t[:, 0]",
    ),
    "the last axis of a stack": (
        "def f(v, x):\n    t = x * v[:, None, :]\n    y = np.sum(t, axis=-1)\n    return y\n",
        (PAIRS[:, [0, 1, 2, 0]], CUBE),
        "t = x @ v[:, :, None]\n    y = t[:, :, 0]",
    ),
    "a unit axis of a stack": (
        "def f(v, x):\n    t = v[:, :, None] * x\n    y = np.sum(t, axis=1)\n    return y\n",
        (PAIRS[:, :1], CUBE),
        "y = np.einsum('ij,ijk->ik', v, x)",
    ),
    "a stack of one": (
        "def f(v, x):\n    t = v[:, :, None] * x\n    y = np.sum(t, axis=1, keepdims=True)\n    return y\n",
        (PAIRS[:1], CUBE),
        "t = v[:, None, :] @ x\n    t_1 = t[:, 0]\n    y = t_1[:, None, :]",
    ),
    "several axes": (
        "def f(x, y):\n    t = np.multiply(x, y)\n    z = np.sum(t, axis=(0, 2))\n    return z\n",
        (CUBE, CUBE - 0.5),
        "z = np.einsum('ijk,ijk->j', x, y)",
    ),
    "a unit dimension": (
        "def f(x, y):\n    t = x * y\n    z = np.sum(t, axis=0)\n    return z\n",
        (MATRIX, TALL[:, None]),
        "z = np.einsum('ij,ij->j', x, y)",
    ),
    "a factor is changed in between": (
        "def f(x):\n    z = x.copy()\n    t = z * x\n    z[0] = 0.0\n    y = np.sum(t, axis=1)\n    return y, z\n",
        (MATRIX,),
        "y = np.einsum('ij,ij->i', z, x)",
    ),
    "by another name": (
        "def f(v, x):\n    w = v.copy()\n    t = w[:, None] * x\n    u = w[1:]\n    u[0] = 9.0\n    y = np.sum(t, axis=0)\n    return y, w\n",
        (TALL, MATRIX),
        "y = w @ x",
    ),
    "the product is used elsewhere too": (
        "def f(v, x):\n    t = v[:, None] * x\n    y = np.sum(t, axis=0)\n    return y, t\n",
        (TALL, MATRIX),
        "y = v @ x",
    ),
}

STAYS = {
    "all axes": ("def f(x):\n    t = x ** 2\n    y = np.sum(t)\n    return y\n", (MATRIX,)),
    "all axes by number": ("def f(x):\n    t = x * x\n    y = np.sum(t, axis=(0, 1))\n    return y\n", (MATRIX,)),
    "single precision": (
        "def f(x):\n    t = x ** 2\n    y = np.sum(t, axis=0)\n    return y\n",
        (MATRIX.astype(np.float32),),
    ),
    "the product is changed": (
        "def f(x):\n    t = x * x\n    t[0] = 0.0\n    y = np.sum(t, axis=1)\n    return y\n",
        (MATRIX,),
    ),
    "changed in a loop": (
        "def f(x):\n    z = x.copy()\n    t = z * x\n    for i in range(2):\n        z[i] = 0.0\n        y = np.sum(t, axis=0)\n    return y, z\n",
        (MATRIX,),
    ),
    "the first axis of three": (
        "def f(x, y):\n    t = x * y\n    z = np.sum(t, axis=0)\n    return z\n",
        (CUBE, CUBE),
    ),
    "an axis that neither has": (
        "def f(v, x):\n    t = v[:, None, None] * x[:, :, None]\n    y = np.sum(t, axis=1)\n    return y\n",
        (TALL, MATRIX),
    ),
    "a power that is no square": (
        "def f(x):\n    t = x ** 3\n    y = np.sum(t, axis=1)\n    return y\n",
        (MATRIX,),
    ),
    "an initial value": (
        "def f(x):\n    t = x * x\n    y = np.sum(t, axis=1, initial=2.0)\n    return y\n",
        (MATRIX,),
    ),
}


def printed(function):
    return print_function(nest.nest(deadcode.deadcode(idioms.idioms(function))))


def as_tuple(result):
    return result if isinstance(result, tuple) else (result,)


def assert_equal_results(before, after, arguments):
    for one, other in zip(as_tuple(run(before, arguments)), as_tuple(run(after, arguments)), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-14)
        assert np.shape(one) == np.shape(other)


@pytest.mark.parametrize("source, arguments, line", CASES.values(), ids=CASES)
def test_sums_of_products_are_contractions(source, arguments, line):
    before = prepared(source, arguments)
    after = contractions.contractions(before)
    assert f"    {line}\n" in printed(after)
    assert_equal_results(before, deadcode.deadcode(idioms.idioms(after)), arguments)


@pytest.mark.parametrize("source, arguments", STAYS.values(), ids=STAYS)
def test_other_sums_stay(source, arguments):
    before = prepared(source, arguments)
    after = contractions.contractions(before)
    assert after is before
    assert_equal_results(before, after, arguments)


def test_nan_and_infinity_reach_the_sum():
    source = CASES["squares"][0]
    before = prepared(source, (MATRIX,))
    after = contractions.contractions(before)
    matrix = np.array([[np.nan, 1.0], [np.inf, 1.0], [2.0, -np.inf], [0.0, 3.0]])
    np.testing.assert_array_equal(run(after, (matrix,)), run(before, (matrix,)))
