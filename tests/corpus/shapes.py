"""Functions that rearrange, join and split arrays."""

from __future__ import annotations

import numpy as np

from tests.corpus import register
from tests.corpus.reference import numbers

vector = numbers(6)
matrix = numbers(2, 3)
cube = numbers(2, 3, 2)


def weighted(a):
    return np.sum(a * np.cos(np.arange(a.size)).reshape(a.shape) * a)


def reshapes(x):
    a = x.reshape(2, 3)
    b = np.reshape(x, (3, -1))
    c = x.reshape((1, 6))
    d = x.reshape(-1)
    return weighted(a @ b) + np.sum(c**2) + d[0]


register(reshapes, (vector,))


def reshape_orders(m):
    return weighted(np.reshape(m, (3, 2), order="F")) + weighted(m.ravel(order="F")) + weighted(np.ravel(m))


register(reshape_orders, (matrix,))


def transposes(c):
    return (
        weighted(c.T)
        + weighted(np.transpose(c, (1, 0, 2)))
        + weighted(c.transpose(2, 0, 1))
        + weighted(np.swapaxes(c, 0, -1))
        + weighted(np.moveaxis(c, 0, 1))
        + weighted(np.rollaxis(c, 2))
    )


register(transposes, (cube,))


def added_and_removed_axes(m):
    a = np.expand_dims(m, 1)
    b = np.squeeze(m[:1])
    c = m[None, :, :, None].squeeze(axis=(0, 3))
    d = np.atleast_2d(m[0])
    e = np.atleast_1d(m[0, 0])
    return weighted(a) + weighted(b) + weighted(c) + weighted(d) + e[0]


register(added_and_removed_axes, (matrix,))


def joins(m):
    return (
        weighted(np.concatenate([m, m * 2.0], axis=0))
        + weighted(np.concatenate((m, m**2, m), axis=-1))
        + weighted(np.stack([m, np.sin(m)], axis=1))
        + weighted(np.vstack([m, m[0]]))
        + weighted(np.hstack([m, m[:, :1]]))
        + weighted(np.column_stack([m[0], m[1]]))
        + weighted(np.append(m, m[0]))
        + weighted(np.concatenate([m, m], axis=None))
        + weighted(np.dstack([m, m]))
    )


register(joins, (matrix,))


def concatenate_different(x, y):
    return weighted(np.concatenate([x, y[1:], np.ones(2), x * y[0]]))


register(concatenate_different, (vector, matrix[0]), wrt=(0, 1))


def splits(x):
    a, b = np.split(x, 2)
    c, d, e = np.split(x, [1, 3])
    p, q = np.hsplit(x.reshape(2, 3), [1])
    r = np.array_split(x, 4)
    return weighted(a * b) + c[0] * np.sum(d) * np.sum(e**2) + np.sum(p) * np.sum(q) + np.sum(r[0] * r[1])


register(splits, (vector,))


def flips_and_rolls(m):
    return (
        weighted(np.flip(m))
        + weighted(np.flip(m, axis=1))
        + weighted(np.fliplr(m))
        + weighted(np.flipud(m))
        + weighted(np.roll(m, 1))
        + weighted(np.roll(m, -1, axis=1))
        + weighted(np.rot90(m))
    )


register(flips_and_rolls, (matrix,))


def repeats_and_tiles(m):
    return (
        weighted(np.repeat(m, 2))
        + weighted(np.repeat(m, 3, axis=1))
        + weighted(np.tile(m, 2))
        + weighted(np.tile(m, (2, 1)))
        + weighted(m.repeat(2, axis=0))
        + weighted(np.repeat(m[0], [1, 0, 3]))
    )


register(repeats_and_tiles, (matrix,))


def pads(m):
    return weighted(np.pad(m, 1)) + weighted(np.pad(m, ((1, 0), (0, 2)))) + weighted(np.pad(m[0], (2, 1)))


register(pads, (matrix,))


def pads_by_edge(m):
    return weighted(np.pad(m, 1, mode="edge"))


register(pads_by_edge, (matrix,), tags=("rare",))


def diagonals(m):
    s = m.T @ m
    return weighted(np.diag(s)) + weighted(np.diag(m[0])) + np.sum(np.diagonal(s, 1) ** 2) + np.trace(s) ** 2


register(diagonals, (matrix,))


def creation_like(x):
    return (
        np.sum(np.ones_like(x) * x)
        + np.sum(np.full(3, x[0]) ** 2)
        + np.sum(np.full_like(x, x[1]) * x)
        + np.sum(np.zeros((2, 2)) + x[2])
        + np.sum(np.linspace(0.0, 1.0, 6) * x)
        + np.sum(np.arange(6) * x)
        + np.sum(np.eye(6) @ x)
        + np.sum(np.linspace(x[0], x[1], 4) ** 2)
    )


register(creation_like, (vector,))


def grids(x):
    a, b = np.meshgrid(x[:2], x[2:])
    return np.sum(a * b**2)


register(grids, (vector,))


def copies_and_conversions(x):
    a = np.array(x)
    b = np.asarray(x) * np.copy(x)
    c = x.astype(float) + np.ascontiguousarray(x)
    d = np.array(x, copy=True, ndmin=2)
    a[0] = 0.0
    return np.sum(a * b) + np.sum(c) + np.sum(d**2)


register(copies_and_conversions, (vector,))


def sorted_values(m):
    return weighted(np.sort(m)) + weighted(np.sort(m, axis=0)) + weighted(np.sort(m, axis=None)) + np.partition(m[0], 1)[1]


register(sorted_values, (matrix,))


def sorted_by_argsort(x):
    order = np.argsort(x)
    return weighted(x[order]) + weighted(x[order[::-1]])


register(sorted_by_argsort, (vector,))


def selected(m):
    return weighted(np.select([m > 0.5, m > 0], [m**2, m * 3.0], default=1.0)) + weighted(np.clip(m, -0.3, 0.4))


register(selected, (matrix,))


def clipped_everywhere(x):
    return np.sum(np.clip(x, -0.5, None) ** 2) + np.sum(x.clip(min=-0.2, max=0.6)) + np.sum(np.clip(x, a_min=None, a_max=0.1))


register(clipped_everywhere, (vector,))


def shape_attributes(m):
    rows, columns = m.shape
    return np.sum(m) * rows * columns * m.ndim * m.size * len(m) + np.ndim(m) * np.shape(m)[1] * m.T.shape[0] * m[0, 0]


register(shape_attributes, (matrix,), gradient=lambda m: 144.0 + 18.0 * np.array([[1.0, 0, 0], [0, 0, 0]]))


def joined_by_subscripts(x):
    joiner = np.r_
    row = joiner[x, [x[0], 1.0], x[1] ** 2]
    table = np.c_[x, x**2]
    return row @ np.arange(1.0, 8.0) + np.sum(table[:, 0] * table[:, 1])


register(
    joined_by_subscripts,
    (np.array([0.5, -1.2, 2.0, 0.3]),),
    gradient=lambda x: np.array([1.0, 2, 3, 4]) + 3 * x**2 + np.array([5.0, 14 * x[1], 0, 0]),
)


def padded_with_the_edge(x):
    p = np.pad(x, 2, mode="edge")
    return np.sum((x - p[1:5]) ** 3) + p[0] ** 2 + p[-1] * p[-2]


register(padded_with_the_edge, (np.array([0.5, -1.2, 2.0, 0.3]),))


def broadcast_and_changed_after(x):
    y = x * 1.0
    rows = np.broadcast_to(y, (3, 4))
    total = np.sum(rows * rows * np.arange(12.0).reshape(3, 4))
    y[0] = 5 * x[1]
    y[1:] *= x[2]
    return total + np.sum(y)


register(
    broadcast_and_changed_after,
    (np.array([0.5, -1.2, 2.0, 0.3]),),
    gradient=lambda x: 2 * x * np.array([12.0, 15, 18, 21]) + np.array([0.0, 5 + x[2], x[1] + 2 * x[2] + x[3], x[2]]),
)
