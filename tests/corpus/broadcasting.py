"""Every binary operation on every pair of ranks: Python numbers, 0-d, (n,), (1, n), (n, 1), (m, n), (1,), (1, 1)."""

from __future__ import annotations

import itertools
import operator

import numpy as np

from tests.corpus import register
from tests.corpus.reference import numbers

shapes = [None, (), (3,), (1,), (1, 3), (2, 1), (2, 3), (1, 1), (2, 2, 3)]


def value_of(shape, seed):
    values = numbers(*(shape or ()), seed=seed, low=0.4, high=1.7)
    return float(values) if shape is None else np.array(values)


pairs = [
    (value_of(a, 1), value_of(b, 2))
    for a, b in itertools.product(shapes, shapes)
]


def add(x, y):
    return np.sum(np.sin(x + y))


def subtract(x, y):
    return np.sum(np.sin(x - y))


def multiply(x, y):
    return x * y


def divide(x, y):
    return x / y


def power(x, y):
    return x**y


def maximum(x, y):
    return np.maximum(x, y) + 2 * np.minimum(x, y)


def fractional_maximum(x, y):
    return np.fmax(x, y) * np.fmin(x, y + 0.05)


def remainder(x, y):
    return np.mod(x + 6.5, y) * np.fmod(x, y)


def arctan2(x, y):
    return np.arctan2(x, y)


def hypot(x, y):
    return np.hypot(x, y)


def logaddexp(x, y):
    return np.logaddexp(x, y) + np.logaddexp2(x, y)


def where(x, y):
    return np.where(np.asarray(x) > y, x * x, y)


def copysign(x, y):
    return np.copysign(x, -y) + np.heaviside(x, 1.0) * y


def clip(x, y):
    return np.clip(x, 0.5, y)


def in_place(x, y):
    z = np.zeros((2, 2, 3))
    z += x
    z *= y
    z[...] -= x * y
    return np.sum(z * z)


def total_gradient(derivative):
    """The gradient of a sum over the broadcast shape, from both element-wise derivatives."""

    def reduced(value, x):
        value = np.asarray(value)
        while value.ndim > np.ndim(x):
            value = value.sum(axis=0)
        for axis, size in enumerate(np.shape(x)):
            if size == 1:
                value = value.sum(axis=axis, keepdims=True)
        return float(value) if isinstance(x, float) else np.array(value)

    def gradient(x, y):
        dx, dy = derivative(x, y)
        zero = np.zeros(np.broadcast_shapes(np.shape(x), np.shape(y)))
        return reduced(dx + zero, x), reduced(dy + zero, y)

    return gradient


closed_forms = {
    add: lambda x, y: (np.cos(x + y), np.cos(x + y)),
    subtract: lambda x, y: (np.cos(x - y), -np.cos(x - y)),
    multiply: lambda x, y: (y, x),
    divide: lambda x, y: (1 / y, -x / y**2),
    power: lambda x, y: (y * x ** (y - 1), x**y * np.log(x)),
    maximum: lambda x, y: (np.where(x > y, 1.0, 2.0), np.where(x > y, 2.0, 1.0)),
    arctan2: lambda x, y: (y / (x * x + y * y), -x / (x * x + y * y)),
    hypot: lambda x, y: (x / np.hypot(x, y), y / np.hypot(x, y)),
    where: lambda x, y: (np.where(x > y, 2 * x, 0.0), np.where(x > y, 0.0, 1.0)),
    logaddexp: lambda x, y: (
        1 / (1 + np.exp(y - x)) + 1 / (1 + 2 ** (y - x)),
        1 / (1 + np.exp(x - y)) + 1 / (1 + 2 ** (x - y)),
    ),
}

for function, closed in closed_forms.items():
    register(function, *pairs, wrt=(0, 1), gradient=total_gradient(closed), tags=("broadcasting",))
few = [pairs[k] for k in (0, 2, 6, 20, 24, 33, 42, 50, 62, 65, 78)]
for function in (fractional_maximum, remainder, copysign, clip, in_place):
    register(function, *few, wrt=(0, 1), tags=("broadcasting",), order=1)

operators = (operator.add, operator.sub, operator.mul, operator.truediv)


def operator_table(x, y):
    total = 0.0
    for operation in operators:
        total = total + np.sum(operation(x, y) ** 2)
    return total


register(operator_table, *few, wrt=(0, 1), tags=("broadcasting",))


def three_way(x, y, z):
    return np.sum(x * y + z * x - np.where(y > 0.9, z, x * z))


register(
    three_way,
    (value_of((2, 1), 1), value_of((3,), 2), value_of(None, 3)),
    (value_of((), 1), value_of((1, 3), 2), value_of((2, 2, 1), 3)),
    wrt=(0, 1, 2),
)


def outer_by_broadcasting(x, y):
    return np.sum(np.exp(x[:, None] * y[None, :]))


register(outer_by_broadcasting, (value_of((3,), 1), value_of((4,), 2)), wrt=(0, 1), gradient=lambda x, y: (
    np.sum(np.exp(np.outer(x, y)) * y, axis=1), np.sum(np.exp(np.outer(x, y)) * x[:, None], axis=0)))


def explicit_broadcasts(x):
    a = np.broadcast_to(x, (4, 3))
    b = np.ones((2, 1, 3)) * x
    c, d = np.broadcast_arrays(x, np.zeros((2, 1)))
    return np.sum(a**2) + np.sum(b**3) + np.sum(c * (d + 1.0))


register(explicit_broadcasts, (value_of((3,), 1),), gradient=lambda x: 8 * x + 6 * x * x + 2, tags=("rare",))


def unit_dimension_becomes_longer(x, n):
    total = np.zeros((1, 3))
    for k in range(n):
        total = total + x * k
    return np.sum(total * total)


register(unit_dimension_becomes_longer, (value_of((2, 3), 1), 3), (value_of((1, 3), 1), 3), (value_of((2, 1), 1), 0))
